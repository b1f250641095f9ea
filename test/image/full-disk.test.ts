// SPDX-License-Identifier: Apache-2.0
/** A bake with build.sh on an instance whose disk is too small, or runs full under it. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { imageParts } from '../../lab/commands/image-parts.ts';
import type { ImageParts } from '../../lab/daemon/container-ground.ts';
import type { FullDiskBake, FullDiskPlan } from './full-disk-program.ts';
import { runInLabNetwork } from './in-lab-network.ts';
import { whyNoBoundedDisks, whyNoMachines } from './machines.ts';

const skip = (await whyNoMachines()) ?? (await whyNoBoundedDisks()) ?? false;

let parts: ImageParts;

async function bakeOn(disk: Omit<FullDiskPlan, 'lab' | 'directory' | 'parts'>): Promise<FullDiskBake> {
  const printed = await runInLabNetwork('full-disk-program.ts', { ...disk, parts });
  return JSON.parse(printed) as FullDiskBake;
}

/** It fails for people, and nothing of it stays. */
function failed({ end, left, actions, idIsWritten }: FullDiskBake, why: RegExp): void {
  assert.match(end, /build\.sh ended with 1:/);
  assert.match(end, why);
  assert.match(end, /Give the instance a larger root volume \(--volumesize\)/);
  assert.ok(actions.includes('RunInstances'));
  assert.ok(!actions.includes('CreateImage'), 'No image was asked for.');
  assert.deepEqual(left, []);
  assert.ok(!idIsWritten, "No image's id is written.");
}

describe('a full disk during the bake', { skip, concurrency: 1 }, () => {
  before(async () => {
    parts = await imageParts(12, () => {}, new AbortController().signal);
  });

  test('too small from the beginning: it is said before anything is installed', async () => {
    failed(await bakeOn({ diskMib: 1_000 }), /DISK_FULL: .*The source instance has \d+ MiB free on its disk; the bake/);
  });

  test('full while packages are installed', async () => {
    failed(
      await bakeOn({ diskMib: 1_700, fillsIn: 'base', leftMib: 64 }),
      /DISK_FULL: .*packages[\s\S]*No space left on device/,
    );
  });

  test('full to the last byte', async () => {
    failed(await bakeOn({ diskMib: 1_700, fillsIn: 'base', leftMib: 0 }), /DISK_FULL: [\s\S]*No space left on device/);
  });
});

// SPDX-License-Identifier: Apache-2.0
/** `zk-agent status` tells of security updates that do not come, and raises no false alarm. */
import assert from 'node:assert/strict';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { missedUpdates } from '../../src/commands/package-lists.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-30T00:00:00Z');

/** A node whose lists were fetched so many days ago; with `none` they never were, and the image is so old. */
async function told(days: number, { none = false, image = true, upMs = 2 * DAY_MS } = {}): Promise<string | undefined> {
  await using directory = await temporaryDirectory();
  const places = { ofImage: join(directory.path, '52zookeeper'), lists: join(directory.path, 'lists') };
  const at = new Date(NOW_MS - days * DAY_MS);
  await mkdir(places.lists);
  if (image) await writeFile(places.ofImage, '');
  if (!none) {
    const file = join(places.lists, 'mirror.test_debian-security_dists_bookworm-security_InRelease');
    await writeFile(file, '');
    await utimes(file, at, at);
  }
  // What the bake left, long before.
  const before = none ? at : new Date(NOW_MS - 90 * DAY_MS);
  await utimes(places.lists, before, before);
  return missedUpdates(NOW_MS, upMs, places);
}

test('lists of two weeks ago are told of, and younger ones are not', async () => {
  assert.match((await told(20)) ?? '', /package lists are 20 days old, so security updates do not reach this node/);
  assert.match((await told(14)) ?? '', /14 days/);
  assert.equal(await told(13), undefined);
});

test('without any lists the image is as old as its folder', async () => {
  assert.match((await told(40, { none: true })) ?? '', /40 days old/);
  assert.equal(await told(3, { none: true }), undefined);
});

test('a node that has just started has not looked yet, and other machines are not ours to speak of', async () => {
  assert.equal(await told(40, { upMs: DAY_MS - 1 }), undefined);
  assert.equal(await told(40, { image: false }), undefined);
});

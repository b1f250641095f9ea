// SPDX-License-Identifier: Apache-2.0
/**
 * Run in a lab's network namespace by full-disk.test.ts with a FullDiskPlan. Bakes with build.sh on an instance whose
 * disk has that size, and prints a FullDiskBake.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { makeNetwork } from '../../lab/account.ts';
import { bakeImage } from '../../lab/daemon/bake.ts';
import { labEnvironment } from '../../lab/daemon/lab-environment.ts';
import { StateDirectory } from '../../lab/daemon/state-directory.ts';
import { ContainerMachine } from '../../lab/hypervisor/container-machine.ts';
import { runProgram } from '../../tools/program.ts';
import { whatCosts } from '../bake/support.ts';
import { type InstancesPlan, startInstances } from './instances.ts';

export interface FullDiskPlan extends InstancesPlan {
  readonly diskMib: number;
  /** From this role of Ansible on, something else takes all of the disk but `leftMib`; never by default. */
  readonly fillsIn?: string;
  readonly leftMib?: number;
}

export interface FullDiskBake {
  /** What became of build.sh, with the last lines that it said. */
  readonly end: string;
  /** In AWS, beyond what was there before. */
  readonly left: readonly string[];
  /** The actions of EC2 that were called. */
  readonly actions: readonly string[];
  readonly idIsWritten: boolean;
}

const MIB = 2 ** 20;
const ID_FILES = ['dist/ami-id', '.cache/bake/ami-id'].map((file) => resolve(import.meta.dirname, '../..', file));

const plan = JSON.parse(process.argv[2] ?? '') as FullDiskPlan;
await using ends = new AsyncDisposableStack();
const { cloud, hypervisor } = await startInstances(plan, ends);
const { ec2 } = cloud.operator;
const { subnets } = await makeNetwork(cloud.operator, '10.77');

/** Of the one machine, as it sees its disk; with 0 to the last byte. */
async function fill(leftMib: number): Promise<void> {
  const [host] = hypervisor.hosts;
  if (!(host?.machine instanceof ContainerMachine)) throw new Error('There is no machine.');
  const root = host.machine.rootDirectory;
  const ballast = join(root, 'var/lib/ballast');
  const { bavail, bsize } = statfsSync(root);
  await runProgram('fallocate', [`--length=${bavail * bsize - Math.max(leftMib, 1) * MIB}`, ballast]);
  if (leftMib > 0) return;
  await assert.rejects(runProgram('dd', ['if=/dev/zero', `of=${ballast}.rest`]), /No space left on device/);
}

let filled: Promise<unknown> | undefined;
function hear(line: string): void {
  process.stderr.write(`${line}\n`);
  if (!line.trimStart().startsWith(`TASK [${plan.fillsIn} : `)) return;
  filled ??= fill(plan.leftMib ?? 0).catch((error: unknown) => error);
}

interface IdFile {
  readonly changedAtMs: number;
  readonly text: string;
}

const idFiles = (): readonly (IdFile | undefined)[] =>
  ID_FILES.map((file) =>
    existsSync(file) ? { changedAtMs: statSync(file).mtimeMs, text: readFileSync(file, 'utf8').trim() } : undefined,
  );

/** Another bake from this checkout may go on beside this one. What it writes is the id of an image of its own cloud. */
async function isOfAnotherBake({ text }: IdFile): Promise<boolean> {
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({}));
  return /^ami-[0-9a-f]+$/.test(text) && Images.every(({ ImageId }) => ImageId !== text);
}

async function isIdWritten(before: readonly (IdFile | undefined)[]): Promise<boolean> {
  for (const [at, now] of idFiles().entries()) {
    if (isDeepStrictEqual(now, before[at])) continue;
    if (now === undefined || !(await isOfAnotherBake(now))) return true;
  }
  return false;
}

const [costsBefore, idsBefore] = [await whatCosts(ec2), idFiles()];
const environment = labEnvironment(new StateDirectory(plan.directory));
const { release, archive } = plan.parts;
const end = await bakeImage({
  ...{ release, archive, subnet: subnets[0] ?? '', builder: cloud.builder, environment, hear },
  signal: new AbortController().signal,
}).then((image) => `It made the image ${image}.`, String);
assert.ifError(await filled);
const bake: FullDiskBake = {
  end,
  left: (await whatCosts(ec2)).filter((what) => !costsBefore.includes(what)),
  actions: cloud.aws.calls.counts().flatMap(({ service, action }) => (service === 'ec2' ? [action] : [])),
  idIsWritten: await isIdWritten(idsBefore),
};
process.stdout.write(JSON.stringify(bake));

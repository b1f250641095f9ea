// SPDX-License-Identifier: Apache-2.0
/**
 * The agent of the release before, as one executable. It is made from that commit of this very repository, with the
 * packages of this checkout, and kept in .cache: an update of the image lets it run beside the agent of today.
 */
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isThere } from '../../../src/zookeeper/durable-file.ts';
import { runProgram } from '../../../tools/program.ts';

/** Once there is a release, its tag. */
export const RELEASE_BEFORE = '391f2fa';

const ROOT = resolve(import.meta.dirname, '../../..');
const LIMIT_MS = 300_000;

/** Path of the executable; made once, in about ten seconds. */
export async function releaseBefore(): Promise<string> {
  const checkout = join(ROOT, '.cache/releases', RELEASE_BEFORE);
  const executable = join(checkout, 'dist', `zk-agent-linux-${process.arch}`);
  if (await isThere(executable)) return executable;
  const half = `${checkout}.${process.pid}.half`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true });
  try {
    await unpack(half);
    await symlink(join(ROOT, 'node_modules'), join(half, 'node_modules'));
    const make = `
      const { packageAgent } = await import(${JSON.stringify(join(half, 'build/package.ts'))});
      await packageAgent({ architecture: process.arch, commit: ${JSON.stringify(RELEASE_BEFORE)} });`;
    await runProgram(process.execPath, ['--input-type=module', '--eval', make], { directory: half, limitMs: LIMIT_MS });
    await rm(checkout, { recursive: true, force: true });
    await rename(half, checkout);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return executable;
}

async function unpack(into: string): Promise<void> {
  const script = 'set -o pipefail; git -C "$1" archive "$2" | tar -x -C "$3"';
  try {
    await runProgram('bash', ['-c', script, 'bash', ROOT, RELEASE_BEFORE, into], { limitMs: LIMIT_MS });
  } catch (cause) {
    throw new Error(
      `The release before is commit ${RELEASE_BEFORE}, and this checkout does not have it. Fetch the whole history: git fetch --unshallow`,
      { cause },
    );
  }
}

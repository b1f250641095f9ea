// SPDX-License-Identifier: Apache-2.0
/**
 * Makes what a lab of baked images needs, before the lab starts, since its own network has no way out. Everything stays
 * in the cache, so only the first time takes minutes.
 */
import { resolve } from 'node:path';
import type { DebianRelease } from '../container/base.ts';
import type { ImageParts } from '../daemon/container-ground.ts';
import { UsageError } from './lab-client.ts';

const BUILD_SCRIPT = resolve(import.meta.dirname, '../../build.sh');
const COMPILE_LIMIT_MS = 900_000;

/** Rejects with UsageError, and the command to run, where machines in containers are not possible. */
export async function imageParts(
  release: DebianRelease,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<ImageParts> {
  const { containerRequirements } = await import('../container/requirements.ts');
  const requirements = await containerRequirements(progress, true);
  if (!requirements.met) {
    const { why, command } = requirements;
    throw new UsageError(command === undefined ? why : `${why} Run this, then try again:\n  ${command}`);
  }
  signal.throwIfAborted();
  const [{ baseRootFileSystem }, { zookeeperArchive }, { ansiblePrograms }, { runProgram }] = await Promise.all([
    import('../container/base.ts'),
    import('../container/archive.ts'),
    import('../../bake/ansible.ts'),
    import('../../tools/program.ts'),
  ]);
  const base = await baseRootFileSystem(release, { progress, signal });
  const archive = await zookeeperArchive(progress);
  await ansiblePrograms(progress, signal);
  progress('compiling the agent');
  await runProgram(BUILD_SCRIPT, ['--agent-only'], { signal, limitMs: COMPILE_LIMIT_MS });
  return { release, base, archive };
}

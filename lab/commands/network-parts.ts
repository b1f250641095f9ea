// SPDX-License-Identifier: Apache-2.0
/**
 * What a lab needs whose machines are processes in network namespaces. It is made before the lab starts, since its own
 * network has no way out.
 */
import { UsageError } from './lab-client.ts';

/** Rejects with UsageError, and the command to run, where such a network is not possible. */
export async function networkParts(progress: (line: string) => void, signal: AbortSignal): Promise<void> {
  const { networkRequirements } = await import('../container/requirements.ts');
  const requirements = await networkRequirements(progress, true);
  if (!requirements.met) {
    const { why, command } = requirements;
    throw new UsageError(command === undefined ? why : `${why} Run this, then try again:\n  ${command}`);
  }
  signal.throwIfAborted();
  const [{ installMoto }, { zookeeperHome }] = await Promise.all([
    import('../../cloud/index.ts'),
    import('../zookeeper/fetch.ts'),
  ]);
  await installMoto({ progress, signal });
  await zookeeperHome(progress);
}

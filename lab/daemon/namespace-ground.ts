// SPDX-License-Identifier: Apache-2.0
/**
 * Machines that are processes, each in a network namespace of the lab's network. A server that listens on every address
 * then has that of its machine alone. The lab's process is in the lab's namespace, as with containers.
 */
import { CONTAINER_LAB_ADDRESS, CONTAINER_PREFIX, PUBLIC_PREFIX } from '../container/addresses.ts';
import { joinNetwork } from '../container/network.ts';
import type { Ground } from './ground.ts';
import { type ProcessGroundOptions, processGround } from './process-ground.ts';

export async function namespaceGround(
  options: ProcessGroundOptions,
  disposables: AsyncDisposableStack,
): Promise<Ground> {
  const network = disposables.use(joinNetwork(options.name));
  const ground = await processGround({ ...options, network });
  return {
    ...ground,
    block: { prefix: CONTAINER_PREFIX, ownAddress: CONTAINER_LAB_ADDRESS, [Symbol.asyncDispose]: async () => {} },
    cloudOptions: { reusesAddresses: true, publicPrefix: PUBLIC_PREFIX },
    network,
  };
}

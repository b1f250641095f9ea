// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { Hold } from './hold.ts';
import { OwnZnode, type OwnZnodeOptions } from './own-znode.ts';
import { Vigil } from './vigil.ts';

/** Makes a znode of one's own and holds it. When it rejects, nothing is left of the znode. */
export async function holdOwn(
  what: string,
  client: ZookeeperClient,
  options: OwnZnodeOptions,
  signal: AbortSignal,
): Promise<Hold> {
  const own = new OwnZnode(client, options);
  let vigil: Vigil | undefined;
  try {
    const created = await own.create(signal);
    vigil = new Vigil(what, client);
    vigil.check();
    return new Hold({ what, client, own, created, vigil });
  } catch (error) {
    vigil?.end('released');
    void own.withdraw();
    throw error;
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import type { SignalOptions } from '../request.ts';
import { UNTIL_APPLIED } from './policies.ts';

interface EnsureOptions extends SignalOptions {
  readonly acl?: Acl;
}

/**
 * Creates the znode and those above it, as far as they are missing. They are empty, persistent, and stay. Lost
 * connections are waited out. Rejects with NO_NODE when the chroot of the client is missing, or somebody deletes them
 * at once.
 */
export function ensurePath(client: ZookeeperClient, path: string, options: EnsureOptions = {}): Promise<void> {
  return UNTIL_APPLIED.run(() => createAll(client, path, options), options);
}

async function createAll(client: ZookeeperClient, path: string, options: EnsureOptions): Promise<void> {
  if (path === '/') {
    if ((await client.exists(path, options)) === undefined) throw new ServerError(-101, 'the chroot of the client');
    return;
  }
  try {
    await create(client, path, options);
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== 'NO_NODE') throw error;
    await createAll(client, parentOf(path), options);
    await create(client, path, options);
  }
}

async function create(client: ZookeeperClient, path: string, options: EnsureOptions): Promise<void> {
  try {
    await client.create(path, options);
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== 'NODE_EXISTS') throw error;
  }
}

/** `/` for a znode of the first level. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

export function childOf(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

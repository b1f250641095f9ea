// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import type { SignalOptions } from '../request.ts';

interface EnsureOptions extends SignalOptions {
  readonly acl?: Acl;
}

/** Creates the znode and those above it, as far as they are missing. They are empty, persistent, and stay. */
export async function ensurePath(client: ZookeeperClient, path: string, options: EnsureOptions = {}): Promise<void> {
  if (path === '/' || path === '') return;
  try {
    await client.create(path, options);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (error.code === 'NODE_EXISTS') return;
    if (error.code !== 'NO_NODE') throw error;
    await ensurePath(client, parentOf(path), options);
    await ensurePath(client, path, options);
  }
}

/** `/` for a znode of the first level. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

export function childOf(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

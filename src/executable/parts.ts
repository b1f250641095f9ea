// SPDX-License-Identifier: Apache-2.0
/**
 * The bundles inside the executable, as assets, three for each bundle:
 * - `commands.cjs`: the source in the wrapper of CommonJS, only ASCII.
 * - `commands.cjs.cache`: V8's code cache of it, with every function.
 * - `commands.cjs.map.gz`: its source map. Only an error that is shown reads it, and it is a quarter of its size so.
 *
 * The healthy tick loads this file first, so it imports only what Node has already loaded by then.
 */
import { getRawAsset } from 'node:sea';
import { Script } from 'node:vm';

export const PARTS = ['zk-agent.cjs', 'commands.cjs', 'arguments.cjs', 'aws-sdk.cjs'] as const;

export type Part = (typeof PARTS)[number];

export function mapAsset(part: Part): `${Part}.map.gz` {
  return `${part}.map.gz`;
}

export function readAsset(name: string): Buffer {
  return Buffer.from(getRawAsset(name));
}

/**
 * V8 takes a cache only from exactly its own version and flags. Without a cache it compiles, which is slower but no
 * failure.
 */
export function compilePart(part: Part, filename: string = part): Script {
  return new Script(readAsset(part).toString('latin1'), { filename, cachedData: readAsset(`${part}.cache`) });
}

/**
 * Whether V8 takes the cache. The file name is changed, because V8 would find a loaded bundle in its memory and not
 * check the cache.
 */
export function takesCache(part: Part): boolean {
  return compilePart(part, `${part} once more`).cachedDataRejected === false;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * The bundles inside of the executable, as assets: `commands.cjs` is the source in the wrapper that CommonJS has,
 * ASCII alone; `commands.cjs.cache` is V8's code cache of it, every function in it; `commands.cjs.map` is its source
 * map. The healthy tick loads this file first, so it imports nothing that Node has not loaded by then.
 */
import { getRawAsset } from 'node:sea';
import { Script } from 'node:vm';

export const PARTS = ['zk-agent.cjs', 'commands.cjs', 'arguments.cjs', 'aws-sdk.cjs'] as const;

export type Part = (typeof PARTS)[number];

export function readAsset(name: string): Buffer {
  return Buffer.from(getRawAsset(name));
}

/** V8 takes the cache of exactly its own version and flags; without one it compiles, which is slower and no failure. */
export function compilePart(part: Part, filename: string = part): Script {
  return new Script(readAsset(part).toString('latin1'), { filename, cachedData: readAsset(`${part}.cache`) });
}

/** Whether V8 takes the cache. Under its own name a bundle that is loaded would be found in V8's memory, unchecked. */
export function takesCache(part: Part): boolean {
  return compilePart(part, `${part} once more`).cachedDataRejected === false;
}

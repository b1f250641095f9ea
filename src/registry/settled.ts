// SPDX-License-Identifier: Apache-2.0
/** Objects below `lineage/` never change once they are created, so each is fetched once per process. */
import type { ObjectStore } from '../ports.ts';
import { memoryOfStore } from './memory-of-store.ts';

const settledIn = memoryOfStore(() => new Map<string, string>());

export async function readSettled(objects: ObjectStore, key: string, signal: AbortSignal): Promise<string | undefined> {
  const bodies = settledIn(objects);
  const remembered = bodies.get(key);
  if (remembered !== undefined) return remembered;
  const found = await objects.get(key, signal);
  if (found) bodies.set(key, found.body);
  return found?.body;
}

/** The bodies under these keys, in the same order. Undefined where a key has none. */
export async function readAllSettled(
  objects: ObjectStore,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const bodies = settledIn(objects);
  const open = keys.filter((key) => !bodies.has(key));
  await Promise.all(open.map((key) => readSettled(objects, key, signal)));
  return keys.map((key) => bodies.get(key));
}

/** The body that the key has now: this one, unless another node was first. Undefined only if that one can't be read. */
export async function createSettled(
  objects: ObjectStore,
  key: string,
  body: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if ((await objects.createOnce(key, body, signal)) !== 'created') return readSettled(objects, key, signal);
  settledIn(objects).set(key, body);
  return body;
}

/** The keys of all that this process has read or created. It exists, whatever a list says later. */
export function settledKeys(objects: ObjectStore): Iterable<string> {
  return settledIn(objects).keys();
}

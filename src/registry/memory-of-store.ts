// SPDX-License-Identifier: Apache-2.0
import type { ObjectStore } from '../ports.ts';

/** What a process remembers of a bucket: made at the first use, and one for each store. */
export function memoryOfStore<T>(make: () => T): (objects: ObjectStore) => T {
  const memories = new WeakMap<ObjectStore, { readonly memory: T }>();
  return (objects) => {
    const known = memories.get(objects) ?? { memory: make() };
    memories.set(objects, known);
    return known.memory;
  };
}

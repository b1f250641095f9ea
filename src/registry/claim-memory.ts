// SPDX-License-Identifier: Apache-2.0
/**
 * What this process has learnt of the claims (docs/protocol.md, "Claims 8"). Nothing is ever deleted by a node, and an
 * owner never changes, so what was seen once stays true when an older answer follows a newer one.
 */
import type { Claim } from '../model/records.ts';
import type { ObjectStore } from '../ports.ts';

type Owner = Exclude<Claim['owner'], undefined>;

export class ClaimMemory {
  /** By the claim's name. The age is that of the object when it was read: at least so old is the claim. */
  readonly owners = new Map<string, { readonly owner: Owner; readonly ageMs: number }>();
  /** By name, the highest age that a list gave; 0 for a stream that only a call to create it has told of. */
  readonly streams = new Map<string, number>();
  readonly #reading = new Map<string, Promise<unknown>>();

  keepOwner(name: string, owner: Owner, ageMs: number): void {
    // What nobody understands may be mended by hand, so it is read again.
    if (owner !== 'unreadable') this.owners.set(name, { owner, ageMs });
  }

  sawStream(name: string, ageMs: number): void {
    this.streams.set(name, Math.max(ageMs, this.streams.get(name) ?? 0));
  }

  /** Two lists name the same claim at one time, and one question is enough. */
  once<T>(name: string, read: () => Promise<T>): Promise<T> {
    const reading = (this.#reading.get(name) as Promise<T> | undefined) ?? read();
    this.#reading.set(name, reading);
    return reading.finally(() => this.#reading.delete(name));
  }
}

const memories = new WeakMap<ObjectStore, ClaimMemory>();

export function memoryOf(objects: ObjectStore): ClaimMemory {
  const known = memories.get(objects);
  if (known) return known;
  const memory = new ClaimMemory();
  memories.set(objects, memory);
  return memory;
}

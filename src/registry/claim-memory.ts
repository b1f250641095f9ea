// SPDX-License-Identifier: Apache-2.0
/**
 * What this process has learnt of the claims (docs/protocol.md, "Claims 8"). Nodes never delete anything, and an owner
 * never changes. So what was seen once stays true when an older answer follows a newer one.
 */
import type { Claim } from '../model/records.ts';
import { memoryOfStore } from './memory-of-store.ts';

type Owner = Exclude<Claim['owner'], undefined>;

export class ClaimMemory {
  /** By the claim's name. The age is the one that the object had when it was read; the claim is at least so old. */
  readonly owners = new Map<string, { readonly owner: Owner; readonly ageMs: number }>();
  /** By name, the highest age that a list gave. 0 for a stream that is only known from a call to create it. */
  readonly streams = new Map<string, number>();
  /** By name, why the object could not be understood when it was read last. */
  readonly unreadable = new Map<string, string>();
  readonly #reading = new Map<string, Promise<unknown>>();

  /** Only of an object that was understood. A person may mend any other one, so it is read again. */
  keepOwner(name: string, owner: Owner, ageMs: number): void {
    this.owners.set(name, { owner, ageMs });
  }

  sawStream(name: string, ageMs: number): void {
    this.streams.set(name, Math.max(ageMs, this.streams.get(name) ?? 0));
  }

  /** Claims 8: two lists may name the same claim at the same time. Its object is then read only once. */
  once<T>(name: string, read: () => Promise<T>): Promise<T> {
    const reading = (this.#reading.get(name) as Promise<T> | undefined) ?? read();
    this.#reading.set(name, reading);
    return reading.finally(() => this.#reading.delete(name));
  }
}

export const memoryOf = memoryOfStore(() => new ClaimMemory());

// SPDX-License-Identifier: Apache-2.0
/** A pool of Elastic IPs as EC2 has them: each at one instance at most, freed with it, and seen late by lists. */
import type { SlotFact } from '../../../src/model/cloud.ts';
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Instance, Instances } from './instances.ts';

interface Row {
  readonly id: number;
  readonly address: string;
  readonly visibleAtMs: number;
  /** Who had it, and until when. */
  readonly earlier: { readonly untilMs: number; readonly instance: string | undefined }[];
  instance: string | undefined;
}

export class ElasticIps {
  /** For scenarios: no list shows the slots with these ids. */
  hidden: readonly number[] = [];
  readonly #rows: readonly Row[];
  readonly #instances: Instances;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  /** By instance, the address that it had last. */
  readonly #last = new Map<string, string>();

  constructor(size: number, instances: Instances, random: Random, scheduler: Scheduler) {
    this.#instances = instances;
    this.#random = random;
    this.#scheduler = scheduler;
    this.#rows = Array.from({ length: size }, (_, index) => ({
      id: index + 1,
      address: `198.51.100.${index + 1}`,
      visibleAtMs: random.chance(0.2) ? random.between(0, 60_000) : 0,
      earlier: [],
      instance: undefined,
    }));
  }

  /** As a replica has it that is so far behind. */
  list(lagMs = 0): readonly SlotFact[] {
    const atMs = this.#scheduler.nowMs - lagMs;
    return this.#rows
      .filter(({ id, visibleAtMs }) => atMs >= visibleAtMs && !this.hidden.includes(id))
      .map(({ id, address, earlier, instance: now }) => {
        const then = earlier.find(({ untilMs }) => atMs < untilMs);
        const instance = then ? then.instance : now;
        const fact = { id, address, allocation: `eipalloc-${id}` };
        return instance === undefined ? fact : { ...fact, instance };
      });
  }

  /** AssociateAddress with AllowReassociation=false. */
  attach(allocation: string, id: string): 'attached' | 'taken' {
    const row = this.#rows.find((each) => `eipalloc-${each.id}` === allocation);
    const instance = this.#instances.find(id);
    // EC2 refuses an instance that ends: the caller learns that it does not have the address.
    if (!row || !instance || ['shutting-down', 'terminated'].includes(instance.state)) return 'taken';
    if (row.instance !== undefined && row.instance !== id) return 'taken';
    // An instance has one address that is its own, so one has one Elastic IP.
    if (row.instance !== id) this.free(id);
    this.#move(row, id);
    this.#last.set(id, row.address);
    return 'attached';
  }

  /** For scenarios: somebody gives the address to an instance that is none of ours. */
  giveAway(id: number, instance: string): void {
    for (const row of this.#rows) if (row.id === id) this.#move(row, instance);
  }

  /** EC2 frees what a dying instance has, at any moment of its dying: its server may still run. */
  dies(instance: Instance, withinMs: number): void {
    this.#scheduler.after(this.#random.between(0, withinMs), () => this.free(instance.id));
  }

  free(id: string): void {
    for (const row of this.#rows) if (row.instance === id) this.#move(row, undefined);
  }

  /**
   * Where a server of this instance stands: its address, or the one that it had. Its connections outlive the address.
   */
  standing({ id, state }: Instance): string | undefined {
    if (state === 'terminated') return undefined;
    return this.attachedTo(id) ?? this.#last.get(id);
  }

  /** The address that it had last, also when it has ended. */
  lastOf({ id }: Instance): string | undefined {
    return this.#last.get(id);
  }

  attachedTo(id: string): string | undefined {
    return this.#rows.find(({ instance }) => instance === id)?.address;
  }

  /** Who is reached at this address; undefined when nobody is. */
  at(address: string): string | undefined {
    return this.#rows.find((row) => row.address === address)?.instance;
  }

  #move(row: Row, instance: string | undefined): void {
    if (row.instance === instance) return;
    row.earlier.push({ untilMs: this.#scheduler.nowMs, instance: row.instance });
    row.instance = instance;
  }
}

// SPDX-License-Identifier: Apache-2.0
/** EC2 as far as the agent sees it: states, addresses that are used again, tags, what is visible when. */
import type { InstanceFact, InstanceState } from '../../../src/model/cloud.ts';
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class Instance {
  readonly id: string;
  readonly address: string;
  readonly launchedMs: number;
  /** A young instance is not in the answers yet, then it is there without its tags. */
  readonly visibleAtMs: number;
  readonly taggedAtMs: number;
  terminatedAtMs = NEVER;
  /** The terminated lose address and tags first, and are forgotten later. */
  strippedAtMs = NEVER;
  forgottenAtMs = NEVER;
  /** `autoscaling/target-lifecycle-state`. */
  targetState: string | undefined = undefined;
  readonly #scheduler: Scheduler;
  #state: InstanceState = 'pending';
  readonly #earlier: { readonly untilMs: number; readonly state: InstanceState }[] = [];

  constructor(
    { id, address, visibleAtMs, taggedAtMs }: Pick<Instance, 'id' | 'address' | 'visibleAtMs' | 'taggedAtMs'>,
    scheduler: Scheduler,
  ) {
    this.id = id;
    this.address = address;
    this.launchedMs = scheduler.nowMs;
    this.visibleAtMs = visibleAtMs;
    this.taggedAtMs = taggedAtMs;
    this.#scheduler = scheduler;
  }

  get state(): InstanceState {
    return this.#state;
  }

  set state(next: InstanceState) {
    this.#earlier.push({ untilMs: this.#scheduler.nowMs, state: this.#state });
    this.#state = next;
  }

  /** As it was then; undefined before its launch. */
  stateAt(atMs: number): InstanceState | undefined {
    if (atMs < this.launchedMs) return undefined;
    return this.#earlier.find(({ untilMs }) => atMs < untilMs)?.state ?? this.#state;
  }
}

export class Instances {
  readonly all: Instance[] = [];
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  /** What else EC2 does when an instance has ended. */
  ended: ((instance: Instance) => void) | undefined;
  #nextAddress = 10;
  readonly #free: string[] = [];

  constructor(random: Random, scheduler: Scheduler) {
    this.#random = random;
    this.#scheduler = scheduler;
  }

  launch(): Instance {
    const nowMs = this.#scheduler.nowMs;
    const id = `i-${String(this.all.length + 1).padStart(4, '0')}`;
    const visibleAtMs = nowMs + (this.#random.chance(0.3) ? this.#random.between(0, 40_000) : 0);
    const address = this.#takeAddress();
    const taggedAtMs = visibleAtMs + (this.#random.chance(0.3) ? this.#random.between(0, 20_000) : 0);
    const instance = new Instance({ id, address, visibleAtMs, taggedAtMs }, this.#scheduler);
    this.all.push(instance);
    return instance;
  }

  #takeAddress(): string {
    const used = this.#free.length > 0 && this.#random.chance(0.6) ? this.#free.shift() : undefined;
    return used ?? `127.16.0.${this.#nextAddress++}`;
  }

  terminated(instance: Instance): void {
    const nowMs = this.#scheduler.nowMs;
    instance.state = 'terminated';
    instance.terminatedAtMs = nowMs;
    instance.strippedAtMs = nowMs + this.#random.between(0, 60_000);
    instance.forgottenAtMs = nowMs + this.#random.between(120_000, 400_000);
    this.#free.push(instance.address);
    this.ended?.(instance);
  }

  find(id: string): Instance | undefined {
    return this.all.find((instance) => instance.id === id);
  }

  #visible(instance: Instance, atMs: number): boolean {
    return atMs >= instance.visibleAtMs && atMs < instance.forgottenAtMs;
  }

  #fact(instance: Instance, atMs: number): InstanceFact {
    const { id, address } = instance;
    const state = instance.stateAt(atMs) ?? 'pending';
    return atMs >= instance.strippedAtMs ? { instance: id, state } : { instance: id, state, address };
  }

  /** As a replica has it that is so far behind; so do the next two. */
  describe(ids: readonly string[], lagMs = 0): readonly InstanceFact[] {
    const atMs = this.#scheduler.nowMs - lagMs;
    return this.all
      .filter((each) => ids.includes(each.id) && this.#visible(each, atMs))
      .map((each) => this.#fact(each, atMs));
  }

  describeTagged(lagMs = 0): readonly InstanceFact[] {
    const atMs = this.#scheduler.nowMs - lagMs;
    return this.all
      .filter((each) => this.#visible(each, atMs) && atMs >= each.taggedAtMs && atMs < each.strippedAtMs)
      .map((each) => this.#fact(each, atMs));
  }

  isForgotten(id: string, lagMs = 0): boolean {
    const instance = this.find(id);
    return !instance || !this.#visible(instance, this.#scheduler.nowMs - lagMs);
  }
}

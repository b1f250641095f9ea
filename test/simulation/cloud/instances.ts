/** EC2 as far as the agent sees it: states, addresses that are used again, tags, what is visible when. */
import type { InstanceFact, InstanceState } from '../../../src/model/cloud.ts';
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';

export interface Instance {
  readonly id: string;
  readonly address: string;
  state: InstanceState;
  readonly launchedMs: number;
  /** A young instance is not in the answers yet, then it is there without its tags. */
  readonly visibleAtMs: number;
  readonly taggedAtMs: number;
  terminatedAtMs: number;
  /** The terminated lose address and tags first, and are forgotten later. */
  strippedAtMs: number;
  forgottenAtMs: number;
  /** `autoscaling/target-lifecycle-state`. */
  targetState: string | undefined;
}

const NEVER = Number.POSITIVE_INFINITY;

export class Instances {
  readonly all: Instance[] = [];
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  #nextAddress = 10;
  readonly #free: string[] = [];

  constructor(random: Random, scheduler: Scheduler) {
    this.#random = random;
    this.#scheduler = scheduler;
  }

  launch(): Instance {
    const nowMs = this.#scheduler.nowMs;
    const visibleAtMs = nowMs + (this.#random.chance(0.3) ? this.#random.between(0, 40_000) : 0);
    const instance: Instance = {
      id: `i-${String(this.all.length + 1).padStart(4, '0')}`,
      address: this.#takeAddress(),
      state: 'pending',
      launchedMs: nowMs,
      visibleAtMs,
      taggedAtMs: visibleAtMs + (this.#random.chance(0.3) ? this.#random.between(0, 20_000) : 0),
      terminatedAtMs: NEVER,
      strippedAtMs: NEVER,
      forgottenAtMs: NEVER,
      targetState: undefined,
    };
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
  }

  find(id: string): Instance | undefined {
    return this.all.find((instance) => instance.id === id);
  }

  #visible(instance: Instance): boolean {
    const nowMs = this.#scheduler.nowMs;
    return nowMs >= instance.visibleAtMs && nowMs < instance.forgottenAtMs;
  }

  #fact(instance: Instance): InstanceFact {
    const stripped = this.#scheduler.nowMs >= instance.strippedAtMs;
    const { id, state, address } = instance;
    return stripped ? { instance: id, state } : { instance: id, state, address };
  }

  describe(ids: readonly string[]): readonly InstanceFact[] {
    return this.all.filter((each) => ids.includes(each.id) && this.#visible(each)).map((each) => this.#fact(each));
  }

  describeTagged(): readonly InstanceFact[] {
    const nowMs = this.#scheduler.nowMs;
    return this.all
      .filter((each) => this.#visible(each) && nowMs >= each.taggedAtMs && nowMs < each.strippedAtMs)
      .map((each) => this.#fact(each));
  }

  isForgotten(id: string): boolean {
    const instance = this.find(id);
    return !instance || !this.#visible(instance);
  }
}

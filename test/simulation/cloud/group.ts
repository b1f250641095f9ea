// SPDX-License-Identifier: Apache-2.0
/**
 * The Auto Scaling group: keeps the desired number of instances, replaces the dead, follows scaling, holds in hooks.
 */
import type { GroupFact } from '../../../src/model/cloud.ts';
import type { StackTies } from '../../../src/model/observation.ts';
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Instance } from './instances.ts';

export const GROUP_NAME = 'orders-group';
export const LAUNCH_HOOK = 'launch';
export const TERMINATE_HOOK = 'terminate';

/** A hook that holds an instance: until its heartbeat timeout, which heartbeats prolong, but not beyond its limit. */
interface Hold {
  readonly hook: string;
  deadlineMs: number;
  readonly limitMs: number;
}

interface Entry {
  readonly instance: Instance;
  lifecycleState: 'Pending' | 'Pending:Wait' | 'InService' | 'Terminating:Wait' | 'Terminating:Proceed' | 'Terminating';
  hold?: Hold | undefined;
  /** Since when it is to be terminated. */
  terminatingSinceMs?: number;
}

export interface Machines {
  launch(): Instance;
  /** Shutting down, then terminated. */
  terminate(instance: Instance): void;
}

/** Who answers a hook, for the checkers. */
export interface HookWatch {
  hookCompleted(by: string, instance: Instance, hook: string, result: 'CONTINUE' | 'ABANDON'): void;
}

const HEARTBEAT_TIMEOUT_MS = 300_000;
/** However many heartbeats. */
export const HOOK_LIMIT_MS = 1_500_000;

/** Enough for the longest lag: it looks at its instances no more than every 5 s, and remembers that twice. */
const KEPT = 50;

export class Group {
  maximum: number;
  #desired: number;
  maintenance = false;
  /** The group belongs to a stack: its hooks wait for the nodes, and the nodes know of them. */
  readonly hasHooks: boolean;
  #entries: Entry[] = [];
  /** What it was at its last changes, for replicas that are behind. */
  #earlier: { readonly atMs: number; readonly fact: GroupFact }[] = [];
  readonly #machines: Machines;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #watcher: HookWatch;

  constructor(
    {
      desired,
      hooks,
      maximum,
    }: { readonly desired: number; readonly hooks: boolean | undefined; readonly maximum: number },
    machines: Machines,
    watcher: HookWatch,
    random: Random,
    scheduler: Scheduler,
  ) {
    this.#desired = desired;
    this.maximum = maximum;
    this.#machines = machines;
    this.#watcher = watcher;
    this.#random = random;
    this.#scheduler = scheduler;
    const drawn = random.chance(0.5);
    this.hasHooks = hooks ?? drawn;
    this.#reconcile();
    this.#watch();
  }

  get desired(): number {
    return this.#desired;
  }

  /** Never above the maximum: Auto Scaling refuses more. */
  set desired(desired: number) {
    this.#desired = Math.min(desired, this.maximum);
  }

  /** What the nodes' settings say about the stack. */
  get ties(): StackTies | undefined {
    return this.hasHooks ? { signals: true, launchHook: LAUNCH_HOOK, terminateHook: TERMINATE_HOOK } : undefined;
  }

  /** Instances that the group counts on. */
  get members(): readonly Instance[] {
    return this.#entries.filter((entry) => !entry.lifecycleState.startsWith('Terminat')).map((entry) => entry.instance);
  }

  /** Nothing is held any more, and everybody who should be there is. */
  get settled(): boolean {
    return (
      this.#entries.length === this.desired &&
      this.#entries.every(
        ({ instance, lifecycleState }) => lifecycleState === 'InService' && instance.state === 'running',
      )
    );
  }

  /** As a replica has it that is so far behind. */
  fact(lagMs = 0): GroupFact {
    const atMs = this.#scheduler.nowMs - lagMs;
    const then = lagMs > 0 ? this.#earlier.findLast((earlier) => earlier.atMs <= atMs) : undefined;
    return then?.fact ?? this.#fact();
  }

  #fact(): GroupFact {
    return {
      name: GROUP_NAME,
      desired: this.desired,
      maximum: this.maximum,
      instances: this.#entries.map(({ instance, lifecycleState }) => ({ instance: instance.id, lifecycleState })),
      maintenance: this.maintenance,
      suspended: [],
    };
  }

  holds(id: string, lagMs = 0): boolean {
    if (lagMs > 0) return this.fact(lagMs).instances.some(({ instance }) => instance === id);
    return this.#entries.some((entry) => entry.instance.id === id);
  }

  terminatingSinceMs(id: string): number | undefined {
    return this.#entries.find(({ instance }) => instance.id === id)?.terminatingSinceMs;
  }

  completeHook(by: string, hook: string, id: string, result: 'CONTINUE' | 'ABANDON'): void {
    const entry = this.#held(hook, id);
    if (!entry) return;
    this.#watcher.hookCompleted(by, entry.instance, hook, result);
    this.#proceed(entry, result);
    this.#remember();
  }

  heartbeat(hook: string, id: string): 'recorded' | 'over' {
    const hold = this.#held(hook, id)?.hold;
    if (!hold) return 'over';
    hold.deadlineMs = Math.min(this.#scheduler.nowMs + HEARTBEAT_TIMEOUT_MS, hold.limitMs);
    return 'recorded';
  }

  /** TerminateInstanceInAutoScalingGroup, without decrement: the group launches another one. */
  takeOut(instance: Instance): void {
    const entry = this.#entries.find((each) => each.instance === instance);
    if (!entry || entry.lifecycleState.startsWith('Terminating')) return;
    this.#takeOut(entry);
    this.#remember();
  }

  /** DetachInstances, with decrement: the group counts on fewer, and launches none for them. */
  detach(instances: readonly Instance[]): void {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => !instances.includes(entry.instance));
    this.desired -= before - this.#entries.length;
  }

  #held(hook: string, id: string): Entry | undefined {
    return this.#entries.find((entry) => entry.instance.id === id && entry.hold?.hook === hook);
  }

  #watch(): void {
    this.#scheduler.after(this.#random.between(5_000, 20_000), () => {
      this.#reconcile();
      this.#watch();
    });
  }

  #remember(): void {
    this.#earlier.push({ atMs: this.#scheduler.nowMs, fact: this.#fact() });
    if (this.#earlier.length > KEPT) this.#earlier.shift();
  }

  #reconcile(): void {
    this.#remember();
    this.#follow();
    this.#remember();
  }

  #follow(): void {
    const nowMs = this.#scheduler.nowMs;
    for (const entry of this.#entries) {
      if (entry.lifecycleState === 'Pending' && entry.instance.state === 'running') this.#launched(entry);
      // A launch that nobody vouches for is given up; a termination goes on whatever was said.
      if (entry.hold && entry.hold.deadlineMs <= nowMs) this.#proceed(entry, 'ABANDON');
    }
    this.#noticeTheDead();
    const counted = this.#entries.filter((entry) => !entry.lifecycleState.startsWith('Terminat'));
    for (let missing = this.desired - counted.length; missing > 0; missing--) {
      this.#entries.push({ instance: this.#machines.launch(), lifecycleState: 'Pending' });
    }
    const surplus = counted.length - this.desired;
    for (const entry of this.#random.shuffle(counted).slice(0, Math.max(0, surplus))) this.#takeOut(entry);
  }

  #launched(entry: Entry): void {
    entry.instance.targetState = 'InService';
    entry.lifecycleState = this.hasHooks ? 'Pending:Wait' : 'InService';
    if (this.hasHooks) this.#hold(entry, LAUNCH_HOOK);
  }

  /**
   * By health checks, which takes a while. Behind the group's back or not, an instance that was in service goes through
   * the terminate hook, which the dead can't answer.
   */
  #noticeTheDead(): void {
    for (const entry of [...this.#entries]) {
      const { instance, lifecycleState } = entry;
      const dead = instance.state === 'terminated' || instance.state === 'shutting-down';
      if (!dead || lifecycleState === 'Terminating:Wait' || !this.#random.chance(0.5)) continue;
      if (this.hasHooks && lifecycleState === 'InService') this.#takeOut(entry);
      else this.#drop(entry);
    }
  }

  #takeOut(entry: Entry): void {
    entry.instance.targetState = 'Terminated';
    entry.terminatingSinceMs = this.#scheduler.nowMs;
    if (this.hasHooks) {
      entry.lifecycleState = 'Terminating:Wait';
      this.#hold(entry, TERMINATE_HOOK);
      return;
    }
    entry.lifecycleState = 'Terminating';
    this.#scheduler.after(this.#random.between(1_000, 5_000), () => this.#machines.terminate(entry.instance));
  }

  #hold(entry: Entry, hook: string): void {
    const nowMs = this.#scheduler.nowMs;
    entry.hold = { hook, deadlineMs: nowMs + HEARTBEAT_TIMEOUT_MS, limitMs: nowMs + HOOK_LIMIT_MS };
  }

  #proceed(entry: Entry, result: 'CONTINUE' | 'ABANDON'): void {
    const launching = entry.hold?.hook === LAUNCH_HOOK;
    entry.hold = undefined;
    if (launching && result === 'CONTINUE') {
      entry.lifecycleState = 'InService';
      return;
    }
    entry.instance.targetState = 'Terminated';
    entry.terminatingSinceMs ??= this.#scheduler.nowMs;
    entry.lifecycleState = 'Terminating:Proceed';
    if (entry.instance.state === 'terminated') this.#drop(entry);
    else this.#machines.terminate(entry.instance);
  }

  #drop(entry: Entry): void {
    this.#entries = this.#entries.filter((each) => each !== entry);
  }
}

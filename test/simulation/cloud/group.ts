/** The Auto Scaling group: keeps the desired number of instances, replaces the dead, follows scaling. */
import type { GroupFact } from '../../../src/model/cloud.ts';
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Instance } from './instances.ts';

export const GROUP_NAME = 'orders-group';

interface Entry {
  readonly instance: Instance;
  lifecycleState: 'Pending' | 'InService' | 'Terminating:Wait' | 'Terminating';
}

export interface Machines {
  launch(): Instance;
  /** Shutting down, then terminated. */
  terminate(instance: Instance): void;
}

/** How long a terminate hook holds an instance that nobody completes. */
const HOOK_MS = 180_000;

export class Group {
  desired: number;
  maximum: number;
  maintenance = false;
  /** The group has a terminate hook: its own terminations wait for the node to leave. */
  readonly hasHook: boolean;
  #entries: Entry[] = [];
  readonly #machines: Machines;
  readonly #random: Random;
  readonly #scheduler: Scheduler;

  constructor(desired: number, machines: Machines, random: Random, scheduler: Scheduler) {
    this.desired = desired;
    this.maximum = Math.max(desired, 9);
    this.#machines = machines;
    this.#random = random;
    this.#scheduler = scheduler;
    this.hasHook = random.chance(0.5);
    this.#reconcile();
    this.#watch();
  }

  /** Instances that the group counts on. */
  get members(): readonly Instance[] {
    return this.#entries.filter((entry) => !entry.lifecycleState.startsWith('Terminat')).map((entry) => entry.instance);
  }

  get settled(): boolean {
    return this.#entries.length === this.desired && this.members.every((instance) => instance.state === 'running');
  }

  fact(): GroupFact {
    return {
      name: GROUP_NAME,
      desired: this.desired,
      maximum: this.maximum,
      instances: this.#entries.map(({ instance, lifecycleState }) => ({ instance: instance.id, lifecycleState })),
      maintenance: this.maintenance,
      suspended: [],
    };
  }

  holds(id: string): boolean {
    return this.#entries.some((entry) => entry.instance.id === id);
  }

  #watch(): void {
    this.#scheduler.after(this.#random.between(5_000, 20_000), () => {
      this.#reconcile();
      this.#watch();
    });
  }

  #reconcile(): void {
    for (const entry of this.#entries) {
      if (entry.lifecycleState === 'Pending' && entry.instance.state === 'running') {
        entry.lifecycleState = 'InService';
        entry.instance.targetState = 'InService';
      }
    }
    // The dead are noticed by health checks, which takes a while.
    this.#entries = this.#entries.filter(
      ({ instance }) =>
        !(instance.state === 'terminated' || instance.state === 'shutting-down') || this.#random.chance(0.5),
    );
    const counted = this.#entries.filter((entry) => !entry.lifecycleState.startsWith('Terminat'));
    for (let missing = this.desired - counted.length; missing > 0; missing--) {
      this.#entries.push({ instance: this.#machines.launch(), lifecycleState: 'Pending' });
    }
    const surplus = counted.length - this.desired;
    for (const entry of this.#random.shuffle(counted).slice(0, Math.max(0, surplus))) this.#takeOut(entry);
  }

  #takeOut(entry: Entry): void {
    entry.instance.targetState = 'Terminated';
    entry.lifecycleState = this.hasHook ? 'Terminating:Wait' : 'Terminating';
    this.#scheduler.after(this.hasHook ? HOOK_MS : this.#random.between(1_000, 5_000), () => {
      entry.lifecycleState = 'Terminating';
      this.#machines.terminate(entry.instance);
    });
  }
}

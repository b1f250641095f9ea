// SPDX-License-Identifier: Apache-2.0
/**
 * CloudFormation as far as a stack's nodes notice it: it waits for signals, and its rolling update takes the next old
 * node down as soon as a new one has signalled, without waiting for those in the terminate hook (its haste).
 */
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Trace } from '../core/trace.ts';
import type { Group } from './group.ts';
import type { Instance } from './instances.ts';

const PAUSE_TIME_MS = 900_000;
const LOOK_MS = 1_000;

/** Who is told what, for the checkers. */
export interface SignalWatch {
  signalled(instance: string, status: 'SUCCESS' | 'FAILURE'): void;
}

interface Update {
  readonly old: Instance[];
  readonly size: number;
  readonly counted: Set<string>;
  waitsUntilMs: number;
  /** The group has room for one more node, which comes before an old one goes. */
  readonly spare: boolean;
}

export class SimulatedStack {
  /** Rolling updates that went through, and that did not. */
  updated = 0;
  rolledBack = 0;
  readonly #group: () => Group;
  readonly #watcher: SignalWatch;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #trace: Trace;
  readonly #told = new Map<string, 'SUCCESS' | 'FAILURE'>();
  #update: Update | undefined;

  constructor(group: () => Group, watcher: SignalWatch, random: Random, scheduler: Scheduler, trace: Trace) {
    this.#group = group;
    this.#watcher = watcher;
    this.#random = random;
    this.#scheduler = scheduler;
    this.#trace = trace;
  }

  get updating(): boolean {
    return this.#update !== undefined;
  }

  signal(status: 'SUCCESS' | 'FAILURE', instance: string): 'told' | 'nobody-waits' {
    this.#watcher.signalled(instance, status);
    if (!this.#update) return 'nobody-waits';
    this.#told.set(instance, status);
    return 'told';
  }

  /** MinInstancesInService is the size, so desired is raised by one first. */
  rollingUpdate(): void {
    const group = this.#group();
    if (this.#update || !group.hasHooks || group.desired === 0) return;
    this.#trace.line('stack', 'updates');
    this.#told.clear();
    this.#update = {
      old: this.#random.shuffle(group.members),
      size: group.desired,
      counted: new Set(),
      waitsUntilMs: this.#scheduler.nowMs + PAUSE_TIME_MS,
      spare: group.desired < group.maximum,
    };
    group.desired += 1;
    // MinInstancesInService is one below the size, so the first old node goes at once.
    const [first] = this.#update.old;
    if (!this.#update.spare && first) group.takeOut(first);
    this.#look();
  }

  #look(): void {
    this.#scheduler.after(LOOK_MS, () => {
      const update = this.#update;
      if (!update) return;
      const told = [...this.#told].filter(([instance]) => !update.counted.has(instance));
      const failed = told.some(([, status]) => status === 'FAILURE') || this.#scheduler.nowMs > update.waitsUntilMs;
      if (failed) return this.#end('rolls back');
      const fresh = told.find(([instance]) => !update.old.some((old) => old.id === instance));
      if (fresh) this.#next(update, fresh[0]);
      if (this.#update) this.#look();
    });
  }

  #next(update: Update, instance: string): void {
    update.counted.add(instance);
    update.waitsUntilMs = this.#scheduler.nowMs + PAUSE_TIME_MS;
    const group = this.#group();
    const old = update.old.filter((each) => group.members.includes(each));
    const next = old[0];
    this.#trace.line('stack', `takes ${next?.id ?? 'nobody'} down`);
    if (old.length <= (update.spare ? 1 : 0)) this.#end('is updated');
    if (next) group.takeOut(next);
  }

  #end(how: 'rolls back' | 'is updated'): void {
    const update = this.#update;
    if (!update) return;
    this.#trace.line('stack', how);
    this.#update = undefined;
    this.#group().desired = update.size;
    if (how === 'is updated') this.updated++;
    else this.rolledBack++;
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Group, GroupInstance } from './group.ts';
import type { GroupCloud } from './group-cloud.ts';
import { nextMoveMs } from './instance-lifecycle.ts';
import { Album } from './photographs.ts';
import { reconcile } from './reconcile.ts';

/** The wait before a failed launch is tried again. It doubles each time, up to the second value. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/** The groups and their upkeep. Every change of an instance or of a group leads to a pass over the group. */
export class AutoScaling {
  readonly groups = new Map<string, Group>();
  readonly cloud: GroupCloud;
  readonly album = new Album();
  readonly #passes = new Map<string, Promise<void>>();
  readonly #wanted = new Set<string>();
  readonly #retries = new Map<string, { readonly delayMs: number; readonly timer: NodeJS.Timeout }>();
  readonly #alarms = new Map<string, NodeJS.Timeout>();
  readonly #stopHearing: () => void;
  #closed = false;

  constructor(cloud: GroupCloud) {
    this.cloud = cloud;
    this.#stopHearing = cloud.ec2.world.onChange(() => {
      for (const name of this.groups.keys()) this.nudge(name);
    });
  }

  /** Requests a pass over the group. It comes after the present pass, if there is one. */
  nudge(name: string): void {
    this.#wanted.add(name);
    if (this.#closed || this.#passes.has(name)) return;
    const passes = this.#run(name).finally(() => {
      this.#passes.delete(name);
      // Another pass was requested since the last check.
      if (this.#wanted.has(name)) this.nudge(name);
    });
    this.#passes.set(name, passes);
  }

  /** The group and the member of an instance, until the instance has left the group. */
  find(instance: string): { readonly group: Group; readonly member: GroupInstance } | undefined {
    for (const group of this.groups.values()) {
      const member = group.instances.get(instance);
      if (member !== undefined) return { group, member };
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopHearing();
    for (const { timer } of this.#retries.values()) clearTimeout(timer);
    for (const timer of this.#alarms.values()) clearTimeout(timer);
    await Promise.all(this.#passes.values());
  }

  async #run(name: string): Promise<void> {
    while (this.#wanted.delete(name) && !this.#closed) {
      const group = this.groups.get(name);
      if (group === undefined) return;
      try {
        await reconcile(group, this.cloud);
        this.#forgetRetry(name);
      } catch {
        // The group's activities contain the failure.
        this.#retryLater(name);
      }
      if (group.deleting && group.instances.size === 0) this.groups.delete(name);
      this.album.add(this.groups.values());
    }
    this.#setAlarm(name);
  }

  /** Sets the timer for the moment at which a hook times out or an instance has proceeded. */
  #setAlarm(name: string): void {
    clearTimeout(this.#alarms.get(name));
    this.#alarms.delete(name);
    const group = this.groups.get(name);
    const atMs = group === undefined || this.#closed ? undefined : nextMoveMs(group);
    if (atMs === undefined) return;
    const inMs = Math.max(0, atMs - this.cloud.timings.nowMs()) + 1;
    this.#alarms.set(
      name,
      setTimeout(() => this.nudge(name), inMs),
    );
  }

  #retryLater(name: string): void {
    const before = this.#retries.get(name);
    clearTimeout(before?.timer);
    const delayMs = Math.min(LAST_RETRY_MS, before === undefined ? FIRST_RETRY_MS : before.delayMs * 2);
    const timer = setTimeout(() => this.nudge(name), delayMs);
    this.#retries.set(name, { delayMs, timer });
  }

  #forgetRetry(name: string): void {
    clearTimeout(this.#retries.get(name)?.timer);
    this.#retries.delete(name);
  }
}

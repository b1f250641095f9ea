// SPDX-License-Identifier: Apache-2.0
/**
 * systemd as the keeper of a node's server: it starts one again that ended, a second later, and gives up after five
 * starts (StartLimitBurst). Between two starts the server looks stopped. An agent that stops it ends that, too.
 */
import type { Chances } from '../core/chances.ts';
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Ensemble } from '../zookeeper/ensemble.ts';
import type { Host } from '../zookeeper/server.ts';

const STARTS = 5;
const RESTART_MS = 1_000;

/** What is kept: a node that has an operating system. */
export interface Kept extends Host {
  readonly up: boolean;
  /** Its agent is in the middle of a step. */
  readonly acts: boolean;
}

export class Supervisor {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #ensemble: Ensemble;
  readonly #additions: Chances;
  /** Counted up with everything that makes a planned start void. */
  readonly #plans = new Map<Host, number>();
  readonly #planned = new Set<Host>();

  constructor(scheduler: Scheduler, random: Random, ensemble: Ensemble, additions: Chances) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#ensemble = ensemble;
    this.#additions = additions;
  }

  /** The server ends by itself, or is killed by somebody who is not its agent. */
  crash(node: Kept, why: string): void {
    if (!this.#ensemble.on(node)) return;
    this.#ensemble.kill(node, why);
    if (this.#additions.strikes('crash-loop')) {
      const random = this.#additions.random('crash-loop');
      this.#plan(node, RESTART_MS, () => this.#loop(node, STARTS, 1 + random.below(STARTS)));
      return;
    }
    if (this.#random.chance(0.3)) return;
    this.#plan(node, this.#random.between(200, 5_000), () => this.#ensemble.start(node));
  }

  /** By its agent. A server that can't start is tried again, as one is that died. */
  start(node: Kept): void {
    this.forget(node);
    if (this.#ensemble.start(node) || this.#ensemble.on(node)) return;
    if (this.#additions.strikes('crash-loop')) this.#plan(node, RESTART_MS, () => this.#loop(node, STARTS - 1, 0));
  }

  /** By a person. No rule helps who does so in the middle of a step (Server 1), so it happens between two of them. */
  startByHand(node: Kept, afterMs: number): void {
    this.#scheduler.after(afterMs, () => {
      if (node.up && !node.paused && !node.acts) this.#ensemble.start(node);
    });
  }

  /** By its agent, or by the machine. */
  stop(host: Host, why: string): void {
    this.forget(host);
    this.#ensemble.kill(host, why);
  }

  /** For scenarios: it starts the server every second, however often that fails, until somebody stops it. */
  retry(node: Kept): void {
    this.#plan(node, RESTART_MS, () => {
      if (!this.#ensemble.start(node)) this.retry(node);
    });
  }

  /** It is about to start the server by itself. */
  isAboutToStart(host: Host): boolean {
    return this.#planned.has(host);
  }

  /** Whatever was planned for it does not happen. */
  forget(host: Host): void {
    this.#planned.delete(host);
    this.#plans.set(host, (this.#plans.get(host) ?? 0) + 1);
  }

  /** It starts, and as often as `failures` says it ends again before it has loaded its data. */
  #loop(node: Kept, starts: number, failures: number): void {
    const server = this.#ensemble.start(node);
    if (starts <= 1 || (server && failures <= 0)) return;
    const random = this.#additions.random('crash-loop');
    const again = (): void => this.#plan(node, RESTART_MS, () => this.#loop(node, starts - 1, failures - 1));
    if (!server) again();
    else {
      this.#scheduler.after(random.between(50, 300), () => {
        if (this.#ensemble.on(node) !== server) return;
        this.#ensemble.kill(node, 'ends at its start');
        again();
      });
    }
  }

  #plan(node: Kept, delayMs: number, start: () => void): void {
    this.forget(node);
    const plan = this.#plans.get(node);
    this.#planned.add(node);
    this.#scheduler.after(delayMs, () => {
      if (plan !== this.#plans.get(node)) return;
      this.#planned.delete(node);
      if (node.up && !node.paused && !this.#ensemble.on(node)) start();
    });
  }
}

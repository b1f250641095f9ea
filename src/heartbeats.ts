// SPDX-License-Identifier: Apache-2.0
/**
 * Heartbeats of the lifecycle hook in which this node waits, sent while the node does other work. The first is sent at
 * once when a look finds the node waiting. Further ones follow at a bounded interval, never two at a time. A heartbeat
 * that fails is logged, and stops nothing.
 */

import { AgentError } from './errors.ts';
import { type HookWait, ownHookWait } from './facts/lifecycle.ts';
import type { Observation } from './model/observation.ts';
import type { Ports } from './ports.ts';
import type { Timings } from './timings.ts';

/** From this share of the limit on, the log tells an operator that heartbeats will not help much longer. */
const NEAR_SHARE = 0.8;
/**
 * A hundred times the shortest heartbeat timeout that Auto Scaling takes. No hook ends earlier, so the agent does not
 * ask for the limit before.
 */
const SHORTEST_LIMIT_MS = 3_000_000;

interface HookLimit {
  /** Undefined when the group has no such hook any more. */
  readonly limitMs: number | undefined;
  /** A sentence, where Auto Scaling did not say how long the hook can last. */
  readonly doubt?: string;
}

export class Heartbeats implements AsyncDisposable {
  readonly #ports: Ports;
  readonly #timings: Timings;
  /** The signal of the run. When the run ends by itself, a call that is under way may finish. */
  readonly #run: AbortSignal;
  /** Present once the first beat has begun. */
  #end: AbortController | undefined;
  #wait: HookWait | undefined;
  #why = '';
  /** By hook: the limit, once it has been asked for. */
  readonly #limits = new Map<string, HookLimit>();
  #beating = false;
  #underWay: Promise<void> = Promise.resolve();

  constructor(ports: Ports, timings: Timings, run: AbortSignal) {
    this.#ports = ports;
    this.#timings = timings;
    this.#run = run;
  }

  /** Takes what a look found. `why` is a sentence: what the node waits for. */
  saw(observation: Observation, why: string): void {
    this.#wait = ownHookWait(observation);
    this.#why = why;
    if (this.#wait && !this.#beating) void this.#beat(observation.self.instance);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wait = undefined;
    this.#end?.abort(new Error('The run is over.'));
    await this.#underWay;
  }

  async #beat(instance: string): Promise<void> {
    this.#beating = true;
    this.#end ??= new AbortController();
    const signal = AbortSignal.any([this.#end.signal, this.#run]);
    try {
      while (this.#wait && !signal.aborted) {
        this.#underWay = this.#one(this.#wait, instance);
        await this.#underWay;
        await this.#ports.clock.sleep(this.#timings.heartbeatMs, signal);
      }
    } catch {
      // Only the end of the run interrupts its sleep.
    } finally {
      this.#beating = false;
    }
  }

  async #one({ group, hook, lifecycleState }: HookWait, instance: string): Promise<void> {
    const { autoScaling, log } = this.#ports;
    try {
      const answer = await autoScaling.heartbeat(group, hook, instance, this.#run);
      log.write({ event: 'heartbeat', saw: `The hook ${hook} ${answer === 'recorded' ? 'waits on' : 'is over'}.` });
      if (answer === 'recorded') await this.#warn(group, hook, lifecycleState);
    } catch (error) {
      if (this.#run.aborted) return;
      const code = error instanceof AgentError ? error.code : 'INTERNAL';
      log.write({ event: 'no-heartbeat', code, saw: error instanceof Error ? error.message : String(error) });
    }
  }

  /** The hook has a limit that no heartbeat prolongs. Only a person can do something about what the node waits for. */
  async #warn(group: string, hook: string, lifecycleState: string): Promise<void> {
    const { clock, disk, log } = this.#ports;
    const nowMs = clock.nowMs();
    const waitedMs = nowMs - (await disk.inStateSince(lifecycleState, nowMs));
    if (waitedMs < SHORTEST_LIMIT_MS * NEAR_SHARE) return;
    const { limitMs, doubt = '' } = await this.#limit(group, hook);
    if (limitMs === undefined || waitedMs < limitMs * NEAR_SHARE) return;
    const left = Math.max(0, Math.round((limitMs - waitedMs) / 60_000));
    log.write({
      event: 'error',
      code: 'HOOK_ENDS_SOON',
      saw: `The hook ${hook} has held this instance for ${Math.round(waitedMs / 60_000)} minutes; in about ${left} its group terminates it. ${doubt}${this.#why}`,
      next: 'See "zk-agent status": its lines "do" say what a person may do before that. A voter that is terminated counts against the quorum.',
    });
  }

  /** The limit by Auto Scaling. Without an answer: the limit of a hook of 300 s, which is the template's default. */
  async #limit(group: string, hook: string): Promise<HookLimit> {
    const known = this.#limits.get(hook);
    if (known) return known;
    try {
      const limit = { limitMs: await this.#ports.autoScaling.hookLimitMs(group, hook, this.#run) };
      this.#limits.set(hook, limit);
      return limit;
    } catch (error) {
      this.#run.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      return {
        limitMs: this.#timings.hookLimitMs,
        doubt: `This is so for a hook of 300 s; its own limit is not known: ${why} `,
      };
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
/**
 * One run of the agent as a process: every port call goes through here. A call is an effect that happens once, some
 * time after it was made, and an answer after that; the process may die before the effect, or between effect and
 * answer. A dead process never hears anything again, though what it had sent to AWS may still happen.
 */
import { AgentError } from '../../../src/errors.ts';
import type { Fate, Service, Weather } from '../cloud/weather.ts';
import type { Chances } from '../core/chances.ts';
import type { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Trace } from '../core/trace.ts';
import { standstillMs } from './standstill.ts';

/** A write that is on its way for longer does not arrive (docs/protocol.md, Recovery 9). */
const LATEST_MS = 600_000;

/** The share of answers that take their time after the effect, so that others overtake. */
const LATE_ANSWERS = 0.02;

/** What a run needs of the world around it. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly trace: Trace;
  readonly weather: Weather;
  readonly additions: Chances;
  /** The share of effects at which an agent dies. */
  readonly crashShare: number;
  /** After so many runs of a node that died one after the other, the next one is not killed by chance. */
  readonly mostDeathsInARow: number;
  readonly hand: Hand;
  /** When the run that acts now asked for the group last: for checkers that allow for old news. */
  newsAtMs: number;
  /** Checkers look at the world after every effect, and at the machine whose disk or server it may have changed. */
  afterEffect(changed?: Machine): void;
}

/** A scenario's hand on single effects. */
export interface Hand {
  /** The machine stands still right before this effect, until somebody resumes it. */
  readonly stopsBefore?: (machine: string, label: string) => boolean;
  /** Takes a write to AWS, whose caller hears nothing, and lets it arrive when it wants to. */
  readonly holds?: (machine: string, label: string, arrive: () => void) => boolean;
}

/** The machine that a run is a process of. */
export interface Machine {
  readonly name: string;
  readonly paused: boolean;
  pause(): void;
  resume(): void;
  /** Holds back whatever should happen while the machine stands still. */
  park(resume: () => void): void;
}

/** Something that is to happen once, and who waits for its answer. */
interface Effect<T> {
  readonly label: string;
  readonly apply: () => T;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  /** The machine whose disk or server it may change. */
  readonly changed: Machine | undefined;
}

interface CallOptions<T> {
  readonly writes?: boolean;
  readonly empty?: () => T;
  readonly lost?: (value: T) => T;
}

export class Run {
  alive = true;
  /** It is in the middle of a step. */
  acts = false;
  /** Chance does not kill this one. */
  readonly #spared: boolean;
  readonly #machine: Machine;
  readonly #world: Surroundings;
  readonly #crashed: () => void;
  #groupAskedMs: number;

  /** `deathsBefore` are the node's runs right before this one that died, one after the other. */
  constructor(machine: Machine, world: Surroundings, deathsBefore: number, crashed: () => void) {
    this.#spared = deathsBefore >= world.mostDeathsInARow;
    this.#machine = machine;
    this.#world = world;
    this.#crashed = crashed;
    this.#groupAskedMs = world.scheduler.nowMs;
  }

  get random(): Random {
    return this.#world.random;
  }

  get additions(): Chances {
    return this.#world.additions;
  }

  get scheduler(): Scheduler {
    return this.#world.scheduler;
  }

  note(what: string, detail?: () => string): void {
    this.#world.trace.line(this.#machine.name, what, detail);
  }

  die(why: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.note(`agent dies: ${why}`);
    this.#crashed();
  }

  /** Does something at a later time, when the machine is awake and the process lives. */
  later(delayMs: number, act: () => void): void {
    const perform = (): void => {
      if (!this.alive) return;
      if (this.#machine.paused) this.#machine.park(perform);
      else act();
    };
    this.scheduler.after(delayMs, perform);
  }

  /** An effect on the node itself. */
  local<T>(label: string, apply: () => T, latencyMs = 2): Promise<T> {
    return this.#nearby(label, apply, latencyMs, this.#machine);
  }

  /** As `local`, and it changes nothing. */
  look<T>(label: string, apply: () => T, latencyMs = 2): Promise<T> {
    return this.#nearby(label, apply, latencyMs, undefined);
  }

  #nearby<T>(label: string, apply: () => T, latencyMs: number, changed: Machine | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const effect = { label, apply, resolve, reject, changed };
      this.later(this.random.between(latencyMs / 4, latencyMs), this.#performing(effect));
    });
  }

  /** As `local`, with an answer that comes when the world is ready to give it: at once, or after any time. */
  awaited<T>(label: string, begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let begins = true;
      let atOnce: (() => void) | undefined;
      const settled = (settle: () => void): void => {
        this.#world.scheduler.answered();
        settle();
      };
      const answer = (settle: () => void): void => {
        if (begins && !this.random.chance(LATE_ANSWERS)) atOnce = settle;
        else this.later(this.random.between(0.5, 5), () => settled(settle));
      };
      const perform = (): void => {
        if (this.#standsStill(label, perform) || this.#diesHere(label)) return;
        this.note(label);
        begin(
          (value) => answer(() => resolve(value)),
          (error) => answer(() => reject(error)),
        );
        begins = false;
        this.#world.afterEffect();
        if (!this.#diesAfter(label) && atOnce) settled(atOnce);
      };
      this.later(this.random.between(1, 8), perform);
    });
  }

  /** From here on nothing that it decides rests on an older answer about the group, which is itself so far behind. */
  asksForTheGroup(behindMs: number): void {
    this.#groupAskedMs = this.scheduler.nowMs - behindMs;
  }

  /** A call to AWS; `empty` is what an empty answer says, where one is possible. */
  aws<T>(service: Service, label: string, effect: () => T, options: CallOptions<T> = {}): Promise<T> {
    const { weather, scheduler } = this.#world;
    // What arrives late rests on what was asked before it was sent.
    const askedMs = this.#groupAskedMs;
    const apply = (): T => {
      this.#world.newsAtMs = askedMs;
      return effect();
    };
    return new Promise<T>((resolve, reject) => {
      const call = { label, apply, resolve, reject, changed: undefined };
      scheduler.after(weather.latencyMs(service), () => this.#arrive(service, call, options));
    });
  }

  #arrive<T>(service: Service, call: Effect<T>, options: CallOptions<T>): void {
    const { weather, random } = this.#world;
    const { label, apply } = call;
    // What a process had sent before it died, or stood still, may arrive all the same.
    if (!this.alive) {
      if (options.writes && random.chance(0.3)) this.#applyLate(label, apply, this.#lateMs(20_000));
      return;
    }
    if (this.#machine.paused) {
      this.#parkCall(call);
      return;
    }
    const fate = options.writes && this.#isHeld(label, apply) ? 'refused' : weather.fate(service);
    if (fate === 'answered') this.#perform(call);
    else this.#performBadly(fate, service, call, options);
  }

  #parkCall<T>(call: Effect<T>): void {
    this.#machine.park(() => this.later(0, this.#performing(call)));
  }

  #performBadly<T>(fate: Fate, service: Service, call: Effect<T>, { writes, empty, lost }: CallOptions<T>): void {
    const { label, apply } = call;
    const fail = (): void => call.reject(unavailable(service, label));
    const ignored = (): void => undefined;
    if (fate === 'refused' || (fate === 'empty' && !empty) || (fate === 'late' && !writes)) {
      this.#perform({ ...call, label: `${label} (refused)`, apply: fail, resolve: ignored });
    } else if (fate === 'late') {
      this.#applyLate(label, apply, this.#lateMs(40_000));
      this.#perform({ ...call, label: `${label} (cut off)`, apply: fail, resolve: ignored });
    } else if (fate === 'lost') {
      if (lost && this.random.chance(0.6)) {
        this.#perform({ ...call, label: `${label} (repeated)`, apply: () => lost(apply()) });
      } else this.#perform({ ...call, label: `${label} (answer lost)`, resolve: fail });
    } else if (empty) {
      this.#perform({ ...call, label: `${label} (empty)`, apply: empty });
    }
  }

  /** Somebody else than the weather keeps this write on its way. */
  #isHeld(label: string, apply: () => unknown): boolean {
    const arrive = (): void => this.#applyLate(label, apply, 0);
    if (this.#world.hand.holds?.(this.#machine.name, label, arrive)) return true;
    if (!this.additions.strikes('late-write')) return false;
    this.#applyLate(label, apply, this.#lateMs(0));
    return true;
  }

  #lateMs(usuallyMs: number): number {
    return this.additions.isOn('late-write')
      ? this.additions.random('late-write').between(0, LATEST_MS)
      : this.random.between(0, usuallyMs);
  }

  /** Whether the machine stands still right before this effect: until a hand resumes it, or by itself for a while. */
  #standsStill(label: string, resumed: () => void): boolean {
    const machine = this.#machine;
    const byHand = this.#world.hand.stopsBefore?.(machine.name, label) === true;
    const forMs = byHand ? 0 : standstillMs(this.additions, label);
    if (!byHand && forMs === 0) return false;
    this.note(`stands still before ${label}`);
    machine.pause();
    machine.park(() => this.later(0, resumed));
    if (!byHand) this.scheduler.after(forMs, () => machine.resume());
    return true;
  }

  #applyLate(label: string, apply: () => unknown, delayMs: number): void {
    this.scheduler.after(delayMs, () => {
      this.note(`${label} (arrives late)`);
      apply();
      this.#world.afterEffect();
    });
  }

  #perform<T>(effect: Effect<T>): void {
    const { label } = effect;
    if (this.#standsStill(label, this.#performing(effect)) || this.#diesHere(label)) return;
    let value: T | undefined;
    let failure: AgentError | undefined;
    try {
      value = effect.apply();
      this.note(label);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      failure = error;
      this.#noteFailure(label, failure);
    }
    this.#world.afterEffect(effect.changed);
    if (this.#diesAfter(label)) return;
    if (this.random.chance(LATE_ANSWERS)) this.#answerLater(effect, value as T, failure);
    else this.#answer(effect, value as T, failure);
  }

  #performing<T>(effect: Effect<T>): () => void {
    return () => this.#perform(effect);
  }

  #noteFailure(label: string, failure: AgentError): void {
    this.note(label, () => `→ ${failure.message}`);
  }

  #answer<T>({ resolve, reject }: Effect<T>, value: T, failure: AgentError | undefined): void {
    this.#world.scheduler.answered();
    if (failure) reject(failure);
    else resolve(value);
  }

  #answerLater<T>(effect: Effect<T>, value: T, failure: AgentError | undefined): void {
    this.later(this.random.between(1, 3_000), () => this.#answer(effect, value, failure));
  }

  #diesHere(label: string): boolean {
    if (!this.random.chance(this.#world.crashShare / 2) || this.#spared) return false;
    this.die(`before ${label}`);
    return true;
  }

  #diesAfter(label: string): boolean {
    if (!this.random.chance(this.#world.crashShare / 2) || this.#spared) return false;
    this.die(`after ${label}`);
    return true;
  }
}

function unavailable(service: Service, label: string): AgentError {
  return new AgentError('AWS_UNAVAILABLE', `${service} did not answer ${label}`, 'Wait; the agent tries again.');
}

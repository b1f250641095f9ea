// SPDX-License-Identifier: Apache-2.0
/** The additions of one history: which are on, how likely each is in it, and how often each struck. */
import type { Chances } from '../core/chances.ts';
import { Random } from '../core/random.ts';
import type { Scheduler } from '../core/scheduler.ts';

/** A row; addition.ts says what each field is for. */
export interface AdditionTo<W> {
  readonly name: string;
  /** In a few words, for the table at the end of a run. */
  readonly what: string;
  /** How likely it is at each of its moments. */
  readonly shares?: readonly number[];
  /** The mean time between two strikes. */
  readonly everyMs?: readonly number[];
  readonly strike?: (world: W, random: Random) => boolean;
  readonly mend?: (world: W) => void;
  /** It is no fault but how the product works: on in scenarios, in histories of scaling alone, and in the calm, too. */
  readonly always?: true;
  /** A loss of its own, for a cluster that has been well. */
  readonly whole?: true;
}

interface Active<W> {
  readonly addition: AdditionTo<W>;
  readonly random: Random;
  readonly share: number;
  readonly everyMs: number;
  strikes: number;
}

export class Additions<W extends { readonly scheduler: Scheduler }> implements Chances {
  readonly #active = new Map<string, Active<W>>();
  #on = true;

  constructor(seed: number, additions: readonly AdditionTo<W>[]) {
    for (const addition of additions) {
      const random = new Random(seed, digestOf(addition.name));
      const share = addition.shares ? random.pick(addition.shares) : 0;
      const everyMs = addition.everyMs ? random.pick(addition.everyMs) : 0;
      this.#active.set(addition.name, { addition, random, share, everyMs, strikes: 0 });
    }
  }

  strikes(name: string): boolean {
    const active = this.#active.get(name);
    if (!active || active.share === 0 || !(this.#on || active.addition.always)) return false;
    if (active.share < 1 && !active.random.chance(active.share)) return false;
    active.strikes++;
    return true;
  }

  isOn(name: string): boolean {
    const active = this.#active.get(name);
    return active !== undefined && (this.#on || active.addition.always === true);
  }

  random(name: string): Random {
    const active = this.#active.get(name);
    if (!active) throw new Error(`The addition ${name} is not on.`);
    return active.random;
  }

  /** Those that happen by themselves, from now on; `alone` those alone that are a loss of their own. */
  begin(world: W, firstAfterMs: number, alone: boolean): void {
    for (const active of this.#active.values()) {
      if (active.everyMs > 0 && (!alone || active.addition.whole)) this.#next(world, active, firstAfterMs);
    }
  }

  #next(world: W, active: Active<W>, earliestMs: number): void {
    const { addition, random, everyMs } = active;
    world.scheduler.after(earliestMs - Math.log(1 - random.fraction()) * everyMs, () => {
      if (!this.#on) return;
      if (addition.strike?.(world, random)) active.strikes++;
      this.#next(world, active, 0);
    });
  }

  /** Nothing strikes any more; what was left is not mended yet. */
  stop(): void {
    this.#on = false;
  }

  calm(world: W): void {
    this.stop();
    for (const { addition } of this.#active.values()) addition.mend?.(world);
  }

  /** How often each struck that did. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const [name, { strikes }] of this.#active) if (strikes > 0) counts[name] = strikes;
    return counts;
  }
}

function digestOf(name: string): number {
  let digest = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) digest = Math.imul(digest ^ name.charCodeAt(i), 0x01000193);
  return digest >>> 0;
}

// SPDX-License-Identifier: Apache-2.0
/** The additions of one history: which are on, how likely each is in it, and how often each struck. */
import { Random } from '../core/random.ts';
import type { World } from '../world.ts';
import type { Addition } from './addition.ts';

interface Active {
  readonly addition: Addition;
  readonly random: Random;
  readonly share: number;
  readonly everyMs: number;
  strikes: number;
}

export class Additions {
  readonly #active = new Map<string, Active>();
  #on = true;

  constructor(seed: number, additions: readonly Addition[]) {
    for (const addition of additions) {
      const random = new Random(seed, digestOf(addition.name));
      const share = addition.shares ? random.pick(addition.shares) : 0;
      const everyMs = addition.everyMs ? random.pick(addition.everyMs) : 0;
      this.#active.set(addition.name, { addition, random, share, everyMs, strikes: 0 });
    }
  }

  /** Asked at a moment of the model: does it happen now? */
  strikes(name: string): boolean {
    const active = this.#active.get(name);
    if (!active || active.share === 0 || !(this.#on || active.addition.always)) return false;
    if (active.share < 1 && !active.random.chance(active.share)) return false;
    active.strikes++;
    return true;
  }

  /** It may still happen in this history; for what has to be prepared. */
  isOn(name: string): boolean {
    const active = this.#active.get(name);
    return active !== undefined && (this.#on || active.addition.always === true);
  }

  /** Its own source: what it draws changes nothing for anybody else. */
  random(name: string): Random {
    const active = this.#active.get(name);
    if (!active) throw new Error(`The addition ${name} is not on.`);
    return active.random;
  }

  /** Those that happen by themselves, from now on. */
  begin(world: World, firstAfterMs: number): void {
    for (const active of this.#active.values()) {
      if (active.everyMs > 0) this.#next(world, active, firstAfterMs);
    }
  }

  #next(world: World, active: Active, earliestMs: number): void {
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

  calm(world: World): void {
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

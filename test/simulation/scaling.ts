// SPDX-License-Identifier: Apache-2.0
/**
 * A history in which nothing happens but what a healthy cluster's owner does to it: scaling, rolling updates, instances
 * replaced through the group. Agents may die, but not for as long as a hook waits, and AWS may have its moods; servers
 * and machines are well. So no moment may be without a quorum (checkers/quorum-kept.ts).
 */
import { whyNotHealed } from './checkers/healing.ts';
import { SERVICES, type Sky } from './cloud/weather.ts';
import type { World } from './world.ts';

const DEEDS = { scale: 5, update: 4, 'update and scale': 1, replace: 3, weather: 1, 'crash-agents': 2 } as const;
/** Short enough that no hook runs into its timeout for want of a heartbeat. */
const MOODS: readonly Sky[] = ['throttle', 'slow', 'lossy'];

export class Scaling {
  readonly #world: World;
  #over = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Begins once the first ensemble is whole; until then nothing is expected of anybody. */
  begin(): void {
    const { scheduler, quorum } = this.#world;
    scheduler.after(2_000, () => {
      if (this.#over) return;
      if (whyNotHealed(this.#world) !== undefined) return this.begin();
      quorum.watching = true;
      this.#next();
    });
  }

  end(): void {
    this.#over = true;
  }

  #next(): void {
    const { random, scheduler } = this.#world;
    scheduler.after(random.pick([2_000, 15_000, 60_000]) * random.between(0.5, 1.5), () => {
      if (this.#over) return;
      this.#act(random.weighted(DEEDS));
      this.#next();
    });
  }

  #act(deed: keyof typeof DEEDS): void {
    const { random, cloud, weather, living, trace } = this.#world;
    trace.line('owner', deed);
    switch (deed) {
      case 'scale':
        this.#scale();
        break;
      case 'update':
        cloud.stack.rollingUpdate();
        break;
      case 'update and scale':
        cloud.stack.rollingUpdate();
        this.#scale();
        break;
      case 'replace':
        for (const instance of random.shuffle(cloud.group.members).slice(0, random.pick([1, 1, 2]))) {
          cloud.group.takeOut(instance);
        }
        break;
      case 'weather':
        weather.set(random.pick(SERVICES), random.pick(MOODS), random.between(5_000, 40_000));
        break;
      case 'crash-agents':
        for (const node of living) if (random.chance(0.5)) node.killAgent('killed');
        break;
    }
  }

  #scale(): void {
    const { random, cloud } = this.#world;
    cloud.group.desired = random.pick([1, 2, 3, 3, 4, 5, 5, 7]);
  }
}

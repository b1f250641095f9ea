// SPDX-License-Identifier: Apache-2.0
/**
 * A long story in place of single faults: members fall behind, a majority goes, and while the rest recovers things go
 * on happening to them. Single faults seldom add up to this.
 */
import type { Node } from './node/node.ts';
import type { World } from './world.ts';

const CRITICAL_MOMENTS = [
  'crash-agents',
  'resume',
  'reboot',
  'terminate',
  'pause',
  'lossy',
  'crash-servers',
  'wipe',
  'scale',
] as const;

export class Story {
  readonly #world: World;
  #over = false;

  constructor(world: World) {
    this.#world = world;
  }

  begin(firstAfterMs: number): void {
    this.#after(firstAfterMs, () => this.#someFallBehind());
  }

  end(): void {
    this.#over = true;
  }

  #after(delayMs: number, act: () => void): void {
    this.#world.scheduler.after(delayMs, () => {
      if (!this.#over) act();
    });
  }

  #someFallBehind(): void {
    const { random, living, cloud, trace } = this.#world;
    trace.line('story', 'some fall behind');
    for (const node of random.shuffle(living).slice(0, random.below(Math.ceil(living.length / 2) + 1))) {
      if (random.chance(0.7)) this.#pause(node, random.between(20_000, 200_000));
      else node.reboot();
    }
    if (random.chance(0.4)) {
      cloud.group.desired = Math.min(7, Math.max(1, cloud.group.desired + random.pick([-1, 1, 2])));
    }
    this.#after(random.between(3_000, 60_000), () => this.#majorityGoes());
  }

  #majorityGoes(): void {
    const world = this.#world;
    const { random, leader, living, trace } = world;
    trace.line('story', 'a majority goes');
    const members = leader?.config.members.map((member) => member.address) ?? [];
    const known = living.filter((node) => members.includes(node.address));
    const nodes = known.length > 0 ? known : living;
    const size = Math.min(nodes.length, Math.floor(nodes.length / 2) + 1 + (random.chance(0.2) ? 1 : 0));
    const how = random.weighted({ terminate: 6, pause: 3, wipe: 2, mixed: 4 });
    for (const node of random.shuffle(nodes).slice(0, size)) {
      const fate = how === 'mixed' ? random.weighted({ terminate: 5, pause: 3, wipe: 2 }) : how;
      if (fate === 'terminate') world.terminate(node.instance);
      else if (fate === 'pause') this.#pause(node, random.between(30_000, 200_000));
      else if (living.length > 1) node.wipe(random.chance(0.5) ? 'disk' : 'data');
    }
    for (let moments = random.below(5); moments > 0; moments--) {
      this.#after(random.between(2_000, 150_000), () => this.#criticalMoment());
    }
    this.#after(random.between(60_000, 240_000), () => this.#someFallBehind());
  }

  #criticalMoment(): void {
    const world = this.#world;
    const { random, living, trace, weather, supervisor, cloud } = world;
    if (living.length === 0) return;
    const moment = random.pick(CRITICAL_MOMENTS);
    trace.line('story', moment);
    const one = random.pick(living);
    switch (moment) {
      case 'crash-agents':
        for (const node of living) if (random.chance(0.6)) node.killAgent('killed');
        break;
      case 'resume':
        for (const node of living) node.resume();
        break;
      case 'reboot':
        one.reboot();
        break;
      case 'terminate':
        world.terminate(one.instance);
        break;
      case 'pause':
        this.#pause(one, random.between(5_000, 120_000));
        break;
      case 'lossy':
        weather.set('s3', 'lossy', random.between(5_000, 60_000));
        weather.set('logs', 'lossy', random.between(5_000, 60_000));
        break;
      case 'crash-servers':
        for (const node of living) if (random.chance(0.5)) supervisor.crash(node, 'killed');
        break;
      case 'wipe':
        if (living.length > 1) one.wipe(random.chance(0.5) ? 'disk' : 'data');
        break;
      case 'scale':
        cloud.group.desired = Math.min(7, Math.max(1, cloud.group.desired + random.pick([-1, 1])));
        break;
    }
  }

  #pause(node: Node, forMs: number): void {
    node.pause();
    this.#world.scheduler.after(forMs, () => node.resume());
  }
}

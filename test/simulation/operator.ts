// SPDX-License-Identifier: Apache-2.0
/**
 * What befalls a cluster: people, hardware and AWS, drawn from the seed; and the operator who sets things right again.
 */
import { SERVICES, SKIES } from './cloud/weather.ts';
import type { Random } from './core/random.ts';
import type { Node } from './node/node.ts';
import type { World } from './world.ts';

const FAULTS = {
  'crash-server': 6,
  'crash-agent': 4,
  reboot: 4,
  pause: 5,
  terminate: 7,
  scale: 4,
  partition: 4,
  weather: 6,
  wipe: 2,
  maintenance: 1,
  leave: 1,
  'remove-terminated': 2,
} as const;

export type FaultName = keyof typeof FAULTS;

const VICTIMS = { one: 8, leader: 4, minority: 2, majority: 4, all: 0.2 } as const;

/**
 * Every history has its own leanings: some kinds of fault not at all, others often. Evenly mixed faults would get in
 * the way of the long stories (Groce and others, "Swarm Testing", 2012).
 */
function leanings<K extends string>(weights: Readonly<Record<K, number>>, random: Random): Record<K, number> {
  const leaning = {} as Record<K, number>;
  for (const kind of Object.keys(weights) as K[]) leaning[kind] = weights[kind] * random.pick([0.02, 0.3, 1, 4]);
  return leaning;
}

export class Operator {
  readonly #world: World;
  readonly #faults: Readonly<Record<FaultName, number>>;
  readonly #victimKinds: Readonly<Record<keyof typeof VICTIMS, number>>;
  #faulty = true;

  constructor(world: World) {
    this.#world = world;
    this.#faults = leanings(FAULTS, world.random);
    this.#victimKinds = leanings(VICTIMS, world.random);
  }

  /** Faults from now on, until `calm`. */
  begin(firstAfterMs: number, meanMs: number): void {
    const { random, scheduler } = this.#world;
    const next = (delayMs: number): void =>
      scheduler.after(delayMs, () => {
        if (!this.#faulty) return;
        this.strike(random.weighted(this.#faults));
        next(-Math.log(1 - random.fraction()) * meanMs);
      });
    next(firstAfterMs);
  }

  /** One, the leader, a minority, a majority or, rarely, all. */
  #victims(): Node[] {
    const { random, living, leader } = this.#world;
    if (living.length === 0) return [];
    const half = Math.floor(living.length / 2);
    switch (random.weighted(this.#victimKinds)) {
      case 'one':
        return [random.pick(living)];
      case 'leader':
        return living.filter((node) => node === leader?.host);
      case 'minority':
        return random.shuffle(living).slice(0, Math.max(1, Math.floor((living.length - 1) / 2)));
      case 'majority':
        return random.shuffle(living).slice(0, half + 1);
      case 'all':
        return [...living];
    }
  }

  strike(fault: FaultName): void {
    const world = this.#world;
    const { random, trace } = world;
    trace.line('fault', fault);
    switch (fault) {
      case 'crash-server':
        for (const node of this.#victims()) this.#crashServer(node);
        break;
      case 'crash-agent':
        for (const node of this.#victims()) node.killAgent('killed');
        break;
      case 'reboot':
        for (const node of this.#victims()) node.reboot();
        break;
      case 'pause':
        for (const node of this.#victims()) this.#pause(node);
        break;
      case 'terminate':
        for (const node of this.#victims()) world.terminate(node.instance);
        break;
      case 'scale':
        world.cloud.group.desired = Math.min(7, Math.max(1, world.cloud.group.desired + random.pick([-2, -1, 1, 2])));
        break;
      case 'partition':
        this.#partition();
        break;
      case 'weather':
        for (const service of SERVICES) {
          if (random.chance(0.4)) world.weather.set(service, random.pick(SKIES), random.between(5_000, 120_000));
        }
        break;
      case 'wipe':
        this.#wipe();
        break;
      case 'maintenance':
        world.cloud.group.maintenance = !world.cloud.group.maintenance;
        break;
      case 'leave':
        this.#someone()?.run({ command: 'leave', limitMs: 60_000 });
        break;
      case 'remove-terminated':
        for (const node of this.#victims()) node.run({ command: 'remove-terminated', limitMs: 30_000 });
        break;
    }
  }

  #someone(): Node | undefined {
    const { random, living } = this.#world;
    return living.length > 0 ? random.pick(living) : undefined;
  }

  /** systemd starts a server again that died, unless a fence stands. */
  #crashServer(node: Node): void {
    this.#world.supervisor.crash(node, 'killed');
  }

  #pause(node: Node): void {
    const { random, scheduler } = this.#world;
    node.pause();
    scheduler.after(random.pick([3_000, 12_000, 40_000, 120_000]) * random.between(0.5, 1.5), () => node.resume());
  }

  /** Never everything at once: then nothing would be left to recover. */
  #wipe(): void {
    const { random, living } = this.#world;
    for (const node of this.#victims().slice(0, Math.max(1, living.length - 1))) {
      node.wipe(random.chance(0.5) ? 'disk' : 'data');
    }
  }

  #partition(): void {
    const { random, scheduler, living, ensemble } = this.#world;
    for (const one of living) {
      for (const other of living) {
        if (one.name < other.name && random.chance(0.35)) ensemble.network.cut(one.name, other.name);
      }
    }
    scheduler.after(random.between(3_000, 60_000), () => ensemble.network.heal());
  }

  /** The faults are over: the operator undoes what only he can undo. */
  calm(): void {
    const world = this.#world;
    world.trace.line('fault', 'no more faults');
    this.#faulty = false;
    world.crashShare = 0;
    world.weather.clear();
    world.additions.calm(world);
    world.ensemble.network.heal();
    world.cloud.group.maintenance = false;
    for (const node of world.nodes) node.resume();
    this.replaceTheLeft();
  }

  /** A node that was taken out stays out: its operator has the group replace it. */
  replaceTheLeft(): void {
    for (const node of this.#world.living) {
      if (node.disk.left) this.#world.terminate(node.instance);
    }
  }

  /**
   * EC2's own checks find a machine that is lost; without a quorum it is the nodes that say what to do, if any is left.
   */
  replaceTheLost(): void {
    const { leader, newestRecord, living } = this.#world;
    const lost = living.filter((node) => node.lost);
    if (!leader && newestRecord > 0 && lost.length < living.length) return;
    for (const node of lost) this.#world.terminate(node.instance);
  }

  /** What only a person can mend is mended by the advice of the nodes. */
  followAdvice(): void {
    const { living, person, random } = this.#world;
    for (const node of living) if (node.advice.length > 0) person.read(node, random.between(5_000, 40_000), random);
  }
}

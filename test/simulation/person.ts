// SPDX-License-Identifier: Apache-2.0
/**
 * A person who follows the printed advice (docs/protocol.md, "Advice"): reads what a node says, acts minutes later,
 * when the world may have changed, and checks what is printed and nothing else. A checker sees that nothing is lost by
 * it.
 */
import { type Action, type Advice, isAside, type Precondition } from '../../src/model/advice.ts';
import type { GoneMember } from '../../src/model/records.ts';
import { goneBody, goneKey } from '../../src/registry/gone.ts';
import { asideAdvice } from './asides.ts';
import type { ByHand } from './by-hand.ts';
import { checkDataMoved, checkTermination } from './checkers/advice.ts';
import type { Cluster } from './cluster.ts';
import type { Random } from './core/random.ts';
import { Violation } from './core/violation.ts';
import { damageOf, MOST_FREE_SHARE } from './node/disk-state.ts';
import type { Node } from './node/node.ts';
import { SIMULATED_TIMINGS } from './node/timings.ts';

/** What was tried is not tried again before everything else was. */
const TRY_AGAIN_MS = 1_500_000;
/**
 * Until then it is not known whether it helped: the five minutes that are told, in which cron's tick comes five times.
 */
const HELPS_WITHIN_MS = 150_000;

/** What a person is told and the simulation has nothing to do for. All else is obeyed: the compiler holds it. */
const LEFT = {
  'look-at-log': 'Who looks changes nothing. What a node says is its advice here.',
  'look-at-claims': 'Who looks changes nothing.',
  'right-volume': 'Every disk is the node’s own, or a copy, which Disk 3 finds; and no setting is wrong.',
  'run-newer-release': 'All agents are of one release, so nobody has written a newer file.',
  'restart-server': 'Servers refuse no secret of their own node.',
} as const satisfies Partial<Record<Action, string>>;

type Obeyed = Exclude<Action, keyof typeof LEFT>;

/** By these reasons nobody is ever told so. */
const NEVER_TOLD: readonly Action[] = ['run-newer-release', 'restart-server'];

function isLeft(action: Action): action is keyof typeof LEFT {
  return action in LEFT;
}

/** Between two ticks of cron no agent runs: each of them says anew what it waits for. */
const SAID_EVERY_MS = 60_000;

interface PersonsCluster extends Cluster {
  readonly byHand: ByHand;
}

export class Person {
  readonly #world: PersonsCluster;
  /** When each thing was last tried. */
  readonly #tried = new Map<string, number>();
  readonly #reading = new Set<Node>();
  #words = 0;

  constructor(world: PersonsCluster) {
    this.#world = world;
  }

  /** Says whether there was anything to obey. */
  read(from: Node, delayMs: number, random: Random): boolean {
    if (from.advice.length === 0 || !canSpeak(from) || this.#reading.has(from)) return false;
    this.#reading.add(from);
    const { advice } = from;
    this.#world.trace.line('person', 'reads', () => `${from.name}: ${JSON.stringify(advice)}`);
    this.#world.scheduler.after(delayMs, () => {
      this.#reading.delete(from);
      this.#follow(from, advice, random);
    });
    return true;
  }

  /** The same for what `zk-agent status` says of data set aside. */
  readAsides(from: Node, delayMs: number, random: Random): boolean {
    const advice = asideAdvice(this.#world, from);
    if (advice.length === 0) return false;
    this.#world.scheduler.after(delayMs, () => this.#follow(from, advice, random));
    return true;
  }

  /** The first thing that has not been tried lately and whose conditions hold. */
  #follow(from: Node, advice: readonly Advice[], random: Random): void {
    const { scheduler, trace } = this.#world;
    const piece = advice.find(
      (each, index) =>
        scheduler.nowMs - this.#triedAt(each) >= TRY_AGAIN_MS &&
        each.when.every((condition) => this.#holds(condition, each, from, advice.slice(0, index))),
    );
    if (!piece) return;
    this.#tried.set(keyOf(piece), scheduler.nowMs);
    trace.line('person', 'obeys', () => JSON.stringify(piece));
    this.#obey(piece, from, random);
  }

  #triedAt(piece: Advice): number {
    return this.#tried.get(keyOf(piece)) ?? Number.NEGATIVE_INFINITY;
  }

  #holds(condition: Precondition, piece: Advice, from: Node, before: readonly Advice[]): boolean {
    const world = this.#world;
    switch (condition.is) {
      case 'not-running': {
        const node = this.#node(condition.instance);
        return node !== undefined && !canSpeak(node);
      }
      case 'cannot-run':
        return this.#node(condition.instance)?.lost === true;
      case 'cannot-start': {
        const sinceMs =
          world.scheduler.nowMs - this.#triedAt({ action: 'start-added-server', path: condition.path, when: [] });
        const tried = sinceMs >= HELPS_WITHIN_MS && sinceMs < Number.POSITIVE_INFINITY;
        return tried && !world.byHand.runs(addressIn(condition.path));
      }
      case 'too-few-can-run':
        return condition.quorums.some(({ needs, of }) => of.filter((name) => this.#canRun(name)).length < needs);
      case 'never-was':
        return !world.nodes.some((node) => node.name === condition.instance);
      case 'no-leader':
        return world.leader === undefined;
      case 'leader':
        return world.leader !== undefined && world.leader.host !== from;
      case 'still-advised':
        return canSpeak(from) && this.#told(from).some((each) => JSON.stringify(each) === JSON.stringify(piece));
      case 'nothing-else-helps':
        return before.every((each) => {
          const sinceMs = world.scheduler.nowMs - this.#triedAt(each);
          return sinceMs >= HELPS_WITHIN_MS && sinceMs < Number.POSITIVE_INFINITY;
        });
      case 'not-wanted':
      case 'work-is-over':
        return true;
    }
  }

  /** What `zk-agent status` says now. What an agent said before it died or stood still is no answer of now. */
  #told(from: Node): readonly Advice[] {
    const sinceMs = this.#world.scheduler.nowMs - from.advisedAtMs;
    const stands = from.advisesStill || sinceMs <= SAID_EVERY_MS;
    return [...(stands ? from.advice : []), ...asideAdvice(this.#world, from)];
  }

  #obey(piece: Advice, from: Node, random: Random): void {
    const { action } = piece;
    if (!isLeft(action)) this.#act(action, piece, from, random);
    else if (NEVER_TOLD.includes(action)) {
      throw new Violation('advice', `${from.name} tells a person: ${action}. ${LEFT[action]}`);
    }
  }

  #act(action: Obeyed, piece: Advice, from: Node, random: Random): void {
    const world = this.#world;
    const node = piece.instance === undefined ? from : this.#node(piece.instance);
    switch (action) {
      case 'start-instance':
        node?.startAgain();
        break;
      case 'find-data':
        for (const each of world.nodes) if (each.instance.state === 'stopped') each.startAgain();
        world.byHand.stopAll();
        break;
      case 'mend-data':
        if (node && random.chance(0.5)) this.#mend(node);
        break;
      case 'move-data-away':
        if (!node || node.lost || world.ensemble.on(node)) break;
        this.#moveAway(node, piece);
        break;
      case 'terminate-instance':
        if (!node) break;
        checkTermination(world, node);
        world.terminate(node.instance);
        break;
      case 'allow-empty-genesis':
        world.history.emptyGenesisAllowed = true;
        node?.killAgent('stopped by the operator');
        node?.run({ command: 'recovery', allowEmptyGenesis: true, limitMs: SIMULATED_TIMINGS.bootstrapLimitMs });
        break;
      case 'lift-maintenance':
        world.cloud.group.maintenance = false;
        break;
      case 'free-space':
        if (node) Object.assign(node.disk, { full: false, freeShare: MOST_FREE_SHARE });
        break;
      case 'scale-out':
        world.cloud.group.desired = Math.min(7, world.cloud.group.desired + 1);
        break;
      case 'delete-object':
        if (piece.path !== undefined) world.cloud.objects.delete(piece.path);
        break;
      case 'stop-added-server':
        world.byHand.stop(addressOf(piece));
        break;
      case 'start-added-server':
        world.byHand.startAgain(addressOf(piece));
        break;
      case 'declare-gone':
        if (piece.gone) this.#declareGone(piece.gone, random);
        break;
      case 'remove-members':
        if (piece.config) world.byHand.removeTogether(piece.config);
        break;
      case 'correct-config':
        world.byHand.correctLines();
        break;
      case 'remove-aside':
        if (node) this.#removeAside(node, piece);
        break;
      default:
        action satisfies never;
    }
  }

  /** Now and then the server is found again after all. */
  #declareGone(gone: GoneMember, random: Random): void {
    const { cloud, byHand, scheduler } = this.#world;
    if (byHand.runs(gone.address)) {
      throw new Violation('advice', `the server at ${gone.address} runs, and a person is told that it is gone`);
    }
    cloud.objects.createOnce(goneKey(gone, String(++this.#words)), goneBody(gone));
    byHand.declareGone(gone.address);
    if (random.chance(0.3)) scheduler.after(random.between(1_000, 200_000), () => byHand.startAgain(gone.address));
  }

  /** Whatever it says that is lost: while every voter serves, nothing that was acknowledged stands in it alone. */
  #removeAside(node: Node, { path = '' }: Advice): void {
    const { disk } = node;
    const folder = disk.aside.find(({ name }) => path.endsWith(`/${name}`));
    if (!folder) return;
    checkDataMoved(this.#world, node, folder.data, undefined);
    disk.aside.splice(disk.aside.indexOf(folder), 1);
  }

  #moveAway(node: Node, { path = '', loses }: Advice): void {
    const { disk } = node;
    if (!isAside(path)) {
      checkDataMoved(this.#world, node, disk.data, loses);
      node.moveDataAway();
      return;
    }
    const folder = disk.aside.find(({ name }) => path.endsWith(`/${name}`));
    if (!folder) return;
    checkDataMoved(this.#world, node, folder.data, loses);
    disk.aside.splice(disk.aside.indexOf(folder), 1);
  }

  /**
   * With the server stopped: the stamp, what is damaged, and the epoch that belongs to the snapshot from the leader.
   */
  #mend(node: Node): void {
    const { data: own, torn, aside } = node.disk;
    if (node.lost || this.#world.ensemble.on(node)) return;
    torn.delete('stamp');
    for (const data of [own, ...aside.map((folder) => folder.data)]) {
      if (data?.unloadable) Object.assign(data, { unloadable: false, failed: undefined });
      if (!data || damageOf(data) === undefined) continue;
      data.bad = undefined;
      data.half = undefined;
      data.currentEpoch = Math.max(data.currentEpoch, data.log?.epoch ?? 0);
      data.acceptedEpoch = Math.max(data.acceptedEpoch, data.currentEpoch);
      this.#world.trace.line(node.name, 'has its data mended');
    }
  }

  /** What EC2 has under that name and has not terminated. */
  #node(name: string): Node | undefined {
    return this.#world.nodes.find(({ name: each, instance }) => each === name && instance.state !== 'terminated');
  }

  #canRun(name: string): boolean {
    return this.#node(name)?.lost === false;
  }
}

function canSpeak(node: Node): boolean {
  return node.up && !node.paused;
}

/** `member 201 at 127.16.9.1` */
function addressOf({ path = '' }: Advice): string {
  return addressIn(path);
}

function addressIn(path: string): string {
  return path.split(' at ').at(-1) ?? '';
}

function keyOf({ action, instance, path }: Advice): string {
  return JSON.stringify([action, instance, path]);
}

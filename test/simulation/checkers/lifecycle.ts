// SPDX-License-Identifier: Apache-2.0
/**
 * What the group and the stack are told is true: a launch is over for a voter, the living answer their own hooks,
 * nobody whose data may be needed gives its launch up, and the stack hears of a node when no terminating member is
 * left.
 */
import { type EnsembleConfig, type Member, votersOf } from '../../../src/model/member.ts';
import { type NameZone, placeName } from '../../../src/model/names.ts';
import { type Group, type HookWatch, LAUNCH_HOOK } from '../cloud/group.ts';
import type { Instance } from '../cloud/instances.ts';
import type { NameServers } from '../cloud/names.ts';
import type { Objects } from '../cloud/objects.ts';
import type { SignalWatch } from '../cloud/stack.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { Violation } from '../core/violation.ts';
import type { Node } from '../node/node.ts';
import type { Server } from '../zookeeper/server.ts';

/** What an agent saw may be this old when its call arrives: looks take their time, and calls arrive late. */
const OLD_NEWS_MS = 100_000;

/** What the checker looks at. */
export interface Watched {
  readonly nodes: readonly Node[];
  readonly leader: Server | undefined;
  readonly newsAtMs: number;
  readonly scheduler: Scheduler;
  readonly cloud: { readonly group: Group; readonly objects: Objects; readonly names: NameServers };
  readonly zone: NameZone | undefined;
  /** The last configs that committed, the newest one last. */
  readonly committedConfigs: readonly EnsembleConfig[];
}

export class LifecycleChecker implements HookWatch, SignalWatch {
  readonly #world: Watched;
  #ledAtMs = 0;
  /** When the first record was seen; before it nobody has data that could be needed. */
  #recordAtMs: number | undefined;
  /** Those that had begun to give their launch up while they might. */
  readonly #abandoned = new Set<Node>();

  constructor(world: Watched) {
    this.#world = world;
  }

  /** To be called often: when somebody led last is not to be seen afterwards. */
  look(): void {
    const { leader, scheduler, cloud } = this.#world;
    if (leader) this.#ledAtMs = scheduler.nowMs;
    if (this.#recordAtMs === undefined && cloud.objects.list('lineage/').length > 0) this.#recordAtMs = scheduler.nowMs;
    if (this.#mayBeLost) return;
    for (const node of this.#world.nodes) {
      if (node.disk.abandoned && !this.#isListed(node)) this.#abandoned.add(node);
    }
  }

  get #mayBeLost(): boolean {
    if (this.#recordAtMs === undefined) return false;
    return this.#world.scheduler.nowMs - Math.max(this.#ledAtMs, this.#recordAtMs) > OLD_NEWS_MS;
  }

  hookCompleted(by: string, instance: Instance, hook: string, result: 'CONTINUE' | 'ABANDON'): void {
    if (by !== instance.id) {
      if (instance.state !== 'terminated') {
        throw new Violation(
          'hooks-of-the-living',
          `${by} answers the hook of ${instance.id}, which is ${instance.state}`,
        );
      }
      return;
    }
    const node = this.#node(instance.id);
    if (hook !== LAUNCH_HOOK) {
      // A call that was cut off may arrive after the node was told to go on.
      if (this.#serves(node) && this.#isListed(node)) {
        throw new Violation('left-means-out', `${node.name} answers its terminate hook, and its server is a voter`);
      }
    } else if (result === 'CONTINUE') {
      this.#checkVotes(node, 'launched-means-voting');
      this.#checkName(node);
    } else this.#checkNotNeeded(node);
  }

  signalled(instance: string, status: 'SUCCESS' | 'FAILURE'): void {
    const node = this.#node(instance);
    if (status === 'FAILURE') {
      this.#checkNotNeeded(node);
      return;
    }
    this.#checkVotes(node, 'signalled-means-voting');
    const { cloud, nodes, newsAtMs, committedConfigs } = this.#world;
    const newest = committedConfigs.at(-1);
    for (const member of newest?.members ?? []) {
      const other = nodes.findLast(({ address, disk }) => address === member.address && disk.id === member.id);
      const sinceMs = other && other !== node ? cloud.group.terminatingSinceMs(other.name) : undefined;
      if (sinceMs === undefined || newsAtMs - sinceMs < OLD_NEWS_MS) continue;
      throw new Violation(
        'signal-not-before',
        `${node.name} signals although ${other?.name}, which is to be terminated, is still member ${member.id}`,
      );
    }
  }

  #node(instance: string): Node {
    const node = this.#world.nodes.find((each) => each.name === instance);
    if (!node) throw new Error(`There is no node ${instance}.`);
    return node;
  }

  #serves(node: Node): boolean {
    return this.#world.leader?.host === node;
  }

  /**
   * By id and address: a replacement at the address of a dead member that is still listed is not that member
   * (Joining 10).
   */
  #isListed({ address, disk }: Node): boolean {
    const newest = this.#world.committedConfigs.at(-1);
    const same = (member: Member): boolean =>
      member.address === address && (disk.id === undefined || member.id === disk.id);
    return newest !== undefined && votersOf(newest).some(same);
  }

  #checkVotes(node: Node, rule: string): void {
    const votes = this.#world.committedConfigs.some((config) =>
      votersOf(config).some((member) => member.id === node.disk.id && member.address === node.lastAddress),
    );
    if (!votes && node.wipes === 0) {
      throw new Violation(rule, `${node.name} says that it votes, and no config lists it`);
    }
  }

  /** Names 4. The name of a place that has passed on meanwhile is another node's. */
  #checkName({ name, address, disk }: Node): void {
    const { zone, cloud, scheduler } = this.#world;
    if (!zone || !disk.named) return;
    const { place, generation } = disk.named;
    // The note may have come with a copy of another node's disk.
    if (!cloud.objects.get(`places/${place}.${generation}.json`)?.body.includes(`"${name}"`)) return;
    if (cloud.objects.get(`places/${place}.${generation + 1}.json`)) return;
    if (cloud.names.addressOf(placeName(zone, place), scheduler.nowMs) === address) return;
    throw new Violation('launched-means-named', `${name} says that it votes, and clients do not find it as zk${place}`);
  }

  #checkNotNeeded(node: Node): void {
    const { nodes } = this.#world;
    // It goes on with what it has begun: it has nothing, and takes no part. A record of a later moment may list it.
    if (this.#abandoned.has(node) && !node.disk.stamp && !node.disk.data?.initialised) return;
    if (this.#isListed(node) && nodes.findLast((each) => each.address === node.address) === node) {
      throw new Violation('gives-up-a-voter', `${node.name} gives its launch up, and it is a voter`);
    }
    if (this.#mayBeLost) throw new Violation('gives-up-data', `${node.name} gives its launch up while nobody leads`);
  }
}

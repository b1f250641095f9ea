// SPDX-License-Identifier: Apache-2.0
/**
 * Members that a person adds to the config with a reconfig of his own, and removes again or not. Their servers are on
 * machines that nobody claims an id for: no agent runs there, and EC2 knows them under no tag of the cluster.
 */
import type { Advice } from '../../src/model/advice.ts';
import {
  type EnsembleConfig,
  listed,
  type Member,
  type MemberRole,
  memberAt,
  votersOf,
} from '../../src/model/member.ts';
import { ZXID_ZERO, type Zxid } from '../../src/model/zxid.ts';
import type { Cluster } from './cluster.ts';
import type { Random } from './core/random.ts';
import { HandHost } from './hand-host.ts';
import { damageOf } from './node/disk-state.ts';
import { CLUSTER } from './node/timings.ts';
import { judgeReconfig } from './zookeeper/requests.ts';
import type { Server } from './zookeeper/server.ts';

const TRY_AGAIN_MS = 3_000;
const REQUEST_MS = 10_000;
const MOST = 2;

interface Tries {
  readonly tries: number;
  readonly beside: number;
}

export class ByHand {
  /** A reconfig of the person is being proposed at this moment. */
  acts = false;
  /** Nobody moves away what a server has of an older record, before it becomes a member. */
  keepsOldData = false;
  readonly #hosts: HandHost[] = [];
  readonly #world: Cluster;
  #made = 0;

  constructor(world: Cluster) {
    this.#world = world;
  }

  isByHand({ address }: { readonly address: string }): boolean {
    return this.#hosts.some((host) => host.address === address);
  }

  isGivenUp({ address }: { readonly address: string }): boolean {
    return this.#hosts.some((host) => host.address === address && host.givenUp);
  }

  giveUp(): void {
    for (const host of this.#hosts) host.givenUp = true;
  }

  runs(address: string): boolean {
    return this.#world.ensemble.servers.some(({ host }) => host.address === address);
  }

  /** Its person wants neither the server nor its data any more. */
  declareGone(address: string): void {
    this.stop(address);
    const host = this.#hosts.find((each) => each.address === address);
    if (!host) return;
    host.unwanted = true;
    host.givenUp = true;
  }

  /** Their data may be the last that is left, so nobody runs beside an empty ensemble. */
  stopAll(): void {
    for (const host of this.#hosts) this.stop(host.address);
  }

  stop(address: string): void {
    const host = this.#hosts.find((each) => each.address === address);
    if (!host) return;
    host.stopped = true;
    this.#world.ensemble.kill(host, 'its person stops it');
  }

  lose(address: string): void {
    this.stop(address);
    for (const host of this.#hosts) if (host.address === address) host.lost = true;
  }

  startAgain(address: string): void {
    const host = this.#hosts.find((each) => each.address === address);
    if (!host || host.lost) return;
    host.stopped = false;
    const { disk, member } = host;
    // Ended before it learnt of its own addition it starts on no config but one that lists it. One that has learnt of
    // its removal is left as it is.
    if (
      disk.config &&
      !listed(disk.config, member.id, member.address) &&
      this.#isListedAfter(disk.config.version, host)
    ) {
      disk.config = { version: ZXID_ZERO, members: [...disk.config.members, member] };
    }
    this.#world.ensemble.start(host);
  }

  /** One change takes the dead and the person's own out; the servers refuse it if the config is another one by now. */
  removeTogether({ version, leaving }: NonNullable<Advice['config']>): void {
    if (this.#world.leader?.config.version !== version) return;
    for (const host of this.#hosts) if (leaving.includes(host.member.id)) host.unwanted = true;
    this.#reconfig({ leaving }, () => undefined);
  }

  /**
   * An observer, or now and then a voter; never so many that half of all are a person's. It is made a member under a
   * leader with at least as many voters as it is to be beside.
   */
  add(random: Random, { tries, beside }: Tries = { tries: 30, beside: 1 }): boolean {
    const { leader } = this.#world;
    const standing = this.#hosts.filter((host) => !host.unwanted);
    if (!leader || standing.length >= MOST) return false;
    const voters = standing.filter((host) => host.member.role === 'participant').length;
    const role = votersOf(leader.config).length >= 2 * voters + 2 && random.chance(0.4) ? 'participant' : 'observer';
    const host = this.#hostFor(random, role);
    // Some observers are only ever a line in the config.
    if (role === 'participant' || random.chance(0.7)) this.#start(host, leader);
    this.#propose(host, random, { tries, beside });
    return true;
  }

  /** As a later release may write it, or with a weight for a vote. */
  writeLine(random: Random): boolean {
    const { leader, ensemble, trace } = this.#world;
    if (!leader) return false;
    const members = leader.config.members.filter((member) => !ensemble.lines.isStrange(member));
    if (members.length === 0) return false;
    const [own] = random.shuffle(members.filter((member) => this.isByHand(member)));
    const written = { ...(own ?? random.pick(members)) };
    ensemble.lines.write(written, own ? random.pick(['server', 'weight']) : 'weight');
    trace.line('a person', 'writes a line that no agent understands', () => `about member ${written.id}`);
    this.#reconfig({ joining: [written] }, () => undefined);
    return true;
  }

  correctLines(): void {
    const { leader, ensemble } = this.#world;
    const strange = leader?.config.members.filter((member) => ensemble.lines.isStrange(member)) ?? [];
    if (strange.length > 0) this.#reconfig({ joining: strange.map((member) => ({ ...member })) }, () => undefined);
  }

  #hostFor(random: Random, role: MemberRole): HandHost {
    const number = ++this.#made;
    const id = number === 1 && random.chance(0.2) ? 0 : random.pick([200, 300]) + number;
    const host = new HandHost(`hand-${number}`, memberAt(id, `127.16.9.${number}`, role));
    this.#hosts.push(host);
    return host;
  }

  #start(host: HandHost, leader: Server): void {
    const { id, address } = host.member;
    const { disk } = host;
    disk.id = id;
    disk.stamp = { cluster: CLUSTER, lineage: this.#world.newestRecord, id };
    const others = leader.config.members.filter((member) => member.id !== id);
    disk.config ??= { version: ZXID_ZERO, members: [...others, memberAt(id, address, 'observer')] };
    this.#world.ensemble.start(host);
  }

  /** Until it is a member: a server that the person has started follows first. */
  #propose(host: HandHost, random: Random, { tries, beside }: Tries): void {
    const again = (): void => this.#propose(host, random, { tries: tries - 1, beside });
    this.#later(TRY_AGAIN_MS, () => {
      if (host.unwanted || tries === 0) return;
      const { ensemble, leader } = this.#world;
      if (this.#hasOldData(host)) {
        this.#beginAnew(host);
        return again();
      }
      const tooFew = leader !== undefined && votersOf(leader.config).length < beside;
      const server = ensemble.on(host);
      // One that ended while it was synced can't start on what it has, and nobody adds such a server.
      const isHalf = host.disk.data !== undefined && damageOf(host.disk.data) !== undefined;
      if (tooFew || isHalf || (server && server.phase !== 'serving')) return again();
      this.#reconfig({ joining: [host.member] }, (done) => {
        if (!done) return again();
        if (random.chance(0.4)) this.#later(random.between(5_000, 200_000), () => ensemble.kill(host, 'switched off'));
        if (random.chance(0.5)) this.#later(random.between(30_000, 300_000), () => this.#remove(host));
      });
    });
  }

  /** Of the ensemble before a recovery by force: a part of it stays in what a server syncs on it (Claims 7). */
  #hasOldData({ disk }: HandHost): boolean {
    return !this.keepsOldData && disk.data !== undefined && disk.stamp?.lineage !== this.#world.newestRecord;
  }

  /** Its old data is moved away, and it follows the ensemble of the newest record empty. */
  #beginAnew(host: HandHost): void {
    const { leader, newestRecord } = this.#world;
    if (leader?.host.disk.stamp?.lineage !== newestRecord) return;
    this.#world.ensemble.kill(host, 'its data is of an older record');
    Object.assign(host.disk, { data: undefined, config: undefined, pending: undefined });
    if (!host.stopped) this.#start(host, leader);
  }

  /** Out of the config, as soon as the ensemble can; then its machine is switched off. */
  #remove(host: HandHost): void {
    host.unwanted = true;
    const { leader } = this.#world;
    const again = (): void => this.#later(TRY_AGAIN_MS, () => this.#remove(host));
    if (this.#isOver(host)) return;
    if (leader && this.#isListed(host, leader) && this.#othersServe(host, leader)) {
      this.#reconfig({ leaving: [host.member.id] }, again);
    } else again();
  }

  /** A node that is down does not learn of the removal, and could wait for that server later (docs/runbook.md). */
  #othersServe(host: HandHost, { config }: Server): boolean {
    const serving = this.#world.ensemble.servers.filter(({ phase, awake }) => phase === 'serving' && awake);
    const others = votersOf(config).filter(({ address }) => address !== host.address);
    return others.every(({ address }) => serving.some((server) => server.host.address === address));
  }

  #isListed(host: HandHost, { config }: { readonly config: EnsembleConfig }): boolean {
    return config.members.some(({ address }) => address === host.address);
  }

  /** In a config that a node or the server itself has learnt, or that was proposed to it. */
  #isListedAfter(version: Zxid, host: HandHost): boolean {
    const disks = [host.disk, ...this.#world.living.map(({ disk }) => disk)];
    const known = disks.flatMap(({ config, pending }) => [config, pending]);
    return known.some((config) => config && config.version > version && this.#isListed(host, { config }));
  }

  /** It is no member any more, or a node asks for its end: a recovery by force waits for nothing else. */
  #isOver(host: HandHost): boolean {
    const { leader, ensemble, living } = this.#world;
    // It was removed as of its own config. Where that never listed it, it may have ended before it learnt of its
    // addition.
    const own = host.disk.config;
    const isIn = own !== undefined && own.version !== ZXID_ZERO && this.#isListed(host, { config: own });
    const out = leader
      ? !leader.next && !this.#isListed(host, leader)
      : !isIn && !this.#isListedAfter(own?.version ?? ZXID_ZERO, host);
    const asked = living.some(({ said }) => said.includes('added by hand, still run') && said.includes(host.address));
    if (asked) this.stop(host.address);
    else if (out) ensemble.kill(host, 'no member any more');
    return out;
  }

  #reconfig(change: { joining?: readonly Member[]; leaving?: readonly number[] }, done: (ok: boolean) => void): void {
    const { leader, ensemble, trace } = this.#world;
    if (!leader) {
      done(false);
      return;
    }
    const judged = judgeReconfig(ensemble, leader, { ...change, fromVersion: leader.config.version });
    if ('answer' in judged) {
      done(false);
      return;
    }
    trace.line('a person', 'changes the config', () => JSON.stringify(change));
    this.acts = true;
    const draft = { kind: 'reconfig', members: judged.members } as const;
    const taken = ensemble.requests.submit(ensemble, leader, draft, ensemble.nowMs + REQUEST_MS, (outcome) =>
      done(outcome === 'committed'),
    );
    this.acts = false;
    if (!taken) done(false);
    ensemble.wake();
  }

  /** In the calm the person keeps them going or takes them out; voters stay only where they are no half of all. */
  calm(random: Random): void {
    let voters = 0;
    for (const host of this.#hosts) {
      const votes = host.member.role === 'participant' ? 1 : 0;
      const stays = votes === 0 || this.#world.cloud.group.desired >= voters + 2;
      if (!host.unwanted && !(stays && random.chance(0.6))) host.unwanted = true;
      if (!host.unwanted) voters += votes;
      this.#keepGoing(host);
    }
  }

  /** A voter whose server stands still is a loss that only the person can mend. */
  #keepGoing(host: HandHost): void {
    if (this.#isOver(host)) {
      // Its server is ended, so it is not added later either.
      host.unwanted = true;
      return;
    }
    if (host.member.role === 'participant' && !host.stopped) this.#world.ensemble.start(host);
    if (host.unwanted && this.#world.leader) this.#remove(host);
    else this.#later(TRY_AGAIN_MS, () => this.#keepGoing(host));
  }

  #later(delayMs: number, act: () => void): void {
    this.#world.scheduler.after(delayMs, act);
  }
}

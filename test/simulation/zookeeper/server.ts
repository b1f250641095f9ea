// SPDX-License-Identifier: Apache-2.0
/** One ZooKeeper server process of the model, and the term (one leader's time in office) that it follows. */
import { type EnsembleConfig, votersOf } from '../../../src/model/member.ts';
import { Violation } from '../core/violation.ts';
import type { DataState, DiskState } from '../node/disk-state.ts';
import type { Entry, Log } from './entry.ts';

/** The machine that a server runs on. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly disk: DiskState;
  paused: boolean;
  /** Its own questions to its own server stay without an answer until then. */
  readonly unansweredUntilMs: number;
}

/**
 * `discovery` → `accepted` (the new epoch is promised) → `data` (synced) → `synced` (currentEpoch written) → `serving`.
 */
export type Phase = 'loading' | 'looking' | 'discovery' | 'accepted' | 'data' | 'synced' | 'serving';

export interface Term {
  readonly leader: Server;
  readonly startedMs: number;
  /** 0 until a quorum of followers is there and the epoch is chosen. */
  epoch: number;
  counter: number;
  stage: 'discovery' | 'accepting' | 'syncing' | 'serving';
  /** The reconfig that was proposed and has not committed. */
  reconfig: Entry | undefined;
  over: boolean;
}

export class Server {
  readonly host: Host;
  readonly id: number;
  readonly startedMs: number;
  loadedAtMs: number;
  running = true;
  phase: Phase = 'loading';
  /** The committed config that this server goes by. */
  config: EnsembleConfig;
  /** The last config it saw proposed, if newer than the committed one. */
  next: EnsembleConfig | undefined;
  /** A proposed config older than the committed one was on its disk: it takes that for the last it has seen. */
  sawOlder: boolean;
  term: Term | undefined;
  /** What this server has applied: its clients read that. */
  applied: Log = undefined;
  /** When leader and follower last heard of each other. */
  contactMs = 0;

  constructor(host: Host, id: number, config: EnsembleConfig, nowMs: number, loadMs: number) {
    this.host = host;
    this.id = id;
    this.config = config;
    this.next = host.disk.pending && host.disk.pending.version > config.version ? host.disk.pending : undefined;
    this.sawOlder = host.disk.pending !== undefined && host.disk.pending.version < config.version;
    this.startedMs = nowMs;
    this.loadedAtMs = nowMs + loadMs;
  }

  get data(): DataState {
    const data = this.host.disk.data;
    if (!data) {
      throw new Violation('no-data-deleted', `the data of ${this.host.name} was moved under its running server`);
    }
    return data;
  }

  get awake(): boolean {
    return this.running && !this.host.paused;
  }

  get leads(): boolean {
    return this.term?.leader === this;
  }

  /** Writes what ZooKeeper writes: the config that `zoo.cfg` points at, and `.dynamic.next`. */
  adopt(config: EnsembleConfig, next: EnsembleConfig | undefined): void {
    this.config = config;
    this.next = next;
    this.sawOlder = false;
    const { disk } = this.host;
    disk.config = config;
    disk.pending = next;
    disk.torn.delete('config');
    disk.torn.delete('pending');
  }
}

export function voterIds(config: EnsembleConfig): readonly number[] {
  return votersOf(config).map((member) => member.id);
}

const idsOfConfig = new WeakMap<EnsembleConfig, ReadonlySet<number>>();

export function voterSet(config: EnsembleConfig): ReadonlySet<number> {
  const cached = idsOfConfig.get(config);
  if (cached) return cached;
  const ids = new Set(voterIds(config));
  idsOfConfig.set(config, ids);
  return ids;
}

/** Votes and acknowledgements are counted by id: ZooKeeper knows nothing else of a server. */
export function hasQuorum(config: EnsembleConfig, ids: ReadonlySet<number>): boolean {
  const voters = voterSet(config);
  let count = 0;
  for (const id of voters) if (ids.has(id)) count++;
  return count * 2 > voters.size;
}

export function hasBothQuorums(server: Server, ids: ReadonlySet<number>): boolean {
  return hasQuorum(server.config, ids) && (!server.next || hasQuorum(server.next, ids));
}

export function isVoterFor(server: Server, id: number): boolean {
  return voterSet(server.config).has(id) || (server.next !== undefined && voterSet(server.next).has(id));
}

/** True if the server has the other one's right address. */
export function knows(server: Server, other: Server): boolean {
  const match = (config: EnsembleConfig | undefined): boolean =>
    config?.members.some((member) => member.id === other.id && member.address === other.host.address) ?? false;
  return match(server.config) || match(server.next);
}

/**
 * Negative if `a` is the better leader's candidate than `b`: (currentEpoch, last zxid, id), as in FastLeaderElection.
 */
export function compareVotes(a: Server, b: Server): number {
  const left = a.data;
  const right = b.data;
  if (left.currentEpoch !== right.currentEpoch) return right.currentEpoch - left.currentEpoch;
  const byLog = compareLogs(left.log, right.log);
  return byLog !== 0 ? byLog : b.id - a.id;
}

export function compareLogs(a: Log, b: Log): number {
  const left = a?.zxid ?? '';
  const right = b?.zxid ?? '';
  return left === right ? 0 : left > right ? -1 : 1;
}

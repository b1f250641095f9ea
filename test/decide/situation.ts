/** A cluster of three to change for a test: node 1 looks, node 3 leads, all is well. Plain data, as decide gets it. */
import { type GroupFact, known, type Life, unknown } from '../../src/model/cloud.ts';
import type { DataFacts, DiskFacts } from '../../src/model/disk.ts';
import { type EnsembleConfig, type Member, memberAt, type Role } from '../../src/model/member.ts';
import type { Ensemble, Observation, Shared, Silence } from '../../src/model/observation.ts';
import type {
  Claim,
  ForcedRecord,
  FoundReport,
  GenesisRecord,
  LineageRecord,
  RecordMember,
  Report,
} from '../../src/model/records.ts';
import { toZxid, type Zxid } from '../../src/model/zxid.ts';

export const CLUSTER = 'orders-4f1c2a90';
/** Epoch 1, transaction 66. */
export const COMMITTED: Zxid = toZxid(0x100000042n);
export const CONFIG_VERSION: Zxid = toZxid(0x100000007n);

export function instanceOf(id: number): string {
  return `i-0a0${id}`;
}

export function addressOf(id: number): string {
  return `10.0.0.${id}`;
}

export function member(id: number, role: Role = 'participant', address = addressOf(id)): Member {
  return memberAt(id, address, role);
}

export function configOf(ids: readonly number[], version = CONFIG_VERSION): EnsembleConfig {
  return { version, members: ids.map((id) => member(id)) };
}

/** Claimed an hour ago, unless told otherwise. */
export function claimOf(id: number, change: Partial<Claim> = {}): Claim {
  return {
    id,
    generation: 1,
    owner: { instance: instanceOf(id), address: addressOf(id) },
    ageMs: 3_600_000,
    ...change,
  };
}

export function recordMember(id: number, change: Partial<RecordMember> = {}): RecordMember {
  return { id, generation: 1, instance: instanceOf(id), address: addressOf(id), ...change };
}

export function genesisOf(ids: readonly number[], change: Partial<GenesisRecord> = {}): GenesisRecord {
  return {
    kind: 'genesis',
    number: 1,
    members: ids.map((id) => recordMember(id)),
    fenced: [],
    epochFloor: 0,
    ...change,
  };
}

export function forcedOf(owner: RecordMember, change: Partial<ForcedRecord> = {}): ForcedRecord {
  return {
    kind: 'forced',
    number: 2,
    owner,
    fenced: [owner.instance],
    epochFloor: 1,
    source: { lineage: 1 },
    ...change,
  };
}

export function dataOf(currentEpoch: number, lastZxid: Zxid, change: Partial<DataFacts> = {}): DataFacts {
  return { currentEpoch, acceptedEpoch: currentEpoch, lastZxid, ...change };
}

export function diskOf(id: number, change: Partial<DiskFacts> = {}): DiskFacts {
  return {
    id,
    stamp: { cluster: CLUSTER, lineage: 1, id },
    nonce: nonceOf(id),
    data: dataOf(1, COMMITTED),
    marker: false,
    left: false,
    reported: false,
    ready: true,
    signalled: false,
    vouched: CONFIG_VERSION,
    config: configOf([1, 2, 3]),
    aside: [],
    ...change,
  };
}

export function nonceOf(id: number): string {
  return String(id).repeat(8);
}

/** An instance that was never more than started. */
export const EMPTY_DISK: DiskFacts = {
  marker: false,
  left: false,
  reported: false,
  ready: false,
  signalled: false,
  aside: [],
};

export function ensembleOf(ids: readonly number[], change: Partial<Ensemble> = {}): Ensemble {
  const leader = Math.max(...ids);
  return {
    leader: { id: leader, address: addressOf(leader) },
    config: configOf(ids),
    epoch: 1,
    zxid: COMMITTED,
    servingIds: ids,
    ...change,
  };
}

export function sharedOf(records: readonly LineageRecord[], ids: readonly number[], change: Partial<Shared> = {}) {
  return known<Shared>({ records, claims: ids.map((id) => claimOf(id)), dead: [], ...change });
}

export function livesOf(ids: readonly number[], life: Life = 'alive'): Record<string, Life> {
  return Object.fromEntries(ids.map((id) => [instanceOf(id), life]));
}

export function groupFact(ids: readonly number[], change: Partial<GroupFact> = {}): GroupFact {
  return {
    name: `${CLUSTER}-group`,
    desired: 3,
    maximum: 7,
    instances: ids.map((id) => ({ instance: instanceOf(id), lifecycleState: 'InService' })),
    maintenance: false,
    suspended: [],
    ...change,
  };
}

export function groupOf(ids: readonly number[], change: Partial<GroupFact> = {}) {
  return known(groupFact(ids, change));
}

export const LIMITS = { ownerUnknownMs: 900_000, equalFactsMs: 20_000, unclaimedMs: 20_000, joinRestartMs: 60_000 };

/** Node 1 of three, a follower, with nothing left to do. */
export function healthy(change: Partial<Observation> = {}): Observation {
  return {
    order: { command: 'recovery', allowEmptyGenesis: false, rejoin: false },
    self: { instance: instanceOf(1), address: addressOf(1), cluster: CLUSTER },
    targetState: known('InService'),
    disk: diskOf(1),
    server: { upMs: 600_000, answer: { kind: 'serving', mode: 'follower', zxid: COMMITTED } },
    shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3]),
    group: groupOf([1, 2, 3]),
    lives: livesOf([1, 2, 3]),
    terminated: [],
    ensemble: ensembleOf([1, 2, 3]),
    silence: unknown('an ensemble answers'),
    watch: undefined,
    limits: LIMITS,
    ...change,
  };
}

/** What node `id` of three reports while nobody leads. */
export function reportOf(id: number, change: Partial<Report> = {}): FoundReport {
  const report: Report = {
    instance: instanceOf(id),
    address: addressOf(id),
    record: 1,
    fenced: false,
    canVote: true,
    id,
    lineage: 1,
    data: dataOf(1, COMMITTED),
    config: configOf([1, 2, 3]),
    ...change,
    // The order of the agent's own reports, which it compares as text.
    aside: change.aside ?? [],
  };
  return { report, serial: `s${id}`, ageMs: 5_000 };
}

export function silenceOf(ids: readonly number[], reports: readonly FoundReport[], change: Partial<Silence> = {}) {
  return known<Silence>({
    reports,
    announcements: [1, 2, 3].map((id) => ({ record: 1, id, nonce: nonceOf(id) })),
    instances: ids.map(instanceOf),
    unclaimedForMs: {},
    ...change,
  });
}

/** Node 1 of three, whose server runs and finds no quorum; it has reported, the others are there and have not. */
export function silent(change: Partial<Observation> = {}): Observation {
  return healthy({
    disk: diskOf(1, { reported: true }),
    server: { upMs: 600_000, answer: { kind: 'not-serving' } },
    ensemble: undefined,
    silence: silenceOf([1, 2, 3], [reportOf(1)]),
    ...change,
  });
}

/** Node 1 is the survivor: the instances of 2 and 3 are gone for good. */
export function survivor(change: Partial<Observation> = {}): Observation {
  return silent({
    group: groupOf([1]),
    lives: { ...livesOf([1]), ...livesOf([2, 3], 'gone') },
    silence: silenceOf([1, 2, 3], [reportOf(1)]),
    ...change,
  });
}

/** The survivor, fenced with its report, after the facts have stood still for long enough. */
export function fencedSurvivor(change: Partial<Observation> = {}): Observation {
  const found = reportOf(1, { fenced: true });
  return survivor({
    disk: diskOf(1, { reported: true, fence: { record: 1 } }),
    server: { upMs: undefined, answer: { kind: 'silent', why: 'connection refused' } },
    silence: silenceOf([1, 2, 3], [found]),
    watch: { digest: JSON.stringify([1, ['s1'], [1, 2, 3].map(instanceOf)]), forMs: 25_000 },
    ...change,
  });
}

// SPDX-License-Identifier: Apache-2.0
/** The parts of an observation of a cluster of three, each to change for a test. Plain data, as decide gets it. */
import { type GroupFact, known, type Life, type SlotFact, unknown } from '../../src/model/cloud.ts';
import type { DataFacts, DiskFacts } from '../../src/model/disk.ts';
import { type EnsembleConfig, type Member, type MemberRole, memberAt } from '../../src/model/member.ts';
import type { Ensemble, Observation, Shared, Silence } from '../../src/model/observation.ts';
import type {
  Announcement,
  Claim,
  ForcedRecord,
  FoundReport,
  GenesisRecord,
  LineageRecord,
  RecordMember,
  Report,
} from '../../src/model/records.ts';
import { toZxid, type Zxid } from '../../src/model/zxid.ts';

/** What differs from the usual; `undefined` takes a fact away. */
export type Change<T> = { readonly [K in keyof T]?: T[K] | undefined };

function changed<T extends object>(usual: T, change: Change<T>): T {
  return Object.fromEntries(Object.entries({ ...usual, ...change }).filter(([, fact]) => fact !== undefined)) as T;
}

export const CLUSTER = 'orders-4f1c2a90';
/** Epoch 1, transaction 66. */
export const COMMITTED: Zxid = toZxid(0x100000042n);
export const CONFIG_VERSION: Zxid = toZxid(0x100000007n);
/** What a joiner gets that is to follow this config. */
export const BELOW_COMMITTED: Zxid = toZxid(0x100000006n);

export function instanceOf(id: number): string {
  return `i-0a0${id}`;
}

export function addressOf(id: number): string {
  return `10.0.0.${id}`;
}

export function member(id: number, role: MemberRole = 'participant', address = addressOf(id)): Member {
  return memberAt(id, address, role);
}

export function configOf(ids: readonly number[], version = CONFIG_VERSION): EnsembleConfig {
  return { version, members: ids.map((id) => member(id)) };
}

/** Claimed an hour ago, unless told otherwise. */
export function claimOf(id: number, change: Change<Claim> = {}): Claim {
  const usual = {
    id,
    generation: 1,
    owner: { instance: instanceOf(id), address: addressOf(id) },
    ageMs: 3_600_000,
  };
  return changed<Claim>(usual, change);
}

export function slotAddress(id: number): string {
  return `198.51.100.${id}`;
}

/** The slot with this id, at this instance, or at none. */
export function slotOf(id: number, instance?: string): SlotFact {
  const slot = { id, address: slotAddress(id), allocation: `eipalloc-${id}` };
  return instance === undefined ? slot : { ...slot, instance };
}

/** What holds this slot is node `by`. */
export function slotClaimOf(id: number, by = id, change: Change<Claim> = {}): Claim {
  return claimOf(id, { owner: { instance: instanceOf(by), address: slotAddress(id), slot: true }, ...change });
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

export function dataOf(currentEpoch: number, lastZxid: Zxid, change: Change<DataFacts> = {}): DataFacts {
  return changed<DataFacts>({ currentEpoch, acceptedEpoch: currentEpoch, lastZxid }, change);
}

export function diskOf(id: number, change: Change<DiskFacts> = {}): DiskFacts {
  const usual: DiskFacts = {
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
  };
  return changed(usual, change);
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

export const LIMITS = {
  ownerUnknownMs: 900_000,
  recoveryQuietMs: 20_000,
  unclaimedMs: 20_000,
  noLeaderRejoinMs: 60_000,
};

/** What node `id` of three reports while nobody leads. */
export function reportOf(id: number, change: Change<Report> = {}): FoundReport {
  const usual: Report = {
    instance: instanceOf(id),
    address: addressOf(id),
    record: 1,
    fenced: false,
    canVote: true,
    id,
    lineage: 1,
    data: dataOf(1, COMMITTED),
    config: configOf([1, 2, 3]),
    aside: [],
  };
  const { aside, ...rest } = changed(usual, change);
  // The order of the agent's own reports, which it compares as text.
  return { report: { ...rest, aside }, serial: `s${id}`, ageMs: 5_000 };
}

/** These nodes have said that they start the ensemble of a genesis. */
export function announcementsOf(ids: readonly number[], record = 1): readonly Announcement[] {
  return ids.map((id) => ({ record, id, nonce: nonceOf(id) }));
}

export function silenceOf(ids: readonly number[], reports: readonly FoundReport[], change: Partial<Silence> = {}) {
  return known<Silence>({
    reports,
    announcements: announcementsOf([1, 2, 3]),
    instances: ids.map(instanceOf),
    unclaimedForMs: {},
    ...change,
  });
}

export function selfOf(id: number): Observation['self'] {
  return { instance: instanceOf(id), address: addressOf(id), cluster: CLUSTER };
}

export function orderOf(change: Partial<Observation['order']> = {}): Observation['order'] {
  return { command: 'recovery', allowEmptyGenesis: false, rejoin: false, ...change };
}

/** The group with these nodes, of which some are in another state than in service. */
export function groupIn(
  ids: readonly number[],
  states: Readonly<Record<number, string>>,
  change: Partial<GroupFact> = {},
) {
  const instances = ids.map((id) => ({ instance: instanceOf(id), lifecycleState: states[id] ?? 'InService' }));
  return groupOf(ids, { instances, ...change });
}

/** These reports, under this record, have stood still for long enough. */
export function stoodStill(record: number, serials: readonly string[], ids: readonly number[], forMs = 25_000) {
  return { digest: JSON.stringify([record, serials, ids.map(instanceOf)]), forMs };
}

/** What node `id` reports that has no data and no config, and stays down. */
export function emptyReportOf(id: number, change: Change<Report> = {}): FoundReport {
  const nothing = { canVote: false, fenced: true, lineage: undefined, data: undefined, config: undefined };
  return reportOf(id, { ...nothing, ...change });
}

/** What node `id` of five reports, fenced. */
export function reportOfFive(id: number, change: Change<Report> = {}): FoundReport {
  return reportOf(id, { fenced: true, config: configOf([1, 2, 3, 4, 5]), ...change });
}

/** The disk of a node that has claimed its id, and has nothing else. */
export function newDiskOf(id: number, change: Partial<DiskFacts> = {}): DiskFacts {
  return { ...EMPTY_DISK, id, ...change };
}

export const STACK = { signals: true, launchHook: 'launch', terminateHook: 'terminate' };
export const STOPPED = { upMs: undefined, answer: { kind: 'silent', why: 'connection refused' } } as const;
export const LOOKS_FOR_A_LEADER = { upMs: 600_000, answer: { kind: 'not-serving' } } as const;
export const FOLLOWS = { upMs: 600_000, answer: { kind: 'serving', mode: 'follower', zxid: COMMITTED } } as const;
export const LEADS = { upMs: 600_000, answer: { kind: 'serving', mode: 'leader', zxid: COMMITTED } } as const;
export const NO_RECORD = unknown('there is no lineage record yet');
export const S3_IS_SILENT = unknown('S3 timed out');

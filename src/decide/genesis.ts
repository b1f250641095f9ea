// SPDX-License-Identifier: Apache-2.0
/**
 * The first ensemble (docs/protocol.md, "Genesis"). Pure.
 * Invariant 1: a new ensemble starts under a new record only.
 * Invariant 2: only members of a genesis record get a marker. A node's marker is written once, and never again after
 * its stamp.
 */

import { hasData } from '../facts/data.ts';
import { unfencedOf } from '../facts/fenced.ts';
import { isGone, lifeOf } from '../facts/lives.ts';
import { idModeOf } from '../identity/modes.ts';
import type { Advice } from '../model/advice.ts';
import { highestGenerations } from '../model/claims.ts';
import { type DiskFacts, unreadable } from '../model/disk.ts';
import type { Observation, Shared, Silence } from '../model/observation.ts';
import type { Announcement, GenesisRecord, LineageRecord, RecordMember } from '../model/records.ts';
import { type Decision, type Obstacle, take, wait, waitForFact } from '../model/step.ts';
import { awaitInstance } from './advise.ts';
import { decideAside } from './aside.ts';
import { whyNotNow } from './why-not-now.ts';

/** The nodes that can be members of a first ensemble: claimed, running, not leaving; lowest ids first (Genesis 1). */
function candidates(observation: Observation, shared: Shared): readonly RecordMember[] {
  const leaving = new Set<string>();
  if (observation.group.known) {
    for (const entry of observation.group.value.instances) {
      if (entry.lifecycleState.startsWith('Terminat')) leaving.add(entry.instance);
    }
  }
  const mode = idModeOf(observation);
  const byInstance = new Map<string, RecordMember>();
  for (const claim of highestGenerations(shared.claims).values()) {
    if (typeof claim.owner !== 'object') continue;
    const { instance, address } = claim.owner;
    if (lifeOf(observation, instance) !== 'alive' || leaving.has(instance)) continue;
    // Slots 5: of two slots a node counts under the one whose address it has.
    if (byInstance.has(instance) && !mode.isInUse(claim, observation)) continue;
    byInstance.set(instance, { id: claim.id, generation: claim.generation, instance, address });
  }
  return [...byInstance.values()].sort((a, b) => a.id - b.id);
}

interface FirstMembers {
  readonly record: GenesisRecord;
  readonly why: string;
}

interface NotYet extends Obstacle {
  /** Nodes that the group desires have no id yet. */
  readonly tooFew?: true;
  /** The instance that has to do something first. */
  readonly awaited?: string;
}

/**
 * The genesis record, once the group's desired number of nodes have claimed ids and this node is one of them. Before
 * that: the reason why there is none.
 *
 * `number` 1 is the genesis. A later one replaces records under which nothing was ever committed (Genesis 5).
 */
export function firstMembers(
  observation: Observation,
  shared: Shared,
  next: { readonly number: number; readonly fenced: readonly string[]; readonly epochFloor: number },
): FirstMembers | NotYet {
  const held = whyNotNow(observation);
  if (held) return { ...held, why: `There is no ensemble yet and none is founded: ${held.why}.` };
  const desired = observation.group.known ? observation.group.value.desired : 0;
  const seen = candidates(observation, shared);
  if (!seen.some((member) => member.instance === observation.self.instance)) {
    return { why: 'This node does not see its own claim with a running instance yet.' };
  }
  if (desired < 1 || seen.length < desired) {
    return { why: `${seen.length} of the ${desired} nodes that the group desires have claimed an id.`, tooFew: true };
  }
  const record: GenesisRecord = { kind: 'genesis', ...next, members: seen.slice(0, desired) };
  const early = idModeOf(observation).whatHoldsFounding(observation, record.members);
  if (early) return early;
  const ids = record.members.map((member) => member.id).join(', ');
  return { record, why: `All ${desired} desired nodes have claimed an id: the first ensemble is ${ids}.` };
}

/** Genesis 1. The first record does not rely on any report. */
export function decideGenesis(observation: Observation, shared: Shared): Decision {
  const first = firstMembers(observation, shared, { number: 1, fenced: [], epochFloor: 0 });
  return 'record' in first
    ? take({ kind: 'create-genesis', record: first.record }, first.why)
    : waitForFact(first.why, first.fact, awaitTheOne(first));
}

/** Advice 2: what a person may do about the one instance that a founding waits for. */
export function awaitTheOne({ awaited }: NotYet): readonly Advice[] {
  return awaited === undefined ? [] : awaitInstance(awaited);
}

/** This node's entry in a genesis record, by instance. */
function listedInGenesis(observation: Observation, newest: LineageRecord): RecordMember | undefined {
  if (newest.kind !== 'genesis') return undefined;
  return newest.members.find((member) => member.instance === observation.self.instance);
}

/**
 * Genesis 2: the first start of a listed node that is not stamped with this record yet and has no data.
 * Undefined when this is not such a node: then it restarts, joins or recovers.
 */
export function decideFirstStart(
  observation: Observation,
  newest: LineageRecord,
  announcements: readonly Announcement[],
  silence: Silence,
): Decision | undefined {
  const member = listedInGenesis(observation, newest);
  const { disk } = observation;
  // Genesis 3: a node that the newest record does not list joins.
  if (!member || newest.kind !== 'genesis') return undefined;
  if (disk.stamp?.lineage === newest.number) return undefined;
  // The stamp that can't be read may be this record's. Then this disk may have lost what it acknowledged (Files 2).
  if (unreadable(disk, 'stamp')) return undefined;
  if (hasData(disk) && disk.stamp === undefined) return undefined;
  if (hasStartedUnder(newest, disk)) return undefined;
  const announced = announcements.find((entry) => entry.record === newest.number && entry.id === member.id);
  // With another nonce, this disk was wiped after its start. A second marker could make a survivor lose its data.
  if (announced && announced.nonce !== disk.nonce) return undefined;
  const held = whyNotNow(observation);
  if (held) {
    return waitForFact(
      `This node is listed in record ${newest.number} and its first start is held back: ${held.why}.`,
      held.fact,
    );
  }
  const [unfenced] = unfencedOf(newest, {
    self: observation.self.instance,
    reports: silence.reports,
    isGone: (instance) => isGone(observation, instance),
    hasStarted: (instance) => hasStarted(instance, newest, announcements),
  });
  if (unfenced) {
    return wait(
      `Before the first start under record ${newest.number} every old server must stand still: ${unfenced} is not fenced.`,
    );
  }
  if (disk.data && disk.stamp && disk.stamp.lineage < newest.number) {
    const name = `lineage-${disk.stamp.lineage}-before-genesis-${newest.number}`;
    return decideAside(
      observation,
      name,
      `What is on the disk belongs to record ${disk.stamp.lineage}, under which nothing was ever committed.`,
    );
  }
  return take(
    { kind: 'prepare-genesis', record: newest, member },
    `This node is member ${member.id} of the first ensemble of record ${newest.number}.`,
  );
}

/**
 * Genesis 2: data of this record that was set aside, stamp and all, was this disk's under it. Data without a stamp may
 * be of record 1.
 */
function hasStartedUnder({ number }: GenesisRecord, { aside, ready }: DiskFacts): boolean {
  // A person may have moved away what was set aside.
  if (ready && number === 1) return true;
  return aside.some(({ lineage }) => lineage >= number || (lineage === 0 && number === 1));
}

function hasStarted(instance: string, record: GenesisRecord, announcements: readonly Announcement[]): boolean {
  const member = record.members.find((entry) => entry.instance === instance);
  return announcements.some((entry) => entry.record === record.number && entry.id === member?.id);
}

/**
 * Genesis 5: if under every record no more than half of the members announced a start, nothing can have been committed.
 */
export function neverStarted(records: readonly LineageRecord[], announcements: readonly Announcement[]): boolean {
  return records.every((record) => {
    if (record.kind !== 'genesis') return false;
    const started = announcements.filter((entry) => entry.record === record.number).length;
    return started * 2 <= record.members.length;
  });
}

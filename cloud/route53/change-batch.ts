// SPDX-License-Identifier: Apache-2.0
/** A batch of changes, which is done as a whole or not at all. */
import { isIPv4 } from 'node:net';
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt, structsAt, textAt } from '../value.ts';
import { isWithin } from './domain-name.ts';
import { isSameSet, keyOf, type RecordSet, type RecordSets, readRecordSet } from './record-set.ts';

/** Members of a record set that the lab does not imitate. */
const REFUSED = ['Weight', 'Region', 'GeoLocation', 'Failover', 'AliasTarget', 'HealthCheckId'];
const ALSO_REFUSED = ['TrafficPolicyInstanceId', 'CidrRoutingConfig', 'GeoProximityLocation'];
/** The types whose values are checked and served. NS and SOA are there from the start. */
const TYPES = ['A', 'TXT'];
const MOST_RECORDS = 1_000;

/**
 * The sets of `zone` after the batch. Throws InvalidChangeBatch with every reason, and then nothing is changed. An
 * empty batch is refused by the API model.
 */
export function afterBatch(zone: string, before: RecordSets, batch: Struct): RecordSets {
  const changes = structsAt(batch, 'Changes');
  const records = changes.flatMap((change) => structsAt(structAt(change, 'ResourceRecordSet'), 'ResourceRecords'));
  if (records.length > MOST_RECORDS) throw invalid([`Number of records limit of ${MOST_RECORDS} exceeded.`]);
  const sets = new Map(before);
  const problems = changes.flatMap((change) => applied(zone, sets, change));
  if (problems.length > 0) throw invalid(problems);
  return sets;
}

/** Makes one change in `sets`; the reason when it can't be made. */
function applied(zone: string, sets: Map<string, RecordSet>, change: Struct): readonly string[] {
  const struct = structAt(change, 'ResourceRecordSet') ?? {};
  const action = textAt(change, 'Action') ?? '';
  const problem = recordSetProblem(zone, struct);
  if (problem !== undefined) return [problem];
  const set = readRecordSet(struct);
  if (action === 'DELETE') return deleted(zone, sets, set);
  const key = keyOf(set);
  if (action === 'CREATE' && sets.has(key)) {
    return [`Tried to create resource record set ${described(set)} but it already exists`];
  }
  const mixed = mixedWith(sets, set);
  if (mixed !== undefined) return [mixed];
  sets.set(key, set);
  return [];
}

/** A set is deleted by everything that it is: name, type, identifier, TTL and values. */
function deleted(zone: string, sets: Map<string, RecordSet>, set: RecordSet): readonly string[] {
  const present = sets.get(keyOf(set));
  const tried = `Tried to delete resource record set ${described(set)}`;
  if (present === undefined) return [`${tried} but it was not found`];
  if (!isSameSet(present, set)) return [`${tried} but the values provided do not match the current values`];
  if (set.name === zone && (set.type === 'NS' || set.type === 'SOA')) {
    return [`A HostedZone must contain exactly one ${set.type} record for the zone itself.`];
  }
  sets.delete(keyOf(set));
  return [];
}

function described({ name, type, setIdentifier }: RecordSet): string {
  return `[name='${name}', type='${type}'${setIdentifier === undefined ? '' : `, set-identifier='${setIdentifier}'`}]`;
}

/** A name has simple or multivalue sets of one type, never both. */
function mixedWith(sets: ReadonlyMap<string, RecordSet>, set: RecordSet): string | undefined {
  const key = keyOf(set);
  for (const other of sets.values()) {
    if (other.name !== set.name || keyOf(other) === key) continue;
    if (other.type === set.type && other.multiValue !== set.multiValue) {
      const tried = `RRSet with DNS name ${set.name}, type ${set.type}, SetIdentifier ${set.setIdentifier ?? 'null'}`;
      const kind = other.multiValue ? 'multivalue' : 'non multivalue';
      return `${tried} cannot be created because a ${kind} answer rrset exists with the same name and type.`;
    }
  }
  return undefined;
}

/** What is wrong with a set by itself. */
function recordSetProblem(zone: string, struct: Struct): string | undefined {
  const name = textAt(struct, 'Name') ?? '';
  const type = textAt(struct, 'Type') ?? '';
  const refused = [...REFUSED, ...ALSO_REFUSED].find((member) => struct[member] !== undefined);
  if (refused !== undefined) return `The lab does not imitate ${refused} of a record set`;
  const set = readRecordSet(struct);
  if (set.name.startsWith('\\052.')) return 'The lab does not imitate wildcard names';
  if (!isWithin(set.name, zone)) return `RRSet with DNS name ${set.name} is not permitted in zone ${zone}`;
  if (struct.TTL === undefined) {
    return `Invalid Resource Record: Missing field 'TTL' in RRSet with DNS name ${name}, type ${type}`;
  }
  if (set.values.length === 0) {
    return `Invalid Resource Record: Missing field 'ResourceRecords' in RRSet with DNS name ${name}`;
  }
  if (set.multiValue !== (set.setIdentifier !== undefined)) {
    return set.multiValue
      ? `Missing field 'SetIdentifier' in RRSet with DNS name ${name}, type ${type}`
      : `Invalid RRSet with DNS name ${name}, type ${type}: a SetIdentifier without a routing policy`;
  }
  if (new Set(set.values).size < set.values.length) return `Duplicate Resource Record: '${set.values[0]}'`;
  if (set.name === zone && (type === 'NS' || type === 'SOA')) return undefined;
  if (!TYPES.includes(type)) return `The lab does not imitate record sets of type ${type}`;
  return set.values.map((value) => valueProblem(type, value)).find((problem) => problem !== undefined);
}

function valueProblem(type: string, value: string): string | undefined {
  if (type === 'A' && !isIPv4(value)) {
    return `Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '${value}''`;
  }
  if (type === 'TXT' && !/^"[^"]{0,255}"$/.test(value)) {
    return `Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with '${value}''`;
  }
  return undefined;
}

function invalid(problems: readonly string[]): AwsFailure {
  return new AwsFailure('InvalidChangeBatch', `[${problems.join(', ')}]`);
}

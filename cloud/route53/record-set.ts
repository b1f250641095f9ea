// SPDX-License-Identifier: Apache-2.0
import { numberAt, type Struct, structsAt, textAt } from '../value.ts';
import { compareNames, compareTexts, domainName } from './domain-name.ts';

/** One record set of a zone. Of a multivalue name each set has an identifier of its own. */
export interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier?: string;
  readonly multiValue: boolean;
  readonly ttl: number;
  readonly values: readonly string[];
}

export type RecordSets = ReadonlyMap<string, RecordSet>;

/** Sets with the same key replace each other. */
export function keyOf({ name, type, setIdentifier = '' }: RecordSet): string {
  return `${name} ${type} ${setIdentifier}`;
}

/** Reads a set that has passed `recordSetProblem`. */
export function readRecordSet(struct: Struct): RecordSet {
  const setIdentifier = textAt(struct, 'SetIdentifier');
  return {
    name: domainName(textAt(struct, 'Name') ?? ''),
    type: textAt(struct, 'Type') ?? '',
    ...(setIdentifier === undefined ? {} : { setIdentifier }),
    multiValue: struct.MultiValueAnswer === true,
    ttl: numberAt(struct, 'TTL') ?? 0,
    values: structsAt(struct, 'ResourceRecords').map((record) => textAt(record, 'Value') ?? ''),
  };
}

export function showRecordSet(set: RecordSet): Struct {
  return {
    Name: set.name,
    Type: set.type,
    ...(set.setIdentifier === undefined ? {} : { SetIdentifier: set.setIdentifier }),
    ...(set.multiValue ? { MultiValueAnswer: true } : {}),
    TTL: set.ttl,
    ResourceRecords: set.values.map((Value) => ({ Value })),
  };
}

/** The order of ListResourceRecordSets. */
export function compareSets(left: RecordSet, right: RecordSet): number {
  return (
    compareNames(left.name, right.name) ||
    compareTexts(left.type, right.type) ||
    compareTexts(left.setIdentifier ?? '', right.setIdentifier ?? '')
  );
}

/** Same values in any order, and the same TTL and routing. */
export function isSameSet(left: RecordSet, right: RecordSet): boolean {
  const sorted = ({ values }: RecordSet) => JSON.stringify([...values].sort());
  return (
    keyOf(left) === keyOf(right) &&
    left.ttl === right.ttl &&
    left.multiValue === right.multiValue &&
    sorted(left) === sorted(right)
  );
}

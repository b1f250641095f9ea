// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, textAt } from '../value.ts';
import { compareNames, compareTexts, domainName } from './domain-name.ts';
import type { HostedZone } from './hosted-zone.ts';
import { compareSets, showRecordSet } from './record-set.ts';
import type { Route53 } from './route53.ts';
import { shownZone, zonesByName } from './zone-actions.ts';

const MOST_SETS = 300;
const MOST_ZONES = 100;

/**
 * The sets from `StartRecordName` on, in Route 53's order. The first one is the next in the order, whether or not it
 * has the name that was asked for.
 */
export function listRecordSets(route53: Route53, input: Struct): Struct {
  const zone = route53.zone(textAt(input, 'HostedZoneId') ?? '');
  const limit = maxItems(input, MOST_SETS);
  const sets = [...zone.sets.values()].sort(compareSets).filter(startOf(input));
  const next = sets[limit];
  return {
    ResourceRecordSets: sets.slice(0, limit).map(showRecordSet),
    IsTruncated: next !== undefined,
    ...(next === undefined ? {} : { NextRecordName: next.name, NextRecordType: next.type }),
    ...(next?.setIdentifier === undefined ? {} : { NextRecordIdentifier: next.setIdentifier }),
    MaxItems: String(limit),
  };
}

function startOf(input: Struct) {
  const [name, type, setIdentifier] = ['StartRecordName', 'StartRecordType', 'StartRecordIdentifier'].map((member) =>
    textAt(input, member),
  );
  if (type !== undefined && name === undefined) {
    throw new AwsFailure('InvalidInput', 'The request specifies a record type without a record name.');
  }
  if (setIdentifier !== undefined && type === undefined) {
    throw new AwsFailure('InvalidInput', 'The request specifies a set identifier without a name and a type.');
  }
  if (name === undefined) return () => true;
  const start = {
    ...{ name: domainName(name), type: type ?? '', multiValue: false, ttl: 0, values: [] },
    ...(setIdentifier === undefined ? {} : { setIdentifier }),
  };
  return (set: Parameters<typeof compareSets>[0]) => compareSets(set, start) >= 0;
}

export function listHostedZones(route53: Route53, input: Struct): Struct {
  const marker = textAt(input, 'Marker');
  const limit = maxItems(input, MOST_ZONES);
  const zones = [...route53.zones.values()].sort((left, right) => compareTexts(left.id, right.id));
  const from = marker === undefined ? zones : zones.filter(({ id }) => id >= marker);
  const next = from[limit];
  return {
    HostedZones: from.slice(0, limit).map(shownZone),
    Marker: marker ?? '',
    IsTruncated: next !== undefined,
    ...(next === undefined ? {} : { NextMarker: next.id }),
    MaxItems: String(limit),
  };
}

/** Begins at a name, and does not end with it: who asks for one name has to compare. */
export function listHostedZonesByName(route53: Route53, input: Struct): Struct {
  const asked = textAt(input, 'DNSName');
  const id = textAt(input, 'HostedZoneId');
  if (id !== undefined && asked === undefined) {
    throw new AwsFailure('InvalidInput', 'The request specifies a hosted zone id without a DNS name.');
  }
  const limit = maxItems(input, MOST_ZONES);
  const name = asked === undefined ? undefined : domainName(asked);
  const from = zonesByName(route53).filter((zone) => name === undefined || isFrom(zone, name, id ?? ''));
  const next = from[limit];
  return {
    HostedZones: from.slice(0, limit).map(shownZone),
    ...(asked === undefined ? {} : { DNSName: asked }),
    ...(id === undefined ? {} : { HostedZoneId: id }),
    IsTruncated: next !== undefined,
    ...(next === undefined ? {} : { NextDNSName: next.name, NextHostedZoneId: next.id }),
    MaxItems: String(limit),
  };
}

function isFrom(zone: HostedZone, name: string, id: string): boolean {
  return (compareNames(zone.name, name) || compareTexts(zone.id, id.replace(/^\/?hostedzone\//, ''))) >= 0;
}

export function listHostedZonesByVpc(route53: Route53, input: Struct, account: string): Struct {
  const limit = maxItems(input, MOST_ZONES);
  const from = Number(textAt(input, 'NextToken') ?? '0');
  if (!Number.isInteger(from)) throw new AwsFailure('InvalidPaginationToken', 'The token is not one of this API.');
  const zones = zonesByName(route53).filter(({ vpcs }) => vpcs.has(textAt(input, 'VPCId') ?? ''));
  return {
    HostedZoneSummaries: zones
      .slice(from, from + limit)
      .map(({ id, name }) => ({ HostedZoneId: id, Name: name, Owner: { OwningAccount: account } })),
    MaxItems: String(limit),
    ...(zones.length > from + limit ? { NextToken: String(from + limit) } : {}),
  };
}

/** A larger number than Route 53 gives counts as that number. */
function maxItems(input: Struct, most: number): number {
  const text = textAt(input, 'MaxItems');
  if (text === undefined) return most;
  if (!/^[1-9]\d*$/.test(text)) throw new AwsFailure('InvalidInput', `MaxItems is a number above 0, not ${text}`);
  return Math.min(most, Number(text));
}

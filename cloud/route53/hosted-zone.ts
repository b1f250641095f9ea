// SPDX-License-Identifier: Apache-2.0
import { keyOf, type RecordSet, type RecordSets } from './record-set.ts';

export interface ZoneVpc {
  readonly id: string;
  readonly region: string;
}

/** A private zone. */
export interface HostedZone {
  readonly id: string;
  readonly name: string;
  readonly callerReference: string;
  comment: string | undefined;
  readonly vpcs: Map<string, ZoneVpc>;
  readonly tags: Map<string, string>;
  /** What the API shows: every change that was taken. */
  sets: RecordSets;
  /** What the name servers answer: the changes that are INSYNC. */
  served: RecordSets;
}

/** The name servers that Route 53 writes into private zones; nobody asks them. */
const NAME_SERVERS = [
  'ns-1536.awsdns-00.co.uk.',
  'ns-0.awsdns-00.com.',
  'ns-1024.awsdns-00.org.',
  'ns-512.awsdns-00.net.',
];

/** NS and SOA, which each zone has from the start and until its end. */
export function firstSets(name: string): RecordSets {
  const soa = `${NAME_SERVERS[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`;
  const sets: RecordSet[] = [
    { name, type: 'NS', multiValue: false, ttl: 172_800, values: NAME_SERVERS },
    { name, type: 'SOA', multiValue: false, ttl: 900, values: [soa] },
  ];
  return new Map(sets.map((set) => [keyOf(set), set]));
}

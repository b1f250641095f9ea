// SPDX-License-Identifier: Apache-2.0
import { domainName, isWithin } from '../route53/domain-name.ts';
import type { HostedZone } from '../route53/hosted-zone.ts';
import type { RecordSet } from '../route53/record-set.ts';
import { type DnsRecord, type DnsReply, type Question, TYPE_NUMBERS } from './message.ts';

/** Route 53 answers a multivalue name with at most so many records, chosen at random. */
const MOST_VALUES = 8;
const IN = 1;
const NOTHING = { answers: [], authority: [] };

/**
 * The answer of a VPC's resolver from the zones that it sees. The zone with the longest name counts, and what it does
 * not have is not there. A name in none of the zones is refused, as the lab has no way out. `shuffled` mixes values.
 */
export function resolveQuestion(
  zones: readonly HostedZone[],
  question: Question,
  shuffled: (values: readonly DnsRecord[]) => readonly DnsRecord[],
): DnsReply {
  if (question.opcode !== 0) return { code: 'NOTIMP', ...NOTHING };
  if (question.bytes.length === 0 || question.class !== IN) return { code: 'FORMERR', ...NOTHING };
  const name = nameAsKept(question.name);
  const zone = name === undefined ? undefined : zoneOf(zones, name);
  if (name === undefined || zone === undefined) return { code: 'REFUSED', ...NOTHING };
  const sets = [...zone.served.values()];
  const ofName = sets.filter((set) => set.name === name);
  const wanted = ofName.filter((set) => TYPE_NUMBERS[set.type] === question.type);
  if (wanted.length > 0) {
    const answers = shuffled(wanted.flatMap(recordsOf));
    return { code: 'NOERROR', answers: answers.slice(0, MOST_VALUES), authority: [] };
  }
  // A name without records of its own is there when another name lies below it.
  const there = ofName.length > 0 || sets.some((set) => isWithin(set.name, name));
  return { code: there ? 'NOERROR' : 'NXDOMAIN', answers: [], authority: soaOf(zone, sets) };
}

function zoneOf(zones: readonly HostedZone[], name: string): HostedZone | undefined {
  return zones
    .filter((zone) => isWithin(name, zone.name))
    .reduce<HostedZone | undefined>(
      (best, zone) => (best === undefined || zone.name.length > best.name.length ? zone : best),
      undefined,
    );
}

function recordsOf({ name, type, ttl, values }: RecordSet): readonly DnsRecord[] {
  return values.map((value) => ({ name, type, ttl, value }));
}

function soaOf(zone: HostedZone, sets: readonly RecordSet[]): readonly DnsRecord[] {
  return sets.filter((set) => set.name === zone.name && set.type === 'SOA').flatMap(recordsOf);
}

function nameAsKept(name: string): string | undefined {
  try {
    return domainName(name);
  } catch {
    return undefined;
  }
}

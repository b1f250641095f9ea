// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { numberAt, type Struct, structsAt, textAt, textsAt, type Value } from '../value.ts';
import { instanceFilter } from './filters.ts';
import type { Viewer } from './lifetime.ts';
import { mustExist } from './rules.ts';
import type { Ec2World, SeenInstance } from './world.ts';

/** DescribeInstances, from memory. One unknown id makes the call fail; an unknown id in a filter does not. */
export function describeInstances(world: Ec2World, input: Struct, viewer: Viewer): Struct {
  const ids = textsAt(input, 'InstanceIds');
  const maxResults = numberAt(input, 'MaxResults');
  if (ids.length > 0 && maxResults !== undefined) {
    throw new AwsFailure(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  }
  if (maxResults !== undefined && (maxResults < 5 || maxResults > 1_000)) {
    throw new AwsFailure('InvalidParameterValue', `Value ( ${maxResults} ) for parameter maxResults is invalid.`);
  }
  mustExist(world, ids, viewer);
  const fits = instanceFilter(structsAt(input, 'Filters'));
  const wanted = world.see(viewer).filter((seen) => (ids.length === 0 || ids.includes(seen.id)) && fits(seen));
  const from = readToken(textAt(input, 'NextToken'));
  const to = maxResults === undefined ? wanted.length : from + maxResults;
  const next = to < wanted.length ? { NextToken: writeToken(to) } : {};
  return { Reservations: reservations(wanted.slice(from, to)), ...next };
}

function reservations(seen: readonly SeenInstance[]): readonly Struct[] {
  const byId = new Map<Value, { reservation: Struct; instances: Struct[] }>();
  for (const { instance, reservation } of seen) {
    const id = reservation.ReservationId ?? '';
    const entry = byId.get(id) ?? { reservation, instances: [] };
    entry.instances.push(instance);
    byId.set(id, entry);
  }
  return [...byId.values()].map(({ reservation, instances }) => ({ ...reservation, Groups: [], Instances: instances }));
}

/** DescribeTags: moto's answer, without the tags that this viewer does not see yet. */
export function visibleTags(world: Ec2World, output: Struct, viewer: Viewer): Struct {
  const tags = structsAt(output, 'Tags').filter((tag) => {
    if (textAt(tag, 'ResourceType') !== 'instance') return true;
    const seen = world.seeOne(textAt(tag, 'ResourceId') ?? '', viewer);
    return structsAt(seen?.instance, 'Tags').some((shown) => textAt(shown, 'Key') === textAt(tag, 'Key'));
  });
  return { ...output, Tags: tags };
}

function writeToken(offset: number): string {
  return Buffer.from(JSON.stringify({ offset })).toString('base64url');
}

function readToken(token: string | undefined): number {
  if (token === undefined) return 0;
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null && 'offset' in value && typeof value.offset === 'number') {
      return value.offset;
    }
  } catch {
    // The refusal below handles this.
  }
  throw new AwsFailure('InvalidNextToken', 'The token is not valid');
}

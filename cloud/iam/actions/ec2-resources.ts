// SPDX-License-Identifier: Apache-2.0
import { type Struct, structsAt, textAt } from '../../value.ts';
import { type ResourceFacts, type Tags, tagsOf } from '../facts.ts';

/** The ARNs of images and snapshots have no account. */
export function ec2Arn(facts: ResourceFacts, kind: string, id: string): string {
  if (kind === 'image' || kind === 'snapshot') return `arn:aws:ec2:${facts.region}::${kind}/${id}`;
  return facts.arn('ec2', `${kind}/${id}`);
}

/** The tags in TagSpecifications for one kind of resource. */
export function specifiedTags(input: Struct, kind: string): Tags {
  const fitting = structsAt(input, 'TagSpecifications').filter((one) => textAt(one, 'ResourceType') === kind);
  return new Map(fitting.flatMap((one) => [...tagsOf(structsAt(one, 'Tags'))]));
}

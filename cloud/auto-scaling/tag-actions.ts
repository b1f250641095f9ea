// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structsAt, textAt, textsAt } from '../value.ts';
import type { AutoScaling } from './auto-scaling.ts';
import type { Group } from './group.ts';
import { groupNamed, mergedTags } from './group-input.ts';
import { shownTag } from './show.ts';

/** Tags of groups. PropagateAtLaunch applies only to later launches. */
export function createOrUpdateTags(scaling: AutoScaling, input: Struct, systemTags = false): Struct {
  const tags = structsAt(input, 'Tags');
  // Checks all tags first: either all are set or none.
  for (const tag of tags) mergedTags(groupOf(scaling, tag).tags, [tag], systemTags);
  for (const tag of tags) {
    const group = groupOf(scaling, tag);
    group.tags = mergedTags(group.tags, [tag], systemTags);
  }
  return {};
}

export function deleteTags(scaling: AutoScaling, input: Struct): Struct {
  for (const tag of structsAt(input, 'Tags')) {
    const group = groupOf(scaling, tag);
    const value = textAt(tag, 'Value');
    const fits = (key: string, held: string): boolean =>
      key === textAt(tag, 'Key') && (value === undefined || value === '' || value === held);
    group.tags = group.tags.filter((held) => !fits(held.key, held.value));
  }
  return {};
}

/** DescribeTags with its filters auto-scaling-group, key, value and propagate-at-launch. */
export function shownTags(scaling: AutoScaling, input: Struct): readonly Struct[] {
  const filters = structsAt(input, 'Filters');
  return [...scaling.groups.values()]
    .flatMap((group) => group.tags.map((tag) => shownTag(group, tag)))
    .filter((tag) => filters.every((filter) => textsAt(filter, 'Values').includes(valueFor(filter, tag))));
}

function valueFor(filter: Struct, tag: Struct): string {
  const name = textAt(filter, 'Name') ?? '';
  switch (name) {
    case 'auto-scaling-group':
      return textAt(tag, 'ResourceId') ?? '';
    case 'key':
      return textAt(tag, 'Key') ?? '';
    case 'value':
      return textAt(tag, 'Value') ?? '';
    case 'propagate-at-launch':
      return String(tag.PropagateAtLaunch);
    default:
      throw new AwsFailure('ValidationError', `Filter type ${name} is not correct.`);
  }
}

function groupOf(scaling: AutoScaling, tag: Struct): Group {
  const type = textAt(tag, 'ResourceType') ?? 'auto-scaling-group';
  if (type !== 'auto-scaling-group') {
    throw new AwsFailure('ValidationError', `The resource type of a tag is auto-scaling-group, not ${type}`);
  }
  return groupNamed(scaling.groups, textAt(tag, 'ResourceId'));
}

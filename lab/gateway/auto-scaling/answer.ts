import { AwsFailure } from '../failure.ts';
import { type Struct, structsAt, textAt, textsAt } from '../value.ts';
import type { AutoScaling } from './auto-scaling.ts';
import {
  type Account,
  createGroup,
  deleteGroup,
  setDesiredCapacity,
  setSuspended,
  updateGroup,
} from './group-actions.ts';
import { groupNamed } from './group-input.ts';
import { setInstanceHealth, terminateInstance } from './instance-actions.ts';
import { page } from './pages.ts';
import { shownActivity, shownGroup, shownInstance } from './show.ts';
import { createOrUpdateTags, deleteTags, shownTags } from './tag-actions.ts';

/** Answers one call of Auto Scaling. What the lab does not imitate is refused. */
export async function answerAutoScaling(
  scaling: AutoScaling,
  action: string,
  input: Struct,
  account: Account,
): Promise<Struct> {
  switch (action) {
    case 'CreateAutoScalingGroup':
      return createGroup(scaling, input, account);
    case 'UpdateAutoScalingGroup':
      return updateGroup(scaling, input);
    case 'SetDesiredCapacity':
      return setDesiredCapacity(scaling, input);
    case 'DeleteAutoScalingGroup':
      return deleteGroup(scaling, input);
    case 'SuspendProcesses':
      return setSuspended(scaling, input, true);
    case 'ResumeProcesses':
      return setSuspended(scaling, input, false);
    case 'TerminateInstanceInAutoScalingGroup':
      return terminateInstance(scaling, input);
    case 'SetInstanceHealth':
      return setInstanceHealth(scaling, input);
    case 'CreateOrUpdateTags':
      return createOrUpdateTags(scaling, input);
    case 'DeleteTags':
      return deleteTags(scaling, input);
    case 'DescribeTags':
      return page(shownTags(scaling, input), 'Tags', input, 50, 100);
    case 'DescribeAutoScalingGroups':
      return page(shownGroups(scaling, input), 'AutoScalingGroups', input, 50, 100);
    case 'DescribeAutoScalingInstances':
      return page(shownInstances(scaling, input), 'AutoScalingInstances', input, 50, 50);
    case 'DescribeScalingActivities':
      return page(shownActivities(scaling, input), 'Activities', input, 100, 100);
    default:
      throw new AwsFailure('InvalidAction', `The lab does not imitate ${action} of Auto Scaling`);
  }
}

/** A name that no group has is no error: the answer is without it. */
function shownGroups(scaling: AutoScaling, input: Struct): readonly Struct[] {
  const names = textsAt(input, 'AutoScalingGroupNames');
  const filters = structsAt(input, 'Filters');
  return [...scaling.groups.values()]
    .filter((group) => names.length === 0 || names.includes(group.name))
    .filter((group) => filters.every((filter) => hasTag(group.tags, filter)))
    .map(shownGroup);
}

function hasTag(tags: readonly { readonly key: string; readonly value: string }[], filter: Struct): boolean {
  const name = textAt(filter, 'Name') ?? '';
  const values = textsAt(filter, 'Values');
  if (name === 'tag-key') return tags.some(({ key }) => values.includes(key));
  if (name === 'tag-value') return tags.some(({ value }) => values.includes(value));
  if (name.startsWith('tag:')) return tags.some(({ key, value }) => `tag:${key}` === name && values.includes(value));
  throw new AwsFailure('ValidationError', `Filter type ${name} is not correct.`);
}

/** Ids that are in no group are left out. */
function shownInstances(scaling: AutoScaling, input: Struct): readonly Struct[] {
  const ids = textsAt(input, 'InstanceIds');
  return [...scaling.groups.values()].flatMap((group) =>
    [...group.instances.values()]
      .filter(({ instance }) => ids.length === 0 || ids.includes(instance))
      .map((member) => shownInstance(group, member)),
  );
}

function shownActivities(scaling: AutoScaling, input: Struct): readonly Struct[] {
  const name = textAt(input, 'AutoScalingGroupName');
  const groups = name === undefined ? [...scaling.groups.values()] : [groupNamed(scaling.groups, name)];
  const ids = textsAt(input, 'ActivityIds');
  return groups
    .flatMap((group) => group.activities.map((activity) => shownActivity(group, activity)))
    .filter((activity) => ids.length === 0 || ids.includes(textAt(activity, 'ActivityId') ?? ''));
}

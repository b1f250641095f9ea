// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structsAt, textAt, textsAt } from '../value.ts';
import type { AutoScaling } from './auto-scaling.ts';
import {
  type CallerAccount,
  createGroup,
  deleteGroup,
  setDesiredCapacity,
  setSuspended,
  updateGroup,
} from './group-actions.ts';
import { groupNamed } from './group-input.ts';
import {
  completeLifecycleAction,
  deleteLifecycleHook,
  describeLifecycleHooks,
  putLifecycleHook,
  recordLifecycleActionHeartbeat,
} from './hook-actions.ts';
import { setInstanceHealth, terminateInstance } from './instance-actions.ts';
import { TRANSITIONS } from './lifecycle-hook.ts';
import { page } from './pages.ts';
import { type Photograph, photographs } from './photographs.ts';
import { shownActivity } from './show.ts';
import { createOrUpdateTags, deleteTags, shownTags } from './tag-actions.ts';

/** An answer that describes a moment longer ago than this counts as stale. */
const STALE_MS = 50;

/**
 * Answers one call of Auto Scaling; `atMs` is the moment that the answer describes. Calls that the lab does not imitate
 * are refused.
 */
export async function answerAutoScaling(
  scaling: AutoScaling,
  action: string,
  input: Struct,
  account: CallerAccount,
  atMs: number,
): Promise<Struct> {
  const stale = atMs < Date.now() - STALE_MS;
  const seen = stale ? scaling.album.at(atMs) : photographs(scaling.groups.values());
  switch (action) {
    case 'DescribeAutoScalingGroups':
      return page(shownGroups(seen, input), 'AutoScalingGroups', input, 50, 100);
    case 'DescribeAutoScalingInstances':
      return page(shownInstances(seen, input), 'AutoScalingInstances', input, 50, 50);
    case 'DescribeTags':
      return page(shownTags(scaling, input), 'Tags', input, 50, 100);
    case 'DescribeScalingActivities':
      return page(shownActivities(scaling, input), 'Activities', input, 100, 100);
    case 'DescribeLifecycleHooks':
      return describeLifecycleHooks(scaling, input);
    case 'DescribeLifecycleHookTypes':
      return { LifecycleHookTypes: TRANSITIONS };
    default: {
      const output = await change(scaling, action, input, account);
      scaling.album.add(scaling.groups.values());
      return output;
    }
  }
}

async function change(scaling: AutoScaling, action: string, input: Struct, account: CallerAccount): Promise<Struct> {
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
    case 'PutLifecycleHook':
      return putLifecycleHook(scaling, input);
    case 'DeleteLifecycleHook':
      return deleteLifecycleHook(scaling, input);
    case 'CompleteLifecycleAction':
      return completeLifecycleAction(scaling, input);
    case 'RecordLifecycleActionHeartbeat':
      return recordLifecycleActionHeartbeat(scaling, input);
    case 'CreateOrUpdateTags':
      return createOrUpdateTags(scaling, input, account.systemTags);
    case 'DeleteTags':
      return deleteTags(scaling, input);
    default:
      throw new AwsFailure('InvalidAction', `The lab does not imitate ${action} of Auto Scaling`);
  }
}

/** A name without a group is not an error: the answer leaves it out. */
function shownGroups(seen: readonly Photograph[], input: Struct): readonly Struct[] {
  const names = textsAt(input, 'AutoScalingGroupNames');
  const filters = structsAt(input, 'Filters');
  return seen
    .filter(({ tags }) => filters.every((filter) => hasTag(tags, filter)))
    .map(({ group }) => group)
    .filter((group) => names.length === 0 || names.includes(textAt(group, 'AutoScalingGroupName') ?? ''));
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
function shownInstances(seen: readonly Photograph[], input: Struct): readonly Struct[] {
  const ids = textsAt(input, 'InstanceIds');
  return seen
    .flatMap(({ instances }) => instances)
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .map(({ shown }) => shown);
}

function shownActivities(scaling: AutoScaling, input: Struct): readonly Struct[] {
  const name = textAt(input, 'AutoScalingGroupName');
  const groups = name === undefined ? [...scaling.groups.values()] : [groupNamed(scaling.groups, name)];
  const ids = textsAt(input, 'ActivityIds');
  return groups
    .flatMap((group) => group.activities.map((activity) => shownActivity(group, activity)))
    .filter((activity) => ids.length === 0 || ids.includes(textAt(activity, 'ActivityId') ?? ''));
}

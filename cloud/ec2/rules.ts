// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt, structsAt, textAt, type Value } from '../value.ts';
import type { Viewer } from './lifetime.ts';
import type { Ec2World } from './world.ts';

/** Rules of EC2 that are not in its API model. */
export function checkEc2Rules(world: Ec2World, action: string, input: Struct, viewer: Viewer): void {
  // DescribeInstances checks this itself, because its answer may be stale.
  if (action !== 'DescribeInstances') mustExist(world, instanceIds(input), viewer);
  checkTags(input, viewer.systemTags ?? false);
}

/** `i-` and 8 or 17 hex digits. */
const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** Fails when one of the ids is malformed, or unknown to this viewer. */
export function mustExist(world: Ec2World, ids: readonly string[], viewer: Viewer): void {
  for (const id of ids) {
    if (!INSTANCE_ID.test(id)) throw new AwsFailure('InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
  }
  const missing = ids.filter((id) => world.seeOne(id, viewer) === undefined);
  if (missing.length === 0) return;
  const subject = missing.length === 1 ? `instance ID '${missing[0]}' does` : `instance IDs '${missing.join(', ')}' do`;
  throw new AwsFailure('InvalidInstanceID.NotFound', `The ${subject} not exist`);
}

/** Every instance that the input names, except in filters. */
export function instanceIds(input: Struct): readonly string[] {
  const ids: string[] = [];
  for (const name of ['InstanceId', 'InstanceIds']) {
    const value = input[name];
    if (typeof value === 'string') ids.push(value);
    else if (Array.isArray(value)) ids.push(...value.filter((item) => typeof item === 'string'));
  }
  const resources = input.Resources;
  if (Array.isArray(resources)) {
    ids.push(...resources.filter((item: Value) => typeof item === 'string' && item.startsWith('i-')));
  }
  return ids;
}

const MAX_TAGS = 50;

/** The tag restrictions of "Tag your Amazon EC2 resources". */
function checkTags(input: Struct, systemTags: boolean): void {
  const lists = [input, ...structsAt(input, 'TagSpecifications')].map((holder) => structsAt(holder, 'Tags'));
  for (const tags of lists) {
    const keys = tags.map((tag) => textAt(tag, 'Key'));
    if (keys.length > MAX_TAGS) {
      throw new AwsFailure('TagLimitExceeded', `The maximum number of tags per resource is ${MAX_TAGS}`);
    }
    for (const tag of tags) checkTag(tag, systemTags);
    const twice = keys.find((key, at) => keys.indexOf(key) !== at);
    if (twice !== undefined) throw new AwsFailure('InvalidParameterValue', `Duplicate tag key '${twice}' specified.`);
  }
}

function checkTag(tag: Struct, systemTags: boolean): void {
  const key = textAt(tag, 'Key') ?? '';
  const value = textAt(tag, 'Value') ?? '';
  if (key.length < 1 || key.length > 127) {
    throw new AwsFailure('InvalidParameterValue', `Tag key '${key}' must have between 1 and 127 characters`);
  }
  if (value.length > 256) {
    throw new AwsFailure('InvalidParameterValue', `Tag value of '${key}' must have at most 256 characters`);
  }
  if (/^aws:/i.test(key) && !systemTags) {
    throw new AwsFailure('InvalidParameterValue', `Tag keys starting with 'aws:' are reserved for internal use`);
  }
}

/** An instance whose metadata service shows its tags can't have a tag whose key fits into no path. */
export function checkMetadataTags(input: Struct): void {
  if (textAt(structAt(input, 'MetadataOptions'), 'InstanceMetadataTags') !== 'enabled') return;
  const ofInstance = structsAt(input, 'TagSpecifications').filter((one) => textAt(one, 'ResourceType') === 'instance');
  for (const tag of ofInstance.flatMap((one) => structsAt(one, 'Tags'))) {
    const key = textAt(tag, 'Key') ?? '';
    if (/^[0-9a-zA-Z\-_+=,.@:]{1,255}$/.test(key) && !['.', '..', '_index'].includes(key)) continue;
    throw new AwsFailure(
      'InvalidParameterValue',
      `'${key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved name ('.', '..', '_index')`,
    );
  }
}

/**
 * Moto launches MinCount instances. EC2 launches as many as it can up to MaxCount, and here that is always MaxCount.
 */
export function launchCount(input: Struct): Struct {
  const { MinCount, MaxCount } = input;
  if (typeof MinCount !== 'number' || typeof MaxCount !== 'number') return input;
  if (MinCount < 1 || MaxCount < MinCount) {
    throw new AwsFailure(
      'InvalidParameterCombination',
      `The minimum ${MinCount} and the maximum ${MaxCount} of instances do not fit`,
    );
  }
  return { ...input, MinCount: MaxCount };
}

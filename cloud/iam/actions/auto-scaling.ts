// SPDX-License-Identifier: Apache-2.0
/** Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2 Auto Scaling". */
import { type Struct, structAt, structsAt, textAt } from '../../value.ts';
import { contextOf, merged, tagContext } from '../context.ts';
import { type ResourceFacts, tagsOf } from '../facts.ts';
import {
  type ActionRule,
  type ActionTable,
  type Element,
  onNothing,
  requestTags,
  TAGS_OF_REQUEST,
  TAGS_OF_RESOURCE,
} from './element.ts';
import { runInstancesElements } from './run-instances.ts';

const GROUP_KEYS = [...TAGS_OF_RESOURCE, 'autoscaling:ResourceTag/'];
const SIZE_KEYS = ['autoscaling:MinSize', 'autoscaling:MaxSize', 'autoscaling:LaunchTemplateVersionSpecified'];

function groupElement(facts: ResourceFacts, action: string, name: string): Element {
  const tags = facts.groupTags(name);
  const context = merged(tagContext('aws:ResourceTag', tags), tagContext('autoscaling:ResourceTag', tags));
  return { action: `autoscaling:${action}`, resource: facts.groupArn(name), context };
}

function onGroup(action: string): ActionRule {
  return {
    action,
    keys: GROUP_KEYS,
    elements: (input, facts) => [groupElement(facts, action, textAt(input, 'AutoScalingGroupName') ?? '*')],
  };
}

/** The group of the instance in the call. */
function onGroupOfInstance(action: string): ActionRule {
  return {
    action,
    keys: GROUP_KEYS,
    elements: (input, facts) => [groupElement(facts, action, facts.groupOf(textAt(input, 'InstanceId') ?? '') ?? '*')],
  };
}

/** Each tag names its group. */
function onTags(action: string): ActionRule {
  return {
    action,
    keys: [...GROUP_KEYS, ...TAGS_OF_REQUEST],
    elements: (input, facts) => {
      const tags = structsAt(input, 'Tags');
      const names = [...new Set(tags.map((tag) => textAt(tag, 'ResourceId') ?? '*'))];
      return names.map((name) => {
        const element = groupElement(facts, action, name);
        const own = tags.filter((tag) => (textAt(tag, 'ResourceId') ?? '*') === name);
        return { ...element, context: merged(element.context ?? new Map(), requestTags(tagsOf(own))) };
      });
    },
  };
}

function creatingOrUpdating(action: string): ActionRule {
  return {
    action,
    keys: [...GROUP_KEYS, ...TAGS_OF_REQUEST, ...SIZE_KEYS],
    elements: async (input, facts) => {
      const element = groupElement(facts, action, textAt(input, 'AutoScalingGroupName') ?? '*');
      const template = structAt(input, 'LaunchTemplate');
      const context = merged(
        element.context ?? new Map(),
        requestTags(tagsOf(structsAt(input, 'Tags'))),
        contextOf({
          'autoscaling:MinSize': textOrNumber(input, 'MinSize'),
          'autoscaling:MaxSize': textOrNumber(input, 'MaxSize'),
          'autoscaling:LaunchTemplateVersionSpecified':
            template === undefined ? undefined : textAt(template, 'Version') !== undefined,
        }),
      );
      return [{ ...element, context }, ...(template === undefined ? [] : await launching(input, template, facts))];
    },
  };
}

/** The caller must also have the rights for what the group will launch. */
function launching(input: Struct, template: Struct, facts: ResourceFacts): Promise<readonly Element[]> {
  const subnets = (textAt(input, 'VPCZoneIdentifier') ?? '').split(',').map((id) => id.trim());
  return runInstancesElements({ LaunchTemplate: template, SubnetIds: subnets }, facts);
}

function textOrNumber(input: Struct, name: string): string | number | undefined {
  const value = input[name];
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

export const AUTO_SCALING_ACTIONS: ActionTable = {
  ...onNothing('autoscaling', [
    ...['DescribeAutoScalingGroups', 'DescribeAutoScalingInstances', 'DescribeScalingActivities', 'DescribeTags'],
    ...['DescribeLifecycleHooks', 'DescribeLifecycleHookTypes'],
  ]),
  CreateAutoScalingGroup: creatingOrUpdating('CreateAutoScalingGroup'),
  UpdateAutoScalingGroup: creatingOrUpdating('UpdateAutoScalingGroup'),
  DeleteAutoScalingGroup: onGroup('DeleteAutoScalingGroup'),
  SetDesiredCapacity: onGroup('SetDesiredCapacity'),
  SuspendProcesses: onGroup('SuspendProcesses'),
  ResumeProcesses: onGroup('ResumeProcesses'),
  PutLifecycleHook: onGroup('PutLifecycleHook'),
  DeleteLifecycleHook: onGroup('DeleteLifecycleHook'),
  CompleteLifecycleAction: onGroup('CompleteLifecycleAction'),
  RecordLifecycleActionHeartbeat: onGroup('RecordLifecycleActionHeartbeat'),
  SetInstanceHealth: onGroupOfInstance('SetInstanceHealth'),
  TerminateInstanceInAutoScalingGroup: onGroupOfInstance('TerminateInstanceInAutoScalingGroup'),
  CreateOrUpdateTags: onTags('CreateOrUpdateTags'),
  DeleteTags: onTags('DeleteTags'),
};

// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, textAt } from '../value.ts';
import type { Tag } from './resources/handler.ts';
import type { Blueprint } from './stack/blueprint.ts';
import type { Stack, StackEvent, StackResource } from './stack/stack.ts';

const PAGE = 100;
const HIDDEN = '****';

/** Returns one page of a list by NextToken, under the name in the operation's output. */
export function page(items: readonly Struct[], name: string, input: Struct): Struct {
  const token = textAt(input, 'NextToken') ?? '0';
  if (!/^\d+$/.test(token)) throw new AwsFailure('ValidationError', 'The token is not valid');
  const from = Number(token);
  const next = from + PAGE < items.length ? { NextToken: String(from + PAGE) } : {};
  return { [name]: items.slice(from, from + PAGE), ...next };
}

export function shownStack(stack: Stack): Struct {
  const { blueprint, outputs } = stack;
  return {
    ...summary(stack),
    RollbackConfiguration: {},
    DisableRollback: stack.disableRollback,
    EnableTerminationProtection: stack.terminationProtection,
    NotificationARNs: [],
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
    Parameters: blueprint === undefined ? [] : shownParameters(blueprint),
    Capabilities: blueprint?.capabilities ?? [],
    Tags: shownTags(blueprint?.tags ?? []),
    Outputs: outputs.map(({ key, value, description }) => ({
      OutputKey: key,
      OutputValue: value,
      ...(description === undefined ? {} : { Description: description }),
    })),
    ...optional('Description', blueprint?.template.description),
    ...optional('ChangeSetId', stack.lastChangeSet),
  };
}

export function shownSummary(stack: Stack): Struct {
  return {
    ...summary(stack),
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
    ...optional('TemplateDescription', stack.blueprint?.template.description),
  };
}

function summary(stack: Stack): Struct {
  return {
    StackId: stack.id,
    StackName: stack.name,
    StackStatus: stack.status,
    CreationTime: time(stack.createdAtMs),
    ...optional('StackStatusReason', stack.reason),
    ...(stack.updatedAtMs === undefined ? {} : { LastUpdatedTime: time(stack.updatedAtMs) }),
    ...(stack.deletedAtMs === undefined ? {} : { DeletionTime: time(stack.deletedAtMs) }),
  };
}

export function shownEvent(stack: Stack, event: StackEvent): Struct {
  const { reason, properties, token } = event;
  return {
    StackId: stack.id,
    StackName: stack.name,
    EventId: event.id,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: time(event.atMs),
    ResourceStatus: event.status,
    ...optional('ResourceStatusReason', reason),
    ...(properties === undefined ? {} : { ResourceProperties: JSON.stringify(properties) }),
    ...optional('ClientRequestToken', token),
  };
}

/** With `LastUpdatedTimestamp` for a summary or a detail, with `Timestamp` for DescribeStackResources. */
export function shownResource(resource: StackResource, timeName: 'Timestamp' | 'LastUpdatedTimestamp'): Struct {
  return {
    LogicalResourceId: resource.logicalId,
    ResourceType: resource.type,
    ResourceStatus: resource.status,
    [timeName]: time(resource.changedAtMs),
    DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' },
    ...optional('PhysicalResourceId', resource.physicalId),
    ...optional('ResourceStatusReason', resource.reason),
  };
}

/** A parameter with NoEcho is shown as asterisks. */
export function shownParameters({ template, parameters }: Blueprint): readonly Struct[] {
  return [...parameters].map(([key, value]) => ({
    ParameterKey: key,
    ParameterValue: template.parameters.get(key)?.noEcho === true ? HIDDEN : value,
  }));
}

export function shownTags(tags: readonly Tag[]): readonly Struct[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}

export function optional(name: string, value: string | undefined): Struct {
  return value === undefined ? {} : { [name]: value };
}

export function time(ms: number): string {
  return new Date(ms).toISOString();
}

// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, textAt, textsAt } from '../value.ts';
import {
  createChangeSet,
  deleteChangeSet,
  describeChangeSet,
  executeChangeSet,
  listChangeSets,
} from './change-set-actions.ts';
import type { CloudFormation } from './cloudformation.ts';
import { page, shownEvent, shownResource, shownStack, shownSummary } from './show.ts';
import type { Stack, StackResource } from './stack/stack.ts';
import { create, remove, signalResource, update } from './stack-actions.ts';
import { invalid } from './submission.ts';
import { getTemplate, getTemplateSummary, validateTemplate } from './template-actions.ts';

/** Answers one call of CloudFormation. Calls that the lab does not imitate are refused. */
export async function answerCloudFormation(
  cloudFormation: CloudFormation,
  action: string,
  input: Struct,
  caller: string,
): Promise<Struct> {
  switch (action) {
    case 'CreateStack':
      return create(cloudFormation, input, caller);
    case 'UpdateStack':
      return update(cloudFormation, input, caller);
    case 'DeleteStack':
      return remove(cloudFormation, input, caller);
    case 'SignalResource':
      return signalResource(cloudFormation, input);
    case 'CreateChangeSet':
      return createChangeSet(cloudFormation, input, caller);
    case 'DescribeChangeSet':
      return describeChangeSet(cloudFormation, input);
    case 'ExecuteChangeSet':
      return executeChangeSet(cloudFormation, input, caller);
    case 'DeleteChangeSet':
      return deleteChangeSet(cloudFormation, input);
    case 'ListChangeSets':
      return listChangeSets(cloudFormation, input);
    case 'GetTemplate':
      return getTemplate(cloudFormation, input);
    case 'GetTemplateSummary':
      return getTemplateSummary(cloudFormation, input);
    case 'ValidateTemplate':
      return validateTemplate(cloudFormation, input);
    default:
      return describe(cloudFormation, action, input);
  }
}

function describe(cloudFormation: CloudFormation, action: string, input: Struct): Struct {
  const name = textAt(input, 'StackName');
  switch (action) {
    case 'DescribeStacks': {
      const stacks =
        name === undefined ? cloudFormation.stacks.filter(({ isDeleted }) => !isDeleted) : [cloudFormation.get(name)];
      return page(stacks.toReversed().map(shownStack), 'Stacks', input);
    }
    case 'ListStacks': {
      const filter = textsAt(input, 'StackStatusFilter');
      const stacks = cloudFormation.stacks.filter(({ status }) => filter.length === 0 || filter.includes(status));
      return page(stacks.toReversed().map(shownSummary), 'StackSummaries', input);
    }
    case 'DescribeStackEvents': {
      const stack = cloudFormation.get(name ?? '');
      return page(
        stack.events.toReversed().map((event) => shownEvent(stack, event)),
        'StackEvents',
        input,
      );
    }
    case 'ListStackResources': {
      const { resources } = cloudFormation.get(name ?? '');
      const shown = [...resources.values()].map((resource) => shownResource(resource, 'LastUpdatedTimestamp'));
      return page(shown, 'StackResourceSummaries', input);
    }
    case 'DescribeStackResource': {
      const stack = cloudFormation.get(name ?? '');
      const resource = resourceOf(stack, textAt(input, 'LogicalResourceId') ?? '');
      const detail = { ...shownResource(resource, 'LastUpdatedTimestamp'), ...named(stack) };
      return { StackResourceDetail: { ...detail, Metadata: JSON.stringify(resource.declaration.metadata ?? {}) } };
    }
    case 'DescribeStackResources':
      return { StackResources: stackResources(cloudFormation, input) };
    default:
      throw new AwsFailure('InvalidAction', `The lab does not imitate ${action} of CloudFormation`);
  }
}

/** The resources of one stack, found by its name or by the physical id of one of its resources. */
function stackResources(cloudFormation: CloudFormation, input: Struct): readonly Struct[] {
  const [name, physicalId] = [textAt(input, 'StackName'), textAt(input, 'PhysicalResourceId')];
  if ((name === undefined) === (physicalId === undefined)) {
    throw invalid('Either the StackName or the PhysicalResourceId must be specified, and not both');
  }
  const stack = name === undefined ? stackWith(cloudFormation, physicalId ?? '') : cloudFormation.get(name);
  const logicalId = textAt(input, 'LogicalResourceId');
  return [...stack.resources.values()]
    .filter((resource) => logicalId === undefined || resource.logicalId === logicalId)
    .map((resource) => ({ ...shownResource(resource, 'Timestamp'), ...named(stack) }));
}

function stackWith(cloudFormation: CloudFormation, physicalId: string): Stack {
  const found = cloudFormation.stacks.find(({ resources }) =>
    [...resources.values()].some((resource) => resource.physicalId === physicalId),
  );
  if (found === undefined) throw invalid(`Stack for ${physicalId} does not exist`);
  return found;
}

function resourceOf(stack: Stack, logicalId: string): StackResource {
  const resource = stack.resources.get(logicalId);
  if (resource === undefined) throw invalid(`Resource ${logicalId} does not exist for stack ${stack.name}`);
  return resource;
}

function named(stack: Stack): Struct {
  return { StackName: stack.name, StackId: stack.id };
}

// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { AwsFailure } from '../failure.ts';
import { type Struct, textAt } from '../value.ts';
import { type ChangeSet, NO_CHANGES } from './changes/change-set.ts';
import { shownChange } from './changes/planned-change.ts';
import type { CloudFormation } from './cloudformation.ts';
import { createStack } from './operations/create-stack.ts';
import { page, shownParameters, shownTags, time } from './show.ts';
import type { Stack } from './stack/stack.ts';
import { changesOf, refuseExisting, sentBefore, stackName, startUpdate, updatable } from './stack-actions.ts';
import { invalid, readSubmission, refuseOthers } from './submission.ts';

const IMITATED = [
  'StackName',
  'ChangeSetName',
  'ChangeSetType',
  'TemplateBody',
  'UsePreviousTemplate',
  'Parameters',
  'Capabilities',
  'Tags',
  'Description',
  'ClientToken',
  'OnStackFailure',
];

/** A change set of type CREATE makes the stack, with the status REVIEW_IN_PROGRESS. */
export async function createChangeSet(cloudFormation: CloudFormation, input: Struct, caller: string): Promise<Struct> {
  refuseOthers(input, IMITATED);
  const { cloud } = cloudFormation;
  const type = textAt(input, 'ChangeSetType') ?? 'UPDATE';
  if (type !== 'CREATE' && type !== 'UPDATE') throw invalid(`The lab does not imitate the ChangeSetType ${type}`);
  const { stack, isNew } = stackFor(cloudFormation, input, type);
  const name = textAt(input, 'ChangeSetName') ?? '';
  try {
    if (stack.changeSets.has(name)) {
      throw new AwsFailure(
        'AlreadyExistsException',
        `ChangeSet ${name} cannot be created due to a mismatch with existing attribute Template`,
      );
    }
    const blueprint = await readSubmission(cloud, stack, input, caller);
    const changeSet: ChangeSet = {
      id: `arn:aws:cloudformation:${cloud.region}:${cloud.account}:changeSet/${name}/${randomUUID()}`,
      name,
      type,
      description: textAt(input, 'Description'),
      createdAtMs: Date.now(),
      blueprint,
      onStackFailure: textAt(input, 'OnStackFailure'),
      status: 'CREATE_PENDING',
      executionStatus: 'UNAVAILABLE',
      reason: undefined,
      changes: [],
    };
    stack.changeSets.set(name, changeSet);
    if (isNew) stack.setStatus('REVIEW_IN_PROGRESS', 'User Initiated');
    // AWS takes seconds for this, so a caller must not rely on an answer that is ready at once.
    setImmediate(() => work(cloudFormation, stack, changeSet));
    return { Id: changeSet.id, StackId: stack.id };
  } catch (error) {
    if (isNew) cloudFormation.stacks.splice(cloudFormation.stacks.indexOf(stack), 1);
    throw error;
  }
}

function stackFor(cloudFormation: CloudFormation, input: Struct, type: 'CREATE' | 'UPDATE') {
  const given = textAt(input, 'StackName') ?? '';
  const found = cloudFormation.find(given);
  if (type === 'UPDATE') {
    if (found === undefined || found.isDeleted) throw invalid(`Stack [${given}] does not exist`);
    updatable(found);
    return { stack: found, isNew: false };
  }
  if (found !== undefined && found.status === 'REVIEW_IN_PROGRESS') return { stack: found, isNew: false };
  const name = stackName(input);
  if (found !== undefined) refuseExisting(cloudFormation, name);
  return { stack: cloudFormation.add(name), isNew: true };
}

function work(cloudFormation: CloudFormation, stack: Stack, changeSet: ChangeSet): void {
  try {
    changeSet.changes = changesOf(cloudFormation, stack, changeSet.blueprint);
    const empty = changeSet.changes.length === 0;
    changeSet.status = empty ? 'FAILED' : 'CREATE_COMPLETE';
    changeSet.executionStatus = empty ? 'UNAVAILABLE' : 'AVAILABLE';
    if (empty) changeSet.reason = NO_CHANGES;
  } catch (error) {
    changeSet.status = 'FAILED';
    changeSet.reason = error instanceof Error ? error.message : String(error);
  }
}

export function describeChangeSet(cloudFormation: CloudFormation, input: Struct): Struct {
  refuseOthers(input, ['ChangeSetName', 'StackName', 'NextToken', 'IncludePropertyValues']);
  const { stack, changeSet } = changeSetOf(cloudFormation, input);
  const { blueprint, description, reason, onStackFailure } = changeSet;
  const changes = page(changeSet.changes.map(shownChange), 'Changes', input);
  return {
    ChangeSetName: changeSet.name,
    ChangeSetId: changeSet.id,
    StackId: stack.id,
    StackName: stack.name,
    Parameters: shownParameters(blueprint),
    CreationTime: time(changeSet.createdAtMs),
    ExecutionStatus: changeSet.executionStatus,
    Status: changeSet.status,
    NotificationARNs: [],
    RollbackConfiguration: {},
    Capabilities: blueprint.capabilities,
    Tags: shownTags(blueprint.tags),
    ...changes,
    ...(description === undefined ? {} : { Description: description }),
    ...(reason === undefined ? {} : { StatusReason: reason }),
    ...(onStackFailure === undefined ? {} : { OnStackFailure: onStackFailure }),
  };
}

export function listChangeSets(cloudFormation: CloudFormation, input: Struct): Struct {
  const stack = cloudFormation.get(textAt(input, 'StackName') ?? '');
  const summaries = [...stack.changeSets.values()].map((changeSet) => ({
    StackId: stack.id,
    StackName: stack.name,
    ChangeSetId: changeSet.id,
    ChangeSetName: changeSet.name,
    ExecutionStatus: changeSet.executionStatus,
    Status: changeSet.status,
    CreationTime: time(changeSet.createdAtMs),
    ...(changeSet.reason === undefined ? {} : { StatusReason: changeSet.reason }),
    ...(changeSet.description === undefined ? {} : { Description: changeSet.description }),
  }));
  return page(summaries, 'Summaries', input);
}

export function deleteChangeSet(cloudFormation: CloudFormation, input: Struct): Struct {
  let found: ReturnType<typeof changeSetOf>;
  try {
    found = changeSetOf(cloudFormation, input);
  } catch (error) {
    // Deleting a missing change set is not an error if the stack exists.
    if (error instanceof AwsFailure && error.code === 'ChangeSetNotFound') return {};
    throw error;
  }
  const { stack, changeSet } = found;
  if (changeSet.executionStatus === 'EXECUTE_IN_PROGRESS') {
    throw new AwsFailure(
      'InvalidChangeSetStatus',
      `ChangeSet [${changeSet.id}] cannot be deleted in its current status of ${changeSet.executionStatus}`,
    );
  }
  stack.changeSets.delete(changeSet.name);
  return {};
}

export function executeChangeSet(cloudFormation: CloudFormation, input: Struct, caller: string): Struct {
  refuseOthers(input, ['ChangeSetName', 'StackName', 'ClientRequestToken']);
  const { stack, changeSet } = changeSetOf(cloudFormation, input);
  if (sentBefore(stack, input) !== undefined) return {};
  if (changeSet.executionStatus !== 'AVAILABLE') {
    const status = changeSet.status === 'CREATE_COMPLETE' ? changeSet.executionStatus : changeSet.status;
    throw new AwsFailure(
      'InvalidChangeSetStatus',
      `ChangeSet [${changeSet.id}] cannot be executed in its current status of [${status}]`,
    );
  }
  const token = textAt(input, 'ClientRequestToken');
  const { blueprint, onStackFailure } = changeSet;
  const updated = changeSet.type === 'UPDATE' ? updatable(stack) : undefined;
  if (updated === undefined) {
    if (stack.status !== 'REVIEW_IN_PROGRESS') {
      throw invalid(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
    }
    const onFailure = onStackFailure === 'DO_NOTHING' || onStackFailure === 'DELETE' ? onStackFailure : 'ROLLBACK';
    cloudFormation.start(stack, caller, token, (run) => createStack(run, blueprint, onFailure));
  } else {
    startUpdate(cloudFormation, stack, updated, blueprint, caller, token);
  }
  stack.lastChangeSet = changeSet.id;
  // The other change sets were made for a state of the stack that no longer exists.
  for (const name of stack.changeSets.keys()) if (name !== changeSet.name) stack.changeSets.delete(name);
  changeSet.executionStatus = 'EXECUTE_IN_PROGRESS';
  stack.operation?.ended.then(() => {
    changeSet.executionStatus = /^(CREATE|UPDATE)_COMPLETE$/.test(stack.status) ? 'EXECUTE_COMPLETE' : 'EXECUTE_FAILED';
  });
  return {};
}

/** By its id, or by its name and its stack. */
export function changeSetOf(
  cloudFormation: CloudFormation,
  input: Struct,
): { readonly stack: Stack; readonly changeSet: ChangeSet } {
  const wanted = textAt(input, 'ChangeSetName') ?? '';
  const given = textAt(input, 'StackName');
  if (!wanted.startsWith('arn:') && given === undefined) {
    throw invalid('StackName must be specified if ChangeSetName is not specified as an ARN.');
  }
  const stacks = given === undefined ? cloudFormation.stacks : [cloudFormation.get(given)];
  for (const stack of stacks) {
    for (const changeSet of stack.changeSets.values()) {
      if (changeSet.id === wanted || changeSet.name === wanted) return { stack, changeSet };
    }
  }
  throw new AwsFailure('ChangeSetNotFound', `ChangeSet [${wanted}] does not exist`, 404);
}

// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { flagAt, type Struct, textAt, textsAt } from '../value.ts';
import { plan } from './changes/plan.ts';
import type { CloudFormation } from './cloudformation.ts';
import { createStack, type OnFailure } from './operations/create-stack.ts';
import { deleteStack } from './operations/delete-stack.ts';
import { updateStack } from './operations/update-stack.ts';
import type { Blueprint } from './stack/blueprint.ts';
import type { Stack } from './stack/stack.ts';
import { invalid, readSubmission, refuseOthers } from './submission.ts';

const SUBMITTED = ['StackName', 'TemplateBody', 'Parameters', 'Capabilities', 'Tags', 'ClientRequestToken'];
const STACK_NAME = /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/;

export async function create(cloudFormation: CloudFormation, input: Struct, caller: string): Promise<Struct> {
  refuseOthers(input, [...SUBMITTED, 'OnFailure', 'DisableRollback', 'EnableTerminationProtection']);
  const name = stackName(input);
  const same = sentBefore(cloudFormation.find(name), input);
  if (same !== undefined) return { StackId: same.id };
  refuseExisting(cloudFormation, name);
  // The stack is made only after all checks, since its name is taken from then on.
  const stack = cloudFormation.add(name);
  try {
    const onFailure = onFailureOf(input);
    const blueprint = await readSubmission(cloudFormation.cloud, stack, input, caller);
    stack.terminationProtection = flagAt(input, 'EnableTerminationProtection') ?? false;
    cloudFormation.start(stack, caller, textAt(input, 'ClientRequestToken'), (run) =>
      createStack(run, blueprint, onFailure),
    );
  } catch (error) {
    cloudFormation.stacks.splice(cloudFormation.stacks.indexOf(stack), 1);
    throw error;
  }
  return { StackId: stack.id };
}

/** The stack, if this same request has already started an operation and only its answer was lost. */
export function sentBefore(stack: Stack | undefined, input: Struct): Stack | undefined {
  return stack?.tokens.has(textAt(input, 'ClientRequestToken') ?? '') === true ? stack : undefined;
}

function onFailureOf(input: Struct): OnFailure {
  const disabled = flagAt(input, 'DisableRollback');
  const given = textAt(input, 'OnFailure');
  if (disabled !== undefined && given !== undefined) {
    throw invalid('You can specify either OnFailure or DisableRollback, but not both.');
  }
  if (disabled === true || given === 'DO_NOTHING') return 'DO_NOTHING';
  return given === 'DELETE' ? 'DELETE' : 'ROLLBACK';
}

/** The API model's pattern also allows an ARN, but a new stack can't have one as its name. */
export function stackName(input: Struct): string {
  const name = textAt(input, 'StackName') ?? '';
  if (STACK_NAME.test(name)) return name;
  throw invalid(
    `1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
  );
}

export function refuseExisting(cloudFormation: CloudFormation, name: string): void {
  if (cloudFormation.find(name) === undefined) return;
  throw new AwsFailure('AlreadyExistsException', `Stack [${name}] already exists`);
}

export async function update(cloudFormation: CloudFormation, input: Struct, caller: string): Promise<Struct> {
  refuseOthers(input, [...SUBMITTED, 'UsePreviousTemplate']);
  const stack = cloudFormation.get(textAt(input, 'StackName') ?? '');
  if (sentBefore(stack, input) !== undefined) return { StackId: stack.id };
  const before = updatable(stack);
  const after = await readSubmission(cloudFormation.cloud, stack, input, caller);
  if (changesOf(cloudFormation, stack, after).length === 0) throw invalid('No updates are to be performed.');
  // Another operation may have begun during the lookup of the parameters.
  updatable(stack);
  startUpdate(cloudFormation, stack, before, after, caller, textAt(input, 'ClientRequestToken'));
  return { StackId: stack.id };
}

export function changesOf({ cloud }: CloudFormation, stack: Stack, after: Blueprint) {
  const place = { id: stack.id, name: stack.name, region: cloud.region, account: cloud.account };
  return plan({ place, before: stack.blueprint, after, resources: stack.resources, schemaOf: cloud.schemaOf });
}

const UPDATABLE = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];

/** The blueprint of a stack that can be updated. */
export function updatable(stack: Stack): Blueprint {
  if (stack.blueprint !== undefined && UPDATABLE.includes(stack.status)) return stack.blueprint;
  throw invalid(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
}

export function startUpdate(
  cloudFormation: CloudFormation,
  stack: Stack,
  before: Blueprint,
  after: Blueprint,
  caller: string,
  token: string | undefined,
): void {
  outdate(stack);
  cloudFormation.start(stack, caller, token, (run) => updateStack(run, before, after));
}

/** Change sets that were not executed describe a state of the stack that no longer exists. */
function outdate(stack: Stack): void {
  for (const changeSet of stack.changeSets.values()) {
    if (changeSet.executionStatus === 'AVAILABLE') changeSet.executionStatus = 'OBSOLETE';
  }
}

/** Deleting a stack that does not exist, or is being deleted, is not an error. */
export function remove(cloudFormation: CloudFormation, input: Struct, caller: string): Struct {
  refuseOthers(input, ['StackName', 'RetainResources', 'ClientRequestToken']);
  const stack = cloudFormation.find(textAt(input, 'StackName') ?? '');
  if (stack === undefined || stack.isDeleted || stack.status === 'DELETE_IN_PROGRESS') return {};
  if (stack.terminationProtection) {
    throw invalid(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
  }
  const retained = textsAt(input, 'RetainResources');
  if (retained.length > 0 && stack.status !== 'DELETE_FAILED') {
    throw invalid(
      `Invalid operation on stack [${stack.id}]. When you delete a stack, specify which resources to retain only when the stack is in the DELETE_FAILED state.`,
    );
  }
  const creation = stack.status === 'CREATE_IN_PROGRESS' ? stack.operation : undefined;
  if (stack.isBusy && creation === undefined) {
    throw invalid(`Stack [${stack.name}] cannot be deleted while in status ${stack.status}`);
  }
  // The creation is stopped, and its resources are deleted.
  if (creation !== undefined) creation.superseded = true;
  creation?.cancel();
  cloudFormation.start(stack, caller, textAt(input, 'ClientRequestToken'), async (run) => {
    await creation?.ended;
    await deleteStack(run, retained);
  });
  return {};
}

/** A signal counts while its resource is created or updated, once for each unique id. */
export function signalResource(cloudFormation: CloudFormation, input: Struct): Struct {
  const stack = cloudFormation.get(textAt(input, 'StackName') ?? '');
  const logicalId = textAt(input, 'LogicalResourceId') ?? '';
  if (!/^(CREATE|UPDATE|UPDATE_ROLLBACK)_IN_PROGRESS$/.test(stack.status)) {
    throw invalid(`Stack ${stack.id} is in ${stack.status} state and cannot be signaled`);
  }
  const resource = stack.resources.get(logicalId);
  if (resource === undefined) throw invalid(`Resource ${logicalId} does not exist for stack ${stack.name}`);
  const box = stack.operation?.signals.get(logicalId);
  if (box === undefined || !resource.status.endsWith('_IN_PROGRESS')) {
    throw invalid(`Resource ${logicalId} is in ${resource.status} state and cannot be signaled`);
  }
  const status = textAt(input, 'Status') === 'FAILURE' ? 'FAILURE' : 'SUCCESS';
  const uniqueId = textAt(input, 'UniqueId') ?? '';
  if (box.add({ uniqueId, status })) {
    stack.setResource(resource, resource.status, `Received ${status} signal with UniqueId ${uniqueId}`);
  }
  return {};
}

// SPDX-License-Identifier: Apache-2.0
import type { Blueprint } from '../stack/blueprint.ts';
import type { StackResource } from '../stack/stack.ts';
import { deleteResources } from './delete-resources.ts';
import { makeResource, newResource } from './make-resource.ts';
import { outputsOf } from './outputs.ts';
import type { StackRun } from './stack-run.ts';
import { walk } from './walk.ts';

export type OnFailure = 'DO_NOTHING' | 'ROLLBACK' | 'DELETE';

/** From CREATE_IN_PROGRESS to CREATE_COMPLETE, or to the outcome when a resource fails. */
export async function createStack(run: StackRun, blueprint: Blueprint, onFailure: OnFailure): Promise<void> {
  const { stack } = run;
  stack.blueprint = blueprint;
  stack.setStatus('CREATE_IN_PROGRESS', 'User Initiated');
  const needs = run.dependencies(blueprint);
  const make = async (logicalId: string): Promise<void> => {
    const declaration = blueprint.template.resources.get(logicalId);
    if (declaration === undefined) return;
    const resource = newResource(declaration, needs.get(logicalId) ?? new Set(), 'CREATE');
    stack.resources.set(logicalId, resource);
    stack.setResource(resource, 'CREATE_IN_PROGRESS');
    await makeResource(run, blueprint, resource, 'CREATE');
  };
  const failures = await walk(needs, make, { failed: () => run.cancel() });
  if (failures.length === 0) {
    stack.outputs = outputsOf(run, blueprint);
    stack.setStatus('CREATE_COMPLETE');
    return;
  }
  if (!run.isMoot) await undo(run, blueprint, onFailure);
}

async function undo(run: StackRun, blueprint: Blueprint, onFailure: OnFailure): Promise<void> {
  const { stack } = run;
  const failed = namesOf(stack.resources.values(), 'CREATE_FAILED');
  const why = `The following resource(s) failed to create: [${failed}].`;
  if (onFailure === 'DO_NOTHING') {
    stack.setStatus('CREATE_FAILED', why);
    return;
  }
  run.startAnew();
  const word = onFailure === 'DELETE' ? 'DELETE' : 'ROLLBACK';
  stack.setStatus(`${word}_IN_PROGRESS`, `${why} ${onFailure === 'DELETE' ? 'Delete' : 'Rollback'} requested by user.`);
  const keeps = ({ declaration }: StackResource): boolean => declaration.deletionPolicy === 'Retain';
  const stuck = await deleteResources(run, blueprint, [...stack.resources.values()], keeps);
  if (stuck.length > 0) {
    stack.setStatus(
      `${word}_FAILED`,
      `The following resource(s) failed to delete: [${namesOf(stuck, 'DELETE_FAILED')}].`,
    );
    return;
  }
  stack.setStatus(`${word}_COMPLETE`);
  if (onFailure === 'DELETE') stack.deletedAtMs = Date.now();
}

export function namesOf(resources: Iterable<StackResource>, status: string): string {
  return [...resources]
    .filter((resource) => resource.status === status)
    .map(({ logicalId }) => logicalId)
    .join(', ');
}

// SPDX-License-Identifier: Apache-2.0
import { plan } from '../changes/plan.ts';
import type { Blueprint } from '../stack/blueprint.ts';
import type { StackResource } from '../stack/stack.ts';
import { applyProperties, changeResource, type Update } from './change-resource.ts';
import { namesOf } from './create-stack.ts';
import { deleteResources } from './delete-resources.ts';
import { makeResource, newResource } from './make-resource.ts';
import { outputsOf } from './outputs.ts';
import type { StackRun } from './stack-run.ts';
import { walk } from './walk.ts';

/**
 * From UPDATE_IN_PROGRESS to UPDATE_COMPLETE. First come new and changed resources, in the order of their dependencies.
 * Then the clean-up phase removes the old ones. When a resource fails, everything goes back to the blueprint before.
 */
export async function updateStack(run: StackRun, before: Blueprint, after: Blueprint): Promise<void> {
  const { stack } = run;
  const { place, cloud } = run;
  const input = { place, before, after, resources: stack.resources, schemaOf: cloud.schemaOf };
  const changes = new Map(plan(input).map((change) => [change.logicalId, change]));
  const update: Update = { run, after, journal: new Map(), leftOver: [] };
  const needs = run.dependencies(after);
  stack.updatedAtMs = Date.now();
  stack.blueprint = after;
  stack.setStatus('UPDATE_IN_PROGRESS', 'User Initiated');
  const apply = async (logicalId: string): Promise<void> => {
    const declaration = after.template.resources.get(logicalId);
    const change = changes.get(logicalId);
    if (declaration === undefined || change === undefined) return;
    const mine = needs.get(logicalId) ?? new Set();
    const present = stack.resources.get(logicalId);
    if (present !== undefined) {
      await changeResource(update, change, present, declaration, mine);
      return;
    }
    const resource = newResource(declaration, mine, 'CREATE');
    update.journal.set(logicalId, { kind: 'created' });
    stack.resources.set(logicalId, resource);
    stack.setResource(resource, 'CREATE_IN_PROGRESS');
    await makeResource(run, after, resource, 'CREATE');
  };
  const failures = await walk(needs, apply, { failed: () => run.cancel() });
  if (failures.length === 0) await cleanUp(update, needs);
  else if (!run.isMoot) await rollBack(update, before);
}

async function cleanUp(
  { run, after, leftOver }: Update,
  needs: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<void> {
  const { stack } = run;
  const removed = [...stack.resources.values()].filter(({ logicalId }) => !needs.has(logicalId));
  for (const resource of stack.resources.values()) {
    // Changed policies alone are no change of the resource, but they apply from now on.
    const declaration = after.template.resources.get(resource.logicalId);
    if (declaration === undefined || !needs.has(resource.logicalId)) continue;
    Object.assign(resource, { declaration, needs: needs.get(resource.logicalId) ?? new Set() });
  }
  stack.outputs = outputsOf(run, after);
  stack.setStatus('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
  const keeps = (resource: StackResource): boolean =>
    leftOver.includes(resource)
      ? (after.template.resources.get(resource.logicalId) ?? resource.declaration).updateReplacePolicy === 'Retain'
      : resource.declaration.deletionPolicy !== 'Delete';
  const stuck = await deleteResources(run, after, [...leftOver, ...removed], keeps);
  // AWS leaves resources that it can't delete to the user, and the update still counts as complete.
  for (const { logicalId } of stuck) if (!needs.has(logicalId)) stack.resources.delete(logicalId);
  stack.setStatus('UPDATE_COMPLETE');
}

async function rollBack(update: Update, before: Blueprint): Promise<void> {
  const { run, journal } = update;
  const { stack } = run;
  const failed = [
    namesOf(stack.resources.values(), 'CREATE_FAILED'),
    namesOf(stack.resources.values(), 'UPDATE_FAILED'),
  ];
  const texts = [`failed to create: [${failed[0]}]`, `failed to update: [${failed[1]}]`].filter(
    (_, at) => failed[at] !== '',
  );
  run.startAnew();
  stack.blueprint = before;
  stack.setStatus('UPDATE_ROLLBACK_IN_PROGRESS', `The following resource(s) ${texts.join(' and ')}. `);
  const needs = run.dependencies(before);
  const failures = await walk(needs, (logicalId) => takeBack(update, before, logicalId));
  if (failures.length > 0) {
    const names = namesOf(stack.resources.values(), 'UPDATE_FAILED');
    stack.setStatus('UPDATE_ROLLBACK_FAILED', `The following resource(s) failed to update: [${names}].`);
    return;
  }
  stack.setStatus('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
  const created = [...journal].flatMap(([logicalId, { kind }]) =>
    kind === 'created' ? (stack.resources.get(logicalId) ?? []) : [],
  );
  const keeps = ({ declaration, logicalId }: StackResource): boolean =>
    journal.get(logicalId)?.kind === 'created' && declaration.deletionPolicy === 'Retain';
  await deleteResources(run, before, [...update.leftOver, ...created], keeps);
  for (const { logicalId } of created) stack.resources.delete(logicalId);
  stack.setStatus('UPDATE_ROLLBACK_COMPLETE');
}

/** Restores the old resource if it was replaced. If it was changed in place, changes it back, with its old policies. */
async function takeBack(update: Update, before: Blueprint, logicalId: string): Promise<void> {
  const { run, journal, leftOver } = update;
  const { stack } = run;
  const entry = journal.get(logicalId);
  const resource = stack.resources.get(logicalId);
  if (entry === undefined || entry.kind === 'created' || resource === undefined) return;
  if (entry.kind === 'replaced') {
    const old = leftOver.findIndex((one) => one.physicalId === entry.before.physicalId && one.logicalId === logicalId);
    if (old >= 0) leftOver.splice(old, 1);
    leftOver.push(resource);
    const restored = { ...entry.before };
    stack.resources.set(logicalId, restored);
    stack.setResource(restored, 'UPDATE_COMPLETE');
    return;
  }
  const { declaration, properties, needs } = entry.before;
  stack.setResource(resource, 'UPDATE_IN_PROGRESS');
  await applyProperties(run, before, resource, declaration, properties, needs);
}

// SPDX-License-Identifier: Apache-2.0
import type { Blueprint } from '../stack/blueprint.ts';
import type { StackResource } from '../stack/stack.ts';
import { existing, type StackRun } from './stack-run.ts';
import { reversed, walk } from './walk.ts';

/**
 * Deletes resources, each after all resources that need it. A resource that can't be deleted stops only the deletion of
 * those it needs. Resources in `keeps` stay in AWS and no longer belong to the stack. Resolves with the resources that
 * failed.
 */
export async function deleteResources(
  run: StackRun,
  blueprint: Blueprint,
  resources: readonly StackResource[],
  keeps: (resource: StackResource) => boolean,
): Promise<readonly StackResource[]> {
  // A replaced resource may appear twice.
  const keyed = new Map(resources.map((resource, at) => [`${resource.logicalId} ${at}`, resource]));
  const keysOf = (logicalId: string) => [...keyed].flatMap(([key, one]) => (one.logicalId === logicalId ? [key] : []));
  const needs = new Map([...keyed].map(([key, { needs: ids }]) => [key, new Set([...ids].flatMap(keysOf))]));
  const failed: StackResource[] = [];
  const remove = async (key: string): Promise<void> => {
    const resource = keyed.get(key);
    if (resource === undefined) return;
    try {
      await deleteResource(run, blueprint, resource, keeps(resource));
    } catch (error) {
      failed.push(resource);
      throw error;
    }
    if (run.stack.resources.get(resource.logicalId) === resource) run.stack.resources.delete(resource.logicalId);
  };
  await walk(reversed(needs), remove, { goOn: true });
  return failed;
}

async function deleteResource(
  run: StackRun,
  blueprint: Blueprint,
  resource: StackResource,
  keep: boolean,
): Promise<void> {
  const { stack } = run;
  const { physicalId, declaration } = resource;
  if (physicalId === undefined) {
    stack.setResource(resource, 'DELETE_COMPLETE');
    return;
  }
  if (keep) {
    stack.setResource(resource, 'DELETE_SKIPPED');
    return;
  }
  stack.setResource(resource, 'DELETE_IN_PROGRESS');
  try {
    await run.step(resource, blueprint, declaration, (handler, context) =>
      handler.remove(context, existing(resource, physicalId)),
    );
    stack.setResource(resource, 'DELETE_COMPLETE');
  } catch (error) {
    stack.setResource(resource, 'DELETE_FAILED', run.reason(error, 'DELETE'));
    throw error;
  }
}

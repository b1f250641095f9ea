// SPDX-License-Identifier: Apache-2.0
import type { Blueprint } from '../stack/blueprint.ts';
import { namesOf } from './create-stack.ts';
import { deleteResources } from './delete-resources.ts';
import type { StackRun } from './stack-run.ts';

/** From DELETE_IN_PROGRESS to DELETE_COMPLETE. Retained resources stay; `retained` names further ones. */
export async function deleteStack(run: StackRun, retained: readonly string[]): Promise<void> {
  const { stack } = run;
  stack.setStatus('DELETE_IN_PROGRESS', 'User Initiated');
  const blueprint: Blueprint | undefined = stack.blueprint;
  const stuck =
    blueprint === undefined
      ? []
      : await deleteResources(
          run,
          blueprint,
          [...stack.resources.values()],
          ({ logicalId, declaration }) => retained.includes(logicalId) || declaration.deletionPolicy !== 'Delete',
        );
  if (stuck.length > 0) {
    const names = namesOf(stuck, 'DELETE_FAILED');
    stack.setStatus('DELETE_FAILED', `The following resource(s) failed to delete: [${names}]. `);
    return;
  }
  stack.deletedAtMs = Date.now();
  stack.setStatus('DELETE_COMPLETE');
}

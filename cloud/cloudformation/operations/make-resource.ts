// SPDX-License-Identifier: Apache-2.0
import type { Blueprint } from '../stack/blueprint.ts';
import type { StackResource } from '../stack/stack.ts';
import type { ResourceDeclaration } from '../template/declarations.ts';
import type { StackRun } from './stack-run.ts';

/** A resource that does not exist in AWS yet. */
export function newResource(
  declaration: ResourceDeclaration,
  needs: ReadonlySet<string>,
  phase: 'CREATE' | 'UPDATE',
): StackResource {
  return {
    logicalId: declaration.logicalId,
    type: declaration.type,
    declaration,
    physicalId: undefined,
    properties: {},
    attributes: {},
    tags: [],
    needs,
    status: `${phase}_IN_PROGRESS`,
    reason: undefined,
    changedAtMs: Date.now(),
    memory: new Map(),
  };
}

/**
 * Makes a resource; with phase UPDATE, the replacement of another one. After a failure, its physical id shows whether
 * there is something to delete.
 */
export async function makeResource(
  run: StackRun,
  blueprint: Blueprint,
  resource: StackResource,
  phase: 'CREATE' | 'UPDATE',
): Promise<void> {
  const { stack } = run;
  const { declaration } = resource;
  try {
    resource.properties = run.properties(declaration, run.resolver(blueprint));
    resource.attributes = await run.step(
      resource,
      blueprint,
      declaration,
      (handler, context) => handler.create(context, resource.properties),
      (physicalId) => {
        resource.physicalId = physicalId;
        stack.setResource(resource, `${phase}_IN_PROGRESS`, 'Resource creation Initiated');
      },
    );
    resource.tags = run.tags(blueprint, resource);
    stack.setResource(resource, `${phase}_COMPLETE`);
  } catch (error) {
    stack.setResource(resource, `${phase}_FAILED`, run.reason(error, phase));
    throw error;
  }
}

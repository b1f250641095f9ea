// SPDX-License-Identifier: Apache-2.0
import { recreationOf } from '../changes/plan.ts';
import type { PlannedResourceChange } from '../changes/planned-change.ts';
import { changedProperties } from '../resources/property-diff.ts';
import type { Blueprint } from '../stack/blueprint.ts';
import type { StackResource } from '../stack/stack.ts';
import type { ResourceDeclaration } from '../template/declarations.ts';
import { makeResource, newResource } from './make-resource.ts';
import { existing, type StackRun } from './stack-run.ts';

/** What was done to a resource. The rollback needs it. */
type JournalEntry =
  | { readonly kind: 'created' }
  /** Updated in place; `before` is a copy of the old resource. */
  | { readonly kind: 'updated'; readonly before: StackResource }
  | { readonly kind: 'replaced'; readonly before: StackResource };

export interface Update {
  readonly run: StackRun;
  readonly after: Blueprint;
  readonly journal: Map<string, JournalEntry>;
  /** Physical resources that no longer belong to the stack. They are deleted at the end. */
  readonly leftOver: StackResource[];
}

/** Carries out one planned modification. Does nothing when the values turn out to be unchanged. */
export async function changeResource(
  update: Update,
  change: PlannedResourceChange,
  resource: StackResource,
  declaration: ResourceDeclaration,
  needs: ReadonlySet<string>,
): Promise<void> {
  const { run, after } = update;
  const { stack } = run;
  const properties = tried(update, resource, () => run.properties(declaration, run.resolver(after)));
  const changed = changedProperties(resource.properties, properties);
  const touched = change.details.some(({ attribute }) => attribute !== 'Properties');
  if (changed.length === 0 && !touched) return;
  const schema = run.cloud.schemaOf(resource.type);
  if (changed.some((name) => recreationOf(schema, name) === 'Always')) {
    stack.setResource(
      resource,
      'UPDATE_IN_PROGRESS',
      'Requested update requires the creation of a new physical resource; hence creating one.',
    );
    await replaceResource(update, resource, declaration, needs);
    return;
  }
  const before = { ...resource };
  update.journal.set(resource.logicalId, { kind: 'updated', before });
  stack.setResource(resource, 'UPDATE_IN_PROGRESS');
  await applyProperties(run, after, resource, declaration, properties, needs);
}

/** Values that can't be resolved fail the resource, as a failed update does. */
function tried<Result>({ run }: Update, resource: StackResource, resolve: () => Result): Result {
  try {
    return resolve();
  } catch (error) {
    run.stack.setResource(resource, 'UPDATE_FAILED', run.reason(error, 'UPDATE'));
    throw error;
  }
}

/** The new resource is made first; the old one is deleted when everything is done. */
async function replaceResource(
  { run, after, journal, leftOver }: Update,
  resource: StackResource,
  declaration: ResourceDeclaration,
  needs: ReadonlySet<string>,
): Promise<void> {
  const fresh = newResource(declaration, needs, 'UPDATE');
  try {
    await makeResource(run, after, fresh, 'UPDATE');
  } catch (error) {
    if (fresh.physicalId !== undefined) leftOver.push(fresh);
    throw error;
  }
  journal.set(resource.logicalId, { kind: 'replaced', before: { ...resource } });
  leftOver.push(resource);
  run.stack.resources.set(resource.logicalId, fresh);
}

/**
 * Updates a resource in place. After a failure, the resource has the new values. So the rollback counts as a change.
 */
export async function applyProperties(
  run: StackRun,
  blueprint: Blueprint,
  resource: StackResource,
  declaration: ResourceDeclaration,
  properties: StackResource['properties'],
  needs: ReadonlySet<string>,
): Promise<void> {
  const { stack } = run;
  const physicalId = resource.physicalId ?? '';
  try {
    resource.attributes = await run.step(resource, blueprint, declaration, (handler, context) =>
      handler.update(context, existing(resource, physicalId), properties),
    );
    Object.assign(resource, { properties, declaration, needs, tags: run.tags(blueprint, resource) });
    stack.setResource(resource, 'UPDATE_COMPLETE');
  } catch (error) {
    resource.properties = properties;
    stack.setResource(resource, 'UPDATE_FAILED', run.reason(error, 'UPDATE'));
    throw error;
  }
}

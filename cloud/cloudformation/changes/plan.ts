// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { AwsFailure } from '../../failure.ts';
import type { Struct, Value } from '../../value.ts';
import { handlerOf } from '../resources/handlers.ts';
import { type ResourceSchema, type SchemaOf, topLevel } from '../schema/resource-schema.ts';
import type { Blueprint } from '../stack/blueprint.ts';
import { type StackPlace, symbolicResolver } from '../stack/resolvers.ts';
import type { StackResource } from '../stack/stack.ts';
import type { ResourceDeclaration } from '../template/declarations.ts';
import { evaluateStruct } from '../template/evaluate.ts';
import { dependenciesOf } from '../template/order.ts';
import { referencesIn } from '../template/references.ts';
import type { ChangeDetail, PlannedResourceChange, Recreation } from './planned-change.ts';

interface PlanInput {
  readonly place: StackPlace;
  /** Undefined for a stack that will be created. */
  readonly before: Blueprint | undefined;
  readonly after: Blueprint;
  readonly resources: ReadonlyMap<string, StackResource>;
  readonly schemaOf: SchemaOf;
}

/**
 * The changes of an update, from a comparison of templates and parameters. A resource that refers to a changed resource
 * is included, since its value may change too. Added and modified resources come in the order of their creation,
 * removed ones last.
 */
export function plan(input: PlanInput): readonly PlannedResourceChange[] {
  const { before, after, resources } = input;
  const dependencies = dependenciesOf(after.template);
  const changes = new Map<string, PlannedResourceChange>();
  for (const logicalId of inOrder(dependencies)) {
    const declaration = after.template.resources.get(logicalId);
    if (declaration === undefined) continue;
    const present = resources.get(logicalId);
    const change =
      present === undefined || before === undefined || present.type !== declaration.type
        ? added(declaration, present)
        : modified(input, before, declaration, present, changes);
    if (change !== undefined) changes.set(logicalId, change);
  }
  for (const resource of resources.values()) {
    if (!dependencies.has(resource.logicalId)) changes.set(resource.logicalId, removed(resource));
  }
  return [...changes.values()];
}

/** Resources that others need come before them. */
function inOrder(dependencies: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const done = new Set<string>();
  const visit = (id: string): void => {
    if (done.has(id)) return;
    for (const need of dependencies.get(id) ?? []) visit(need);
    done.add(id);
  };
  for (const id of dependencies.keys()) visit(id);
  return [...done];
}

function added({ logicalId, type }: ResourceDeclaration, present: StackResource | undefined): PlannedResourceChange {
  if (present !== undefined) {
    throw new AwsFailure(
      'ValidationError',
      `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${logicalId}]`,
    );
  }
  return { action: 'Add', logicalId, type, details: [] };
}

function removed({ logicalId, type, physicalId, declaration }: StackResource): PlannedResourceChange {
  return {
    action: 'Remove',
    logicalId,
    type,
    ...(physicalId === undefined ? {} : { physicalId }),
    policyAction: declaration.deletionPolicy === 'Delete' ? 'Delete' : 'Retain',
    details: [],
  };
}

function modified(
  input: PlanInput,
  before: Blueprint,
  declaration: ResourceDeclaration,
  present: StackResource,
  changes: ReadonlyMap<string, PlannedResourceChange>,
): PlannedResourceChange | undefined {
  const { logicalId, type } = declaration;
  const details = [
    ...propertyDetails(input, before, declaration, present, changes),
    ...tagDetails(before, input.after, type),
    ...metadataDetails(input, before, declaration, present),
  ];
  if (details.length === 0) return undefined;
  const replacement = replacementOf(details);
  const keeps = declaration.updateReplacePolicy === 'Retain';
  return {
    action: 'Modify',
    logicalId,
    type,
    ...(present.physicalId === undefined ? {} : { physicalId: present.physicalId }),
    replacement,
    ...(replacement === 'False' ? {} : { policyAction: keeps ? 'ReplaceAndRetain' : 'ReplaceAndDelete' }),
    details,
  };
}

function replacementOf(details: readonly ChangeDetail[]): 'True' | 'False' | 'Conditional' {
  if (details.some(({ recreation, evaluation }) => recreation === 'Always' && evaluation === 'Static')) return 'True';
  return details.some(({ recreation }) => recreation !== 'Never') ? 'Conditional' : 'False';
}

function propertyDetails(
  input: PlanInput,
  before: Blueprint,
  declaration: ResourceDeclaration,
  present: StackResource,
  changes: ReadonlyMap<string, PlannedResourceChange>,
): readonly ChangeDetail[] {
  const { place, after, schemaOf } = input;
  const schema = schemaOf(declaration.type);
  const old = evaluateStruct(present.declaration.properties, symbolicResolver(place, before));
  const fresh = evaluateStruct(declaration.properties, symbolicResolver(place, after));
  const names = new Set([...Object.keys(old), ...Object.keys(fresh)]);
  return [...names].flatMap((name): readonly ChangeDetail[] => {
    const recreation = recreationOf(schema, name);
    const written = declaration.properties[name];
    if (isDeepStrictEqual(old[name], fresh[name])) {
      return written === undefined ? [] : followedDetails(name, recreation, written, changes);
    }
    const shared = {
      attribute: 'Properties',
      name,
      recreation,
      evaluation: 'Static',
      ...(old[name] === undefined ? {} : { before: old[name] }),
      ...(fresh[name] === undefined ? {} : { after: fresh[name] }),
    } as const;
    const same = isDeepStrictEqual(present.declaration.properties[name], written);
    const causes = same && written !== undefined ? changedParameters(written, before, after) : [];
    if (causes.length === 0) return [{ ...shared, source: 'DirectModification' }];
    return causes.map((cause) => ({ ...shared, source: 'ParameterReference', cause }));
  });
}

function changedParameters(value: Value, before: Blueprint, after: Blueprint): readonly string[] {
  const names = referencesIn(value).flatMap((reference) =>
    reference.kind === 'ref' && after.template.parameters.has(reference.name) ? [reference.name] : [],
  );
  return [...new Set(names)].filter((name) => before.parameters.get(name) !== after.parameters.get(name));
}

/** A reference to a replaced resource, or to an attribute that can change with an update. */
function followedDetails(
  name: string,
  recreation: Recreation,
  written: Value,
  changes: ReadonlyMap<string, PlannedResourceChange>,
): readonly ChangeDetail[] {
  const causes = new Map<string, ChangeDetail>();
  for (const reference of referencesIn(written)) {
    const change = changes.get(reference.name);
    if (change === undefined) continue;
    const shared = { attribute: 'Properties', name, recreation, evaluation: 'Dynamic' } as const;
    const replaced = change.replacement !== 'False';
    if (reference.kind === 'ref' && replaced) {
      causes.set(reference.name, { ...shared, source: 'ResourceReference', cause: reference.name });
    } else if (reference.kind === 'attribute') {
      const moves = handlerOf(change.type)?.movingAttributes?.includes(reference.attribute) ?? false;
      const cause = `${reference.name}.${reference.attribute}`;
      if (replaced || moves) causes.set(cause, { ...shared, source: 'ResourceAttribute', cause });
    }
  }
  return [...causes.values()];
}

function tagDetails(before: Blueprint, after: Blueprint, type: string): readonly ChangeDetail[] {
  if (handlerOf(type)?.takesTags === undefined || isDeepStrictEqual(before.tags, after.tags)) return [];
  return [{ attribute: 'Tags', recreation: 'Never', evaluation: 'Static', source: 'DirectModification' }];
}

function metadataDetails(
  { place, after }: PlanInput,
  before: Blueprint,
  declaration: ResourceDeclaration,
  present: StackResource,
): readonly ChangeDetail[] {
  const old = evaluateStruct(present.declaration.metadata ?? {}, symbolicResolver(place, before));
  const fresh: Struct = evaluateStruct(declaration.metadata ?? {}, symbolicResolver(place, after));
  if (isDeepStrictEqual(old, fresh)) return [];
  return [{ attribute: 'Metadata', recreation: 'Never', evaluation: 'Static', source: 'DirectModification' }];
}

export function recreationOf(schema: ResourceSchema | undefined, property: string): Recreation {
  if (topLevel(schema?.createOnlyProperties).includes(property)) return 'Always';
  return topLevel(schema?.conditionalCreateOnlyProperties).includes(property) ? 'Conditionally' : 'Never';
}

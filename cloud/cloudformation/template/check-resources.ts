// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import { isStruct, type Struct, type Value } from '../../value.ts';
import { readCreationPolicy } from '../policies/creation-policy.ts';
import { readRollingPolicy } from '../policies/rolling-policy.ts';
import type { ResourceHandler } from '../resources/handler.ts';
import { handlerOf } from '../resources/handlers.ts';
import type { ResourceSchema, SchemaOf } from '../schema/resource-schema.ts';
import type { ResourceDeclaration, Template } from './declarations.ts';
import { intrinsicOf } from './intrinsics.ts';
import { referencesIn } from './references.ts';

/**
 * Refuses what the lab does not support: types, properties, attributes and policies. If AWS's own schema does not have
 * it either, the refusal has AWS's words.
 */
export function checkResources(template: Template, schemaOf: SchemaOf): void {
  const types = [...template.resources.values()].map(({ type }) => type);
  const unknown = types.filter((type) => schemaOf(type) === undefined);
  if (unknown.length > 0) throw invalid(`Template format error: Unrecognized resource types: [${unknown.join(', ')}]`);
  for (const resource of template.resources.values()) {
    const handler = supported(resource);
    const schema = schemaOf(resource.type);
    if (schema !== undefined) checkNames(resource, handler, schema);
    checkPolicies(resource, handler);
  }
  const values: Value[] = [...template.resources.values()].map(({ properties }) => properties);
  for (const { value } of template.outputs.values()) values.push(value);
  for (const reference of referencesIn(values)) {
    if (reference.kind !== 'attribute') continue;
    const { name, attribute } = reference;
    const type = template.resources.get(name)?.type ?? '';
    if (handlerOf(type)?.attributes.includes(attribute) !== true) {
      throw invalid(`Template error: resource ${name} does not support attribute type ${attribute} in Fn::GetAtt`);
    }
  }
}

function supported({ logicalId, type }: ResourceDeclaration): ResourceHandler {
  const handler = handlerOf(type);
  if (handler !== undefined) return handler;
  throw invalid(`Template format error: The lab does not support the resource type ${type} of ${logicalId}`);
}

function checkNames(resource: ResourceDeclaration, handler: ResourceHandler, schema: ResourceSchema): void {
  const { logicalId, properties, type } = resource;
  for (const name of Object.keys(properties)) {
    if (schema.properties[name] === undefined) {
      throw invalid(
        `Properties validation failed for resource ${logicalId} with message: #: extraneous key [${name}] is not permitted`,
      );
    }
  }
  for (const path of pathsIn(properties, '')) {
    if (isSupported(handler.supported, path)) continue;
    throw invalid(`Template format error: The lab does not support the property ${path} of ${type} (${logicalId})`);
  }
}

/** Every leaf of the properties as a dotted path without indexes. */
function pathsIn(value: Value, path: string): readonly string[] {
  const isEmpty = typeof value === 'object' && Object.keys(value).length === 0;
  if (intrinsicOf(value) !== undefined || typeof value !== 'object' || (isEmpty && path !== '')) return [path];
  if (Array.isArray(value)) return value.flatMap((item: Value) => pathsIn(item, path));
  return Object.entries(value).flatMap(([name, below]: [string, Value]) =>
    pathsIn(below, path === '' ? name : `${path}.${name}`),
  );
}

function isSupported(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => {
    const parent = pattern.endsWith('.*') ? pattern.slice(0, -2) : undefined;
    if (parent !== undefined) return path === parent || path.startsWith(`${parent}.`);
    // One function may stand for a whole structure.
    return path === pattern || pattern.startsWith(`${path}.`);
  });
}

const POLICY_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  ResourceSignal: ['Count', 'Timeout'],
  AutoScalingCreationPolicy: ['MinSuccessfulInstancesPercent'],
  AutoScalingRollingUpdate: [
    'MaxBatchSize',
    'MinInstancesInService',
    'MinSuccessfulInstancesPercent',
    'PauseTime',
    'SuspendProcesses',
    'WaitOnResourceSignals',
  ],
  AutoScalingScheduledAction: ['IgnoreUnmodifiedGroupSizeProperties'],
};

function checkPolicies(resource: ResourceDeclaration, handler: ResourceHandler): void {
  const { creationPolicy, updatePolicy, type, logicalId } = resource;
  for (const policies of [creationPolicy, updatePolicy]) {
    if (policies === undefined) continue;
    if (handler.policies !== true) {
      throw invalid(`Template format error: The lab does not support policies of ${type} (${logicalId})`);
    }
    for (const [name, policy] of Object.entries(policies)) checkPolicy(logicalId, name, policy);
  }
  if (isPlain(creationPolicy)) readCreationPolicy(creationPolicy ?? {});
  if (isPlain(updatePolicy)) readRollingPolicy(updatePolicy ?? {});
}

function checkPolicy(logicalId: string, name: string, policy: Value): void {
  const members = POLICY_MEMBERS[name];
  const given = isStruct(policy) ? Object.keys(policy) : [];
  const odd = members === undefined ? name : given.find((member) => !members.includes(member));
  if (odd === undefined) return;
  throw invalid(`Template format error: The lab does not support ${odd} in the policies of ${logicalId}`);
}

/** Whether the policy has no functions, so that it can be read before the stack has values. */
function isPlain(policy: Struct | undefined): boolean {
  return policy !== undefined && referencesIn(policy).length === 0;
}

function invalid(message: string): AwsFailure {
  return new AwsFailure('ValidationError', message);
}

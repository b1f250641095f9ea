// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import type { Value } from '../../value.ts';
import type { Template } from './declarations.ts';
import { intrinsicOf } from './intrinsics.ts';
import { isPseudoParameter } from './pseudo-parameters.ts';
import { conditionsIn, type Reference, referencesIn } from './references.ts';

const CONDITION_FUNCTIONS = ['Fn::Equals', 'Fn::And', 'Fn::Or', 'Fn::Not'];

/** Every name in the template leads to a parameter, a resource or a condition of it. */
export function checkReferences(template: Template): void {
  checkConditions(template);
  for (const resource of template.resources.values()) {
    const {
      properties,
      creationPolicy = {},
      updatePolicy = {},
      metadata = {},
      condition,
      dependsOn,
      logicalId,
    } = resource;
    refuseConditionFunctions(properties);
    for (const reference of referencesIn([properties, creationPolicy, updatePolicy, metadata])) {
      checkReference(template, reference, 'Resources');
    }
    if (condition !== undefined && !template.conditions.has(condition)) {
      throw invalid(`Template format error: Unresolved condition '${condition}' on the resource ${logicalId}`);
    }
    const missing = dependsOn.filter((name) => !template.resources.has(name));
    if (missing.length > 0) throw unresolved(missing, 'Resources');
  }
  for (const [name, { value, condition }] of template.outputs) {
    for (const reference of referencesIn(value)) checkReference(template, reference, 'Outputs');
    if (condition !== undefined && !template.conditions.has(condition)) {
      throw invalid(`Template format error: Unresolved condition '${condition}' on the output ${name}`);
    }
  }
}

function checkReference(template: Template, reference: Reference, block: string): void {
  const { parameters, resources, conditions } = template;
  switch (reference.kind) {
    case 'ref':
      if (parameters.has(reference.name) || resources.has(reference.name) || isPseudoParameter(reference.name)) return;
      throw unresolved([reference.name], block);
    case 'attribute':
      if (resources.has(reference.name)) return;
      throw invalid(`Template error: instance of Fn::GetAtt references undefined resource ${reference.name}`);
    case 'condition':
      if (conditions.has(reference.name)) return;
      throw invalid(`Template error: unresolved condition dependency ${reference.name} in Fn::If`);
  }
}

/** Conditions see parameters and each other only, and not in a circle. */
function checkConditions(template: Template): void {
  const visit = (name: string, path: readonly string[]): void => {
    const value = template.conditions.get(name);
    if (value === undefined) throw invalid(`Template format error: Unresolved condition dependency ${name}`);
    if (path.includes(name)) {
      throw invalid(`Template format error: Circular dependencies between conditions: [${[...path, name].join(', ')}]`);
    }
    for (const other of conditionsIn(value)) visit(other, [...path, name]);
  };
  for (const [name, value] of template.conditions) {
    visit(name, []);
    for (const reference of referencesIn(value)) {
      const known =
        reference.kind === 'ref' && (template.parameters.has(reference.name) || isPseudoParameter(reference.name));
      if (!known) {
        throw invalid(
          `Template error: Unresolved dependencies [${reference.name}]. Cannot reference resources in the Conditions block of the template`,
        );
      }
    }
  }
}

function refuseConditionFunctions(value: Value): void {
  const intrinsic = intrinsicOf(value);
  if (intrinsic !== undefined && CONDITION_FUNCTIONS.includes(intrinsic.name)) {
    throw invalid(`Template error: ${intrinsic.name} can stand in the Conditions block of the template only`);
  }
  if (typeof value !== 'object') return;
  for (const below of Object.values(value)) refuseConditionFunctions(below);
}

function unresolved(names: readonly string[], block: string): AwsFailure {
  return invalid(
    `Template format error: Unresolved resource dependencies [${names.join(', ')}] in the ${block} block of the template`,
  );
}

function invalid(message: string): AwsFailure {
  return new AwsFailure('ValidationError', message);
}

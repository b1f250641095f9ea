// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import type { Template } from './declarations.ts';
import { isPseudoParameter } from './pseudo-parameters.ts';
import { type Reference, referencesIn } from './references.ts';

/** Checks that every name in the template leads to one of its parameters or resources. */
export function checkReferences(template: Template): void {
  for (const resource of template.resources.values()) {
    const { properties, creationPolicy = {}, updatePolicy = {}, metadata = {}, dependsOn } = resource;
    for (const reference of referencesIn([properties, creationPolicy, updatePolicy, metadata])) {
      checkReference(template, reference, 'Resources');
    }
    const missing = dependsOn.filter((name) => !template.resources.has(name));
    if (missing.length > 0) throw unresolved(missing, 'Resources');
  }
  for (const { value } of template.outputs.values()) {
    for (const reference of referencesIn(value)) checkReference(template, reference, 'Outputs');
  }
}

function checkReference(template: Template, reference: Reference, block: string): void {
  const { parameters, resources } = template;
  switch (reference.kind) {
    case 'ref':
      if (parameters.has(reference.name) || resources.has(reference.name) || isPseudoParameter(reference.name)) return;
      throw unresolved([reference.name], block);
    case 'attribute':
      if (resources.has(reference.name)) return;
      throw invalid(`Template error: instance of Fn::GetAtt references undefined resource ${reference.name}`);
  }
}

function unresolved(names: readonly string[], block: string): AwsFailure {
  return invalid(
    `Template format error: Unresolved resource dependencies [${names.join(', ')}] in the ${block} block of the template`,
  );
}

function invalid(message: string): AwsFailure {
  return new AwsFailure('ValidationError', message);
}

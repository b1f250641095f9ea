// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import type { Template } from './declarations.ts';
import { referencesIn } from './references.ts';

/** For each logical id, the logical ids that it needs: by Ref, Fn::GetAtt, Fn::Sub and DependsOn. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/** The needs of each resource. Fails when resources need each other. */
export function dependenciesOf(template: Template): Dependencies {
  const dependencies = new Map<string, ReadonlySet<string>>();
  for (const {
    logicalId,
    properties,
    creationPolicy = {},
    updatePolicy = {},
    dependsOn,
  } of template.resources.values()) {
    const named = referencesIn([properties, creationPolicy, updatePolicy]).map(({ name }) => name);
    dependencies.set(logicalId, new Set([...named.filter((name) => template.resources.has(name)), ...dependsOn]));
  }
  refuseCircles(dependencies);
  return dependencies;
}

function refuseCircles(dependencies: Dependencies): void {
  const left = new Map(dependencies);
  for (;;) {
    const free = [...left].filter(([, needs]) => [...needs].every((need) => !left.has(need)));
    if (free.length === 0) break;
    for (const [id] of free) left.delete(id);
  }
  if (left.size > 0) {
    throw new AwsFailure('ValidationError', `Circular dependency between resources: [${[...left.keys()].join(', ')}]`);
  }
}

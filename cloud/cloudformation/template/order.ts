// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import type { ResourceDeclaration, Template } from './declarations.ts';
import { referencesIn } from './references.ts';

/** Logical id to the logical ids that it needs: by Ref, Fn::GetAtt, Fn::Sub and DependsOn. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * What each resource that is `wanted` needs. Fails when it needs one that its condition leaves out, or when resources
 * need each other.
 */
export function dependenciesOf(template: Template, condition: (name: string) => boolean): Dependencies {
  const wanted = [...template.resources.values()].filter((one) => isWanted(one, condition));
  const ids = new Set(wanted.map(({ logicalId }) => logicalId));
  const dependencies = new Map<string, ReadonlySet<string>>();
  for (const { logicalId, properties, creationPolicy = {}, updatePolicy = {}, dependsOn } of wanted) {
    const named = referencesIn([properties, creationPolicy, updatePolicy], condition).flatMap((reference) =>
      reference.kind !== 'condition' && template.resources.has(reference.name) ? [reference.name] : [],
    );
    const missing = named.filter((name) => !ids.has(name));
    if (missing.length > 0) {
      throw new AwsFailure(
        'ValidationError',
        `Template format error: Unresolved resource dependencies [${missing.join(', ')}] in the Resources block of the template`,
      );
    }
    // A DependsOn on what a condition leaves out is left out as well.
    dependencies.set(logicalId, new Set([...named, ...dependsOn.filter((name) => ids.has(name))]));
  }
  refuseCircles(dependencies);
  return dependencies;
}

function isWanted(resource: ResourceDeclaration, condition: (name: string) => boolean): boolean {
  return resource.condition === undefined || condition(resource.condition);
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

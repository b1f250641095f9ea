// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import type { Value } from '../../value.ts';
import type { Resolver } from '../template/evaluate.ts';
import { parameterValue } from '../template/parameter-values.ts';
import { pseudoParameters } from '../template/pseudo-parameters.ts';
import type { Blueprint } from './blueprint.ts';
import type { StackResource } from './stack.ts';

export interface StackPlace {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly account: string;
}

/** How references to resources are resolved. */
interface ResourceView {
  ref(logicalId: string): Value;
  attribute(logicalId: string, attribute: string): Value;
}

function resolver(place: StackPlace, blueprint: Blueprint, view: ResourceView): Resolver {
  const pseudo: Readonly<Record<string, string>> = { ...pseudoParameters(place) };
  const { template, parameters } = blueprint;
  return {
    ref(name) {
      if (name === 'AWS::NoValue') return undefined;
      const declaration = template.parameters.get(name);
      if (declaration !== undefined) return parameterValue(declaration, parameters.get(name) ?? '');
      return pseudo[name] ?? view.ref(name);
    },
    attribute: (logicalId, attribute) => view.attribute(logicalId, attribute),
  };
}

/** Resolves references to the present resources. */
export function liveResolver(
  place: StackPlace,
  blueprint: Blueprint,
  resources: ReadonlyMap<string, StackResource>,
): Resolver {
  const found = (logicalId: string): StackResource => {
    const resource = resources.get(logicalId);
    if (resource?.physicalId !== undefined) return resource;
    throw new AwsFailure('ValidationError', `Template error: the resource ${logicalId} is not there`);
  };
  return resolver(place, blueprint, {
    ref: (logicalId) => found(logicalId).physicalId ?? '',
    attribute(logicalId, attribute) {
      const value = found(logicalId).attributes[attribute];
      if (value !== undefined) return value;
      throw new AwsFailure('ValidationError', `Template error: ${logicalId} has no attribute ${attribute}`);
    },
  });
}

/** Resolves references to names instead of resources, so that two templates can be compared. */
export function symbolicResolver(place: StackPlace, blueprint: Blueprint): Resolver {
  return resolver(place, blueprint, {
    ref: (logicalId) => `{{Ref:${logicalId}}}`,
    attribute: (logicalId, attribute) => `{{GetAtt:${logicalId}.${attribute}}}`,
  });
}

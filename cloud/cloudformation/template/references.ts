// SPDX-License-Identifier: Apache-2.0
import type { Value } from '../../value.ts';
import { attributeArguments, intrinsicOf, subArguments, subParts } from './intrinsics.ts';

/** A parameter, resource or attribute to which a value refers. */
export type Reference =
  | { readonly kind: 'ref'; readonly name: string; readonly by: 'Ref' | 'Fn::Sub' }
  | { readonly kind: 'attribute'; readonly name: string; readonly attribute: string };

/** Every reference in a value. */
export function referencesIn(value: Value): readonly Reference[] {
  const intrinsic = intrinsicOf(value);
  if (intrinsic === undefined) {
    if (typeof value !== 'object') return [];
    return Object.values(value).flatMap((below: Value) => referencesIn(below));
  }
  const { name, argument } = intrinsic;
  switch (name) {
    case 'Ref':
      return [{ kind: 'ref', name: String(argument), by: 'Ref' }];
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = attributeArguments(argument);
      return [{ kind: 'attribute', name: logicalId, attribute }];
    }
    case 'Fn::Sub':
      return referencesOfSub(argument);
    default:
      return referencesIn(argument);
  }
}

function referencesOfSub(argument: Value): readonly Reference[] {
  const { text, variables } = subArguments(argument);
  const named = subParts(text)
    .filter(({ kind, text: name }) => kind === 'name' && !(name in variables))
    .map(({ text: name }): Reference => {
      const dot = name.indexOf('.');
      if (dot < 0) return { kind: 'ref', name, by: 'Fn::Sub' };
      return { kind: 'attribute', name: name.slice(0, dot), attribute: name.slice(dot + 1) };
    });
  return [...named, ...Object.values(variables).flatMap((variable) => referencesIn(variable))];
}

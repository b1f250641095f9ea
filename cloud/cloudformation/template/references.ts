// SPDX-License-Identifier: Apache-2.0
import { isStruct, type Value } from '../../value.ts';
import { attributeArguments, intrinsicOf, subArguments, subParts, toList } from './intrinsics.ts';

/** What a value refers to. */
export type Reference =
  | { readonly kind: 'ref'; readonly name: string; readonly by: 'Ref' | 'Fn::Sub' }
  | { readonly kind: 'attribute'; readonly name: string; readonly attribute: string }
  | { readonly kind: 'condition'; readonly name: string };

/**
 * Every reference in a value. `taken` tells which branch of an Fn::If counts, by the name of its condition; without
 * it both do.
 */
export function referencesIn(value: Value, taken?: (condition: string) => boolean): readonly Reference[] {
  const intrinsic = intrinsicOf(value);
  if (intrinsic === undefined) {
    if (typeof value !== 'object') return [];
    return Object.values(value).flatMap((below: Value) => referencesIn(below, taken));
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
      return referencesOfSub(argument, taken);
    case 'Fn::If': {
      const [condition, whenTrue = '', whenFalse = ''] = toList(argument);
      const branches = taken === undefined ? [whenTrue, whenFalse] : [taken(String(condition)) ? whenTrue : whenFalse];
      return [
        { kind: 'condition', name: String(condition) },
        ...branches.flatMap((branch) => referencesIn(branch, taken)),
      ];
    }
    default:
      return referencesIn(argument, taken);
  }
}

function referencesOfSub(argument: Value, taken: ((condition: string) => boolean) | undefined): readonly Reference[] {
  const { text, variables } = subArguments(argument);
  const named = subParts(text)
    .filter(({ kind, text: name }) => kind === 'name' && !(name in variables))
    .map(({ text: name }): Reference => {
      const dot = name.indexOf('.');
      if (dot < 0) return { kind: 'ref', name, by: 'Fn::Sub' };
      return { kind: 'attribute', name: name.slice(0, dot), attribute: name.slice(dot + 1) };
    });
  return [...named, ...Object.values(variables).flatMap((variable) => referencesIn(variable, taken))];
}

/** The conditions that a condition is made of: `{"Condition": "Name"}`. */
export function conditionsIn(value: Value): readonly string[] {
  if (typeof value !== 'object') return [];
  if (isStruct(value) && typeof value.Condition === 'string' && Object.keys(value).length === 1)
    return [value.Condition];
  return Object.values(value).flatMap((below: Value) => conditionsIn(below));
}

// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import { isStruct, type Value } from '../../value.ts';

const KNOWN = ['Ref', 'Fn::GetAtt', 'Fn::Sub', 'Fn::Join', 'Fn::Select', 'Fn::Split', 'Fn::Base64'] as const;

type IntrinsicName = (typeof KNOWN)[number];

/** One intrinsic function: its name and its argument. */
export interface Intrinsic {
  readonly name: IntrinsicName;
  readonly argument: Value;
}

/** The function that this value is, or undefined. An unknown function is a ValidationError. */
export function intrinsicOf(value: Value): Intrinsic | undefined {
  if (!isStruct(value)) return undefined;
  const found = Object.keys(value).find((key) => key === 'Ref' || key.startsWith('Fn::'));
  if (found === undefined) return undefined;
  const name = KNOWN.find((known) => known === found);
  if (name === undefined) {
    throw new AwsFailure('ValidationError', `Template error: The lab does not support the function ${found}`);
  }
  const other = Object.keys(value).find((key) => key !== found);
  if (other !== undefined) {
    throw new AwsFailure('ValidationError', `Template error: ${found} can not stand beside ${other}`);
  }
  return { name, argument: value[name] ?? '' };
}

/** A part of the text of Fn::Sub: plain text, or a name in `${}`. */
interface SubPart {
  readonly kind: 'plain' | 'name';
  readonly text: string;
}

/** `${Name}` and `${Name.Attribute}` are names, `${!Name}` is the plain `${Name}`. */
export function subParts(text: string): readonly SubPart[] {
  return text.split(/(\$\{[^}]*\})/).map((part): SubPart => {
    const name = /^\$\{\s*([^}]*?)\s*\}$/.exec(part)?.[1];
    if (name === undefined) return { kind: 'plain', text: part };
    return name.startsWith('!') ? { kind: 'plain', text: `\${${name.slice(1)}}` } : { kind: 'name', text: name };
  });
}

/** The text and the variables of both forms of Fn::Sub. */
export function subArguments(argument: Value): { readonly text: string; readonly variables: Record<string, Value> } {
  if (typeof argument === 'string') return { text: argument, variables: {} };
  if (Array.isArray(argument) && argument.length === 2) {
    const [text, variables]: readonly Value[] = argument;
    if (typeof text === 'string' && variables !== undefined && isStruct(variables)) {
      return { text, variables: { ...variables } };
    }
  }
  throw new AwsFailure(
    'ValidationError',
    "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string",
  );
}

/** Logical id and attribute of both forms of Fn::GetAtt. */
export function attributeArguments(argument: Value): readonly [string, string] {
  const parts: readonly Value[] =
    typeof argument === 'string'
      ? [argument.split('.', 1)[0] ?? '', argument.split('.').slice(1).join('.')]
      : toList(argument);
  const [logicalId, attribute] = parts;
  if (typeof logicalId === 'string' && typeof attribute === 'string' && parts.length === 2) {
    return [logicalId, attribute];
  }
  throw new AwsFailure(
    'ValidationError',
    'Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute',
  );
}

export function toList(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [value];
}

// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../../failure.ts';
import { isStruct, type Struct, type Value } from '../../value.ts';
import { attributeArguments, type Intrinsic, intrinsicOf, subArguments, subParts, toList } from './intrinsics.ts';

/** Gives the values for the functions of a template. */
export interface Resolver {
  /** A parameter, pseudo parameter or resource; undefined for AWS::NoValue. */
  ref(name: string): Value | undefined;
  attribute(logicalId: string, attribute: string): Value;
}

/** Stands in a text for the future name of a resource: `{{Ref:Role}}`, `{{GetAtt:Role.Arn}}`. */
const SYMBOL = /\{\{(Ref|GetAtt):/;

/** The value of an expression in a template. Undefined when it must be left out (AWS::NoValue). */
export function evaluate(value: Value, resolver: Resolver): Value | undefined {
  const intrinsic = intrinsicOf(value);
  if (intrinsic !== undefined) return call(intrinsic, resolver);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.flatMap((item: Value) => presence(evaluate(item, resolver)));
  return evaluateStruct(isStruct(value) ? value : {}, resolver);
}

export function evaluateStruct(struct: Struct, resolver: Resolver): Struct {
  const result: Record<string, Value> = {};
  for (const [name, below] of Object.entries(struct)) {
    const value = evaluate(below, resolver);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function presence(value: Value | undefined): readonly Value[] {
  // A list inside a list stays one item.
  return value === undefined ? [] : [value];
}

function call({ name, argument }: Intrinsic, resolver: Resolver): Value | undefined {
  switch (name) {
    case 'Ref':
      return resolver.ref(String(argument));
    case 'Fn::GetAtt':
      return resolver.attribute(...attributeArguments(argument));
    case 'Fn::Sub':
      return sub(argument, resolver);
    case 'Fn::Join':
      return join(argument, resolver);
    case 'Fn::Select':
      return select(argument, resolver);
    case 'Fn::Split':
      return split(argument, resolver);
    case 'Fn::Base64': {
      const text = textOf(evaluate(argument, resolver), 'Fn::Base64');
      return SYMBOL.test(text) ? text : Buffer.from(text).toString('base64');
    }
  }
}

function sub(argument: Value, resolver: Resolver): Value {
  const { text, variables } = subArguments(argument);
  return subParts(text)
    .map((part) => {
      if (part.kind === 'plain') return part.text;
      const variable = variables[part.text];
      if (variable !== undefined) return textOf(evaluate(variable, resolver), 'Fn::Sub');
      const dot = part.text.indexOf('.');
      const value =
        dot < 0 ? resolver.ref(part.text) : resolver.attribute(part.text.slice(0, dot), part.text.slice(dot + 1));
      return textOf(value, 'Fn::Sub');
    })
    .join('');
}

function join(argument: Value, resolver: Resolver): Value {
  const [delimiter, list, ...rest] = toList(argument);
  if (typeof delimiter !== 'string' || list === undefined || rest.length > 0) {
    throw wrong(
      'every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined',
    );
  }
  const items = evaluate(list, resolver);
  if (!Array.isArray(items)) throw wrong('the second parameter of Fn::Join must be a list');
  return items.map((item: Value) => textOf(item, 'Fn::Join')).join(delimiter);
}

function select(argument: Value, resolver: Resolver): Value {
  const [at, list, ...rest] = toList(argument);
  if (at === undefined || list === undefined || rest.length > 0) throw wrong('Fn::Select requires two arguments');
  const index = Number(evaluate(at, resolver));
  const items = evaluate(list, resolver);
  if (!Array.isArray(items)) throw wrong('Fn::Select requires a list argument');
  const item: Value | undefined = items[index];
  if (item !== undefined) return item;
  if (items.some((one: Value) => SYMBOL.test(String(one)))) return `${index} of ${items.join(' ')}`;
  throw wrong(`Fn::Select cannot select nonexistent value at index ${index}`);
}

function split(argument: Value, resolver: Resolver): Value {
  const [delimiter, source, ...rest] = toList(argument);
  if (typeof delimiter !== 'string' || delimiter === '' || source === undefined || rest.length > 0) {
    throw wrong('every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split');
  }
  return textOf(evaluate(source, resolver), 'Fn::Split').split(delimiter);
}

function textOf(value: Value | undefined, name: string): string {
  if (value === undefined || typeof value === 'object') {
    throw wrong(`${name} needs texts, not ${value === undefined ? 'AWS::NoValue' : JSON.stringify(value)}`);
  }
  return String(value);
}

function wrong(message: string): AwsFailure {
  return new AwsFailure('ValidationError', `Template error: ${message}`);
}

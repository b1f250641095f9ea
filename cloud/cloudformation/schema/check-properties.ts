// SPDX-License-Identifier: Apache-2.0
import { patternOf } from '../../api-model/check.ts';
import { isStruct, type Struct, type Value } from '../../value.ts';
import { followed, type ResourceSchema, type Schema } from './resource-schema.ts';

/** The properties of a resource in the types of its schema, and the values that do not fit. */
interface CheckedProperties {
  readonly properties: Struct;
  /** `#/MinSize: expected type: Number, found: String` */
  readonly problems: readonly string[];
}

/**
 * Checks resolved properties against the schema. As in CloudFormation, texts become numbers and booleans where the
 * schema has these.
 */
export function checkProperties(schema: ResourceSchema, properties: Struct): CheckedProperties {
  const problems: string[] = [];
  const value = fit(schema, { ...schema, type: 'object' }, properties, '#', problems);
  for (const name of schema.requiredXor === undefined ? [] : [schema.requiredXor]) {
    const given = name.filter((one) => properties[one] !== undefined);
    if (given.length !== 1) problems.push(`#: exactly one of [${name.join(', ')}] is wanted`);
  }
  return { properties: isStruct(value) ? value : {}, problems };
}

function fit(root: ResourceSchema, given: Schema, value: Value, path: string, problems: string[]): Value {
  const schema = followed(root, given);
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  const result = ofType(root, schema, types, value, path, problems);
  checkText(schema, result, path, problems);
  checkNumber(schema, result, path, problems);
  return result;
}

function ofType(
  root: ResourceSchema,
  schema: Schema,
  types: readonly string[],
  value: Value,
  path: string,
  problems: string[],
): Value {
  if (isStruct(value) && (types.includes('object') || types.length === 0)) {
    return schema.properties === undefined && schema.patternProperties === undefined
      ? value
      : fitStruct(root, schema, value, path, problems);
  }
  if (Array.isArray(value) && (types.includes('array') || types.length === 0)) {
    return fitList(root, schema, value, path, problems);
  }
  if (typeof value !== 'object') {
    const scalar = scalarOf(types, value);
    if (scalar !== undefined) return scalar;
  }
  problems.push(`${path}: expected type: ${types.join(' or ')}, found: ${JSON.stringify(value)}`);
  return value;
}

function scalarOf(types: readonly string[], value: string | number | boolean): Value | undefined {
  const text = String(value);
  if (types.length === 0 || types.includes('string')) return text;
  const wantsNumber = types.includes('integer') || types.includes('number');
  if (wantsNumber && text !== '' && !Number.isNaN(Number(text))) {
    const number = Number(text);
    return types.includes('number') || Number.isInteger(number) ? number : undefined;
  }
  if (types.includes('boolean') && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return undefined;
}

function fitStruct(root: ResourceSchema, schema: Schema, struct: Struct, path: string, problems: string[]): Struct {
  for (const name of schema.required ?? []) {
    if (struct[name] === undefined) problems.push(`${path}: required key [${name}] not found`);
  }
  const result: Record<string, Value> = {};
  for (const [name, value] of Object.entries(struct)) {
    const below = schema.properties?.[name] ?? byPattern(schema, name);
    if (below === undefined) problems.push(`${path}: extraneous key [${name}] is not permitted`);
    else result[name] = fit(root, below, value, `${path}/${name}`, problems);
  }
  return result;
}

function byPattern(schema: Schema, name: string): Schema | undefined {
  return Object.entries(schema.patternProperties ?? {}).find(([pattern]) => new RegExp(pattern).test(name))?.[1];
}

function fitList(
  root: ResourceSchema,
  schema: Schema,
  list: readonly Value[],
  path: string,
  problems: string[],
): Value {
  if (schema.minItems !== undefined && list.length < schema.minItems) {
    problems.push(`${path}: expected minimum item count: ${schema.minItems}, found: ${list.length}`);
  }
  if (schema.maxItems !== undefined && list.length > schema.maxItems) {
    problems.push(`${path}: expected maximum item count: ${schema.maxItems}, found: ${list.length}`);
  }
  const { items } = schema;
  return items === undefined ? list : list.map((item, at) => fit(root, items, item, `${path}/${at}`, problems));
}

function checkText(schema: Schema, value: Value, path: string, problems: string[]): void {
  if (typeof value === 'object') return;
  if (schema.enum !== undefined && !schema.enum.some((one) => String(one) === String(value))) {
    problems.push(`${path}: ${value} is not a valid enum value`);
  }
  if (typeof value !== 'string') return;
  if (schema.minLength !== undefined && value.length < schema.minLength) {
    problems.push(`${path}: expected minLength: ${schema.minLength}, actual: ${value.length}`);
  }
  if (schema.maxLength !== undefined && value.length > schema.maxLength) {
    problems.push(`${path}: expected maxLength: ${schema.maxLength}, actual: ${value.length}`);
  }
  if (schema.pattern !== undefined && !matches(schema.pattern, value)) {
    problems.push(`${path}: failed validation constraint for keyword [pattern]`);
  }
}

/** As in JSON schema, a pattern of the registry may match anywhere. Some patterns are written for Java or Python. */
function matches(pattern: string, value: string): boolean {
  const anchored = pattern.replaceAll('\\A', '^').replace(/\\[Zz]$/, '$');
  return patternOf(`[\\s\\S]*?(?:${anchored})[\\s\\S]*`)?.test(value) ?? true;
}

function checkNumber(schema: Schema, value: Value, path: string, problems: string[]): void {
  if (typeof value !== 'number') return;
  if (schema.minimum !== undefined && value < schema.minimum) {
    problems.push(`${path}: ${value} is not greater or equal to ${schema.minimum}`);
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    problems.push(`${path}: ${value} is not less or equal to ${schema.maximum}`);
  }
}

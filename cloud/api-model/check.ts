// SPDX-License-Identifier: Apache-2.0
import { isStruct, type Struct, type Value } from '../value.ts';
import { type ApiModel, type Shape, type ShapeUse, shapeOf } from './model.ts';

/** A value that does not fit the model. `path` is in AWS's form: `tags.1.member.key`, `Filter.1.Name`. */
export interface Problem {
  readonly kind: 'unknown' | 'missing' | 'type' | 'enum' | 'pattern' | 'short' | 'long';
  readonly path: string;
  readonly value: string;
  /** The requirement of the model: a pattern, a list of words, a number, a type. */
  readonly wanted: string;
}

/** Checks a value against its shape: members, types, words of enums, patterns, lengths and ranges. */
export function check(model: ApiModel, use: ShapeUse, value: Value, path = ''): readonly Problem[] {
  const shape = shapeOf(model, use);
  switch (shape.type) {
    case 'structure':
      return isStruct(value) ? checkStruct(model, shape, value, path) : [wrongType(path, value, 'a structure')];
    case 'list':
      return Array.isArray(value) ? checkList(model, shape, value, path) : [wrongType(path, value, 'a list')];
    case 'map':
      return isStruct(value) ? checkMap(model, shape, value, path) : [wrongType(path, value, 'a map')];
    default:
      return checkScalar(shape, value, path);
  }
}

function checkStruct(model: ApiModel, shape: Shape, struct: Struct, path: string): readonly Problem[] {
  const problems: Problem[] = [];
  for (const name of shape.required ?? []) {
    if (struct[name] === undefined) {
      problems.push({ kind: 'missing', path: join(path, name), value: 'null', wanted: 'a value' });
    }
  }
  for (const [name, value] of Object.entries(struct)) {
    const use = shape.members?.[name];
    if (use === undefined) problems.push({ kind: 'unknown', path: join(path, name), value: '', wanted: '' });
    else problems.push(...check(model, use, value, join(path, name)));
  }
  return problems;
}

function checkList(model: ApiModel, shape: Shape, list: readonly Value[], path: string): readonly Problem[] {
  const use = shape.member;
  const items = use === undefined ? [] : list.flatMap((item, at) => check(model, use, item, join(path, `${at + 1}`)));
  return [...checkSize(shape, list.length, path, `${list.length} items`), ...items];
}

function checkMap(model: ApiModel, shape: Shape, map: Struct, path: string): readonly Problem[] {
  const { key, value: use } = shape;
  const problems = [...checkSize(shape, Object.keys(map).length, path, `${Object.keys(map).length} entries`)];
  for (const [name, value] of Object.entries(map)) {
    if (key !== undefined) problems.push(...check(model, key, name, join(path, name)));
    if (use !== undefined) problems.push(...check(model, use, value, join(path, name)));
  }
  return problems;
}

const NUMBERS = ['integer', 'long', 'float', 'double'];

function checkScalar(shape: Shape, value: Value, path: string): readonly Problem[] {
  if (NUMBERS.includes(shape.type)) {
    const whole = shape.type === 'integer' || shape.type === 'long';
    if (typeof value !== 'number' || (whole && !Number.isInteger(value))) return [wrongType(path, value, shape.type)];
    return checkSize(shape, value, path, String(value));
  }
  if (shape.type === 'boolean') return typeof value === 'boolean' ? [] : [wrongType(path, value, 'boolean')];
  if (shape.type === 'timestamp') {
    // JSON protocols write seconds, the others ISO 8601.
    const fits = typeof value === 'number' || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
    return fits ? [] : [wrongType(path, value, 'timestamp')];
  }
  if (typeof value !== 'string') return [wrongType(path, value, shape.type)];
  return shape.type === 'blob' ? [] : checkText(shape, value, path);
}

function checkText(shape: Shape, value: string, path: string): readonly Problem[] {
  if (shape.enum !== undefined && !shape.enum.includes(value)) {
    return [{ kind: 'enum', path, value, wanted: `[${shape.enum.join(', ')}]` }];
  }
  const problems = [...checkSize(shape, value.length, path, value)];
  if (shape.pattern !== undefined && !(patternOf(shape.pattern)?.test(value) ?? true)) {
    problems.push({ kind: 'pattern', path, value, wanted: shape.pattern });
  }
  return problems;
}

function checkSize(shape: Shape, size: number, path: string, value: string): readonly Problem[] {
  if (shape.min !== undefined && size < shape.min) return [{ kind: 'short', path, value, wanted: String(shape.min) }];
  if (shape.max !== undefined && size > shape.max) return [{ kind: 'long', path, value, wanted: String(shape.max) }];
  return [];
}

const patterns = new Map<string, RegExp | undefined>();

/**
 * The patterns of the models are Java's. JavaScript can't read a few of them; for these there is no check (undefined).
 */
export function patternOf(pattern: string): RegExp | undefined {
  if (!patterns.has(pattern)) patterns.set(pattern, compile(pattern));
  return patterns.get(pattern);
}

function compile(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(`^(?:${pattern})$`, flags);
    } catch {
      // Unicode mode does not accept some escapes that Java allows.
    }
  }
  return undefined;
}

function wrongType(path: string, value: Value, wanted: string): Problem {
  return { kind: 'type', path, value: typeof value === 'object' ? JSON.stringify(value) : String(value), wanted };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../api-model/check.ts';
import { type ApiModel, type Shape, type ShapeUse, shapeOf } from '../api-model/model.ts';
import { isStruct, type Struct, type Value } from '../value.ts';
import { readScalar } from './scalar.ts';

/** `Filter.1.Name=a` as a tree: `{Filter: {1: {Name: 'a'}}}`. */
type Tree = Map<string, Tree | string>;

/** Parts of the body in the AWS query protocols, besides the action's own parameters. */
const ENVELOPE = ['Action', 'Version'];

interface ParsedInput {
  readonly input: Struct;
  readonly problems: readonly Problem[];
}

/**
 * Reads the form of a call of the AWS query protocol, or of EC2's form of it, into the members of its input shape.
 * Parameters that the shape does not have are problems.
 */
export function readForm(model: ApiModel, use: ShapeUse | undefined, form: URLSearchParams): ParsedInput {
  const problems: Problem[] = [];
  const tree = treeOf(form);
  if (use === undefined) {
    for (const name of tree.keys()) problems.push(unknown(name));
    return { input: {}, problems };
  }
  const input = readStruct(model, shapeOf(model, use), tree, '', problems);
  return { input, problems };
}

function treeOf(form: URLSearchParams): Tree {
  const root: Tree = new Map();
  for (const [key, value] of form) {
    if (ENVELOPE.includes(key)) continue;
    const names = key.split('.');
    let at = root;
    for (const name of names.slice(0, -1)) {
      const below = at.get(name);
      const next: Tree = below instanceof Map ? below : new Map();
      at.set(name, next);
      at = next;
    }
    at.set(names.at(-1) ?? '', value);
  }
  return root;
}

function readNode(model: ApiModel, use: ShapeUse, node: Tree | string, path: string, problems: Problem[]): Value {
  const shape = shapeOf(model, use);
  switch (shape.type) {
    case 'structure':
      return node instanceof Map ? readStruct(model, shape, node, path, problems) : node;
    case 'list':
      return readList(model, shape, node, path, problems);
    case 'map':
      return readMap(model, shape, node, path, problems);
    default:
      return node instanceof Map ? JSON.stringify([...node.keys()]) : readScalar(shape, node);
  }
}

function readStruct(model: ApiModel, shape: Shape, tree: Tree, path: string, problems: Problem[]): Struct {
  const names = new Map(Object.entries(shape.members ?? {}).map(([name, use]) => [wireName(model, name, use), name]));
  const struct: Record<string, Value> = {};
  for (const [wire, node] of tree) {
    const name = names.get(wire);
    const use = name === undefined ? undefined : shape.members?.[name];
    if (name === undefined || use === undefined) problems.push(unknown(join(path, wire)));
    else struct[name] = readNode(model, use, node, join(path, wire), problems);
  }
  return struct;
}

function readList(model: ApiModel, shape: Shape, node: Tree | string, path: string, problems: Problem[]): Value {
  // An empty list is written as an empty value.
  if (typeof node === 'string') return node === '' ? [] : node;
  const member = shape.member;
  const name = listName(model, shape);
  const items = name === undefined ? node : node.get(name);
  if (member === undefined || !(items instanceof Map)) {
    problems.push(...[...node.keys()].map((key) => unknown(join(path, key))));
    return [];
  }
  const entries = [...items].filter(([key]) => /^\d+$/.test(key)).sort(([a], [b]) => Number(a) - Number(b));
  for (const key of items.keys()) if (!/^\d+$/.test(key)) problems.push(unknown(join(path, key)));
  return entries.map(([key, item]) => readNode(model, member, item, join(path, key), problems));
}

function readMap(model: ApiModel, shape: Shape, node: Tree | string, path: string, problems: Problem[]): Value {
  if (typeof node === 'string') return node === '' ? {} : node;
  const entries = shape.flattened === true ? node : node.get('entry');
  const map: Record<string, Value> = {};
  if (!(entries instanceof Map) || shape.value === undefined) return map;
  for (const entry of entries.values()) {
    const key = entry instanceof Map ? entry.get(shape.key?.locationName ?? 'key') : undefined;
    const value = entry instanceof Map ? entry.get(shape.value.locationName ?? 'value') : undefined;
    if (typeof key === 'string' && value !== undefined) map[key] = readNode(model, shape.value, value, path, problems);
  }
  return map;
}

/** Writes a call for moto: the opposite of `readForm`. */
export function writeForm(model: ApiModel, action: string, input: Struct): URLSearchParams {
  const form = new URLSearchParams({ Action: action, Version: model.metadata.apiVersion });
  const use = model.operations[action]?.input;
  if (use !== undefined) writeNode(model, use, input, '', form);
  return form;
}

function writeNode(model: ApiModel, use: ShapeUse, value: Value, path: string, form: URLSearchParams): void {
  const shape = shapeOf(model, use);
  if (isStruct(value)) {
    for (const [name, member] of Object.entries(value)) {
      const below = shape.members?.[name];
      if (below === undefined) throw new Error(`${model.service}: ${use.shape} has no member ${name}`);
      writeNode(model, below, member, join(path, wireName(model, name, below)), form);
    }
  } else if (Array.isArray(value)) {
    const name = listName(model, shape);
    const prefix = name === undefined ? path : join(path, name);
    value.forEach((item: Value, at) => {
      if (shape.member !== undefined) writeNode(model, shape.member, item, join(prefix, `${at + 1}`), form);
    });
  } else {
    form.append(path, String(value));
  }
}

function wireName(model: ApiModel, name: string, use: ShapeUse): string {
  if (model.protocol === 'ec2') return use.queryName ?? upperFirst(use.locationName ?? name);
  return use.locationName ?? name;
}

/** The word between a list and the number of an item; EC2's lists have none. */
function listName(model: ApiModel, shape: Shape): string | undefined {
  if (model.protocol === 'ec2' || shape.flattened === true) return undefined;
  return shape.member?.locationName ?? 'member';
}

function upperFirst(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

function unknown(path: string): Problem {
  return { kind: 'unknown', path, value: '', wanted: '' };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

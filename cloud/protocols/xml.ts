// SPDX-License-Identifier: Apache-2.0
import { XMLParser } from 'fast-xml-parser';
import { type ApiModel, type ApiOperation, type Shape, type ShapeUse, shapeOf } from '../api-model/model.ts';
import { isStruct, type Struct, type Value } from '../value.ts';
import { readScalar } from './scalar.ts';

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  // Moto writes quotes as numeric entities, which the parser counts as HTML entities.
  htmlEntities: true,
});

/** Reads moto's answer to a call of the query protocols. Elements that the model does not know are left out. */
export function readOutput(model: ApiModel, operation: ApiOperation, xml: string): Struct {
  const use = operation.output;
  if (use === undefined) return {};
  const document: unknown = parser.parse(xml);
  const response = child(document, `${operation.name}Response`);
  const result = use.resultWrapper === undefined ? response : child(response, use.resultWrapper);
  const value = readNode(model, use, result ?? {});
  return isStruct(value) ? value : {};
}

/** Reads one element, such as the body of an S3 call, by its shape. */
export function readElement(model: ApiModel, use: ShapeUse, xml: string): Value {
  const document: unknown = parser.parse(xml);
  const root = isObject(document) ? Object.values(document)[0] : undefined;
  return readNode(model, use, root ?? {});
}

function readNode(model: ApiModel, use: ShapeUse, node: unknown): Value {
  const shape = shapeOf(model, use);
  switch (shape.type) {
    case 'structure':
      return readStruct(model, shape, node);
    case 'list': {
      const { member } = shape;
      if (member === undefined) return [];
      const items = shape.flattened === true ? node : child(node, member.locationName ?? 'member');
      return toArray(items).map((item) => readNode(model, member, item));
    }
    default:
      return readScalar(shape, isObject(node) ? String(node['#text'] ?? '') : String(node));
  }
}

function readStruct(model: ApiModel, shape: Shape, node: unknown): Struct {
  const struct: Record<string, Value> = {};
  for (const [name, use] of Object.entries(shape.members ?? {})) {
    const below = child(node, use.locationName ?? name);
    if (below !== undefined) struct[name] = readNode(model, use, below);
  }
  return struct;
}

/** Writes an answer of the query protocols, with namespace and request id. */
export function writeOutput(model: ApiModel, operation: ApiOperation, output: Struct, requestId: string): string {
  const use = operation.output;
  const members = use === undefined ? '' : writeMembers(model, shapeOf(model, use), output);
  const open = `<${operation.name}Response xmlns="${model.metadata.xmlNamespace ?? ''}">`;
  const close = `</${operation.name}Response>`;
  if (model.protocol === 'ec2') return `${open}<requestId>${requestId}</requestId>${members}${close}`;
  const wrapper = use?.resultWrapper;
  const result = wrapper === undefined ? members : `<${wrapper}>${members}</${wrapper}>`;
  return `${open}${result}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>${close}`;
}

/** Writes one element by its shape, such as the body of an S3 answer. */
export function writeElement(model: ApiModel, name: string, use: ShapeUse, output: Struct, namespace?: string): string {
  const open = namespace === undefined ? name : `${name} xmlns="${namespace}"`;
  return `<${open}>${writeMembers(model, shapeOf(model, use), output)}</${name}>`;
}

function writeMembers(model: ApiModel, shape: Shape, struct: Struct): string {
  return Object.entries(shape.members ?? {})
    .map(([name, use]) => {
      const value = struct[name];
      return value === undefined || use.location !== undefined
        ? ''
        : writeMember(model, use.locationName ?? name, use, value);
    })
    .join('');
}

function writeMember(model: ApiModel, name: string, use: ShapeUse, value: Value): string {
  const shape = shapeOf(model, use);
  if (isStruct(value)) return `<${name}>${writeMembers(model, shape, value)}</${name}>`;
  if (!Array.isArray(value)) return `<${name}>${escapeXml(String(value))}</${name}>`;
  const { member } = shape;
  if (member === undefined) return '';
  const inner = shape.flattened === true ? name : (member.locationName ?? 'member');
  const items = value.map((item: Value) => writeMember(model, inner, member, item)).join('');
  return shape.flattened === true ? items : `<${name}>${items}</${name}>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function child(node: unknown, name: string): unknown {
  return isObject(node) ? node[name] : undefined;
}

function toArray(items: unknown): readonly unknown[] {
  if (items === undefined || items === '') return [];
  return Array.isArray(items) ? items : [items];
}

function isObject(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { type ApiModel, type ApiOperation, type ShapeUse, shapeOf } from '../api-model/model.ts';
import { isStruct, type Struct, type Value } from '../value.ts';
import { readScalar } from './scalar.ts';
import { readElement } from './xml.ts';

/**
 * Finds the operation of a rest-xml service (S3, path-style, or Route 53) by method, path and query. The operation with
 * the most words of its own in the query wins. So `GET /bucket?list-type=2` is ListObjectsV2.
 */
export function restOperation(model: ApiModel, method: string, url: URL, headers: IncomingHttpHeaders) {
  let best: ApiOperation | undefined;
  let bestWords = -1;
  for (const operation of Object.values(model.operations)) {
    if (operation.http.method !== method) continue;
    const [path, query = ''] = operation.http.requestUri.split('?');
    if (!pathPattern(path ?? '/').test(url.pathname)) continue;
    const words = [...new URLSearchParams(query)].filter(([word]) => word !== '');
    const fits = words.every(
      ([word, value]) => url.searchParams.has(word) && (value === '' || url.searchParams.get(word) === value),
    );
    const required = fits ? requiredWords(model, operation, url, headers) : -1;
    if (required >= 0 && words.length + required > bestWords) {
      best = operation;
      bestWords = words.length + required;
    }
  }
  return best;
}

/** The number of required members in query and headers (UploadPart, CopyObject); −1 when one is missing. */
function requiredWords(model: ApiModel, operation: ApiOperation, url: URL, headers: IncomingHttpHeaders): number {
  if (operation.input === undefined) return 0;
  const shape = shapeOf(model, operation.input);
  let found = 0;
  for (const name of shape.required ?? []) {
    const use = shape.members?.[name];
    const word = use?.locationName ?? name;
    if (use?.location !== 'querystring' && use?.location !== 'header') continue;
    const there =
      use.location === 'querystring' ? url.searchParams.has(word) : headers[word.toLowerCase()] !== undefined;
    if (!there) return -1;
    found += 1;
  }
  return found;
}

/**
 * The input of a rest-xml call, read with the model from path, query, headers and an XML body. A blob body is left out.
 */
export function readRestInput(
  model: ApiModel,
  operation: ApiOperation,
  url: URL,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Struct {
  if (operation.input === undefined) return {};
  const shape = shapeOf(model, operation.input);
  const input: Record<string, Value> = {};
  for (const [name, use] of Object.entries(shape.members ?? {})) {
    const text = textOf(operation, use, use.locationName ?? name, url, headers);
    if (text !== undefined) input[name] = readScalar(shapeOf(model, use), text);
  }
  const payload = shape.payload === undefined ? undefined : shape.members?.[shape.payload];
  if (shape.payload !== undefined && payload !== undefined && body.length > 0) {
    const { type } = shapeOf(model, payload);
    if (type === 'structure') input[shape.payload] = readElement(model, payload, body.toString('utf8'));
    // A bucket's policy is the whole body.
    else if (type === 'string') input[shape.payload] = body.toString('utf8');
  }
  // In Route 53 the whole body is the input, without what stands in the path.
  const whole = shape.payload === undefined && operation.input.locationName !== undefined && body.length > 0;
  const read = whole ? readElement(model, operation.input, body.toString('utf8')) : undefined;
  return isStruct(read) ? { ...read, ...input } : input;
}

/** The text of one member in path, query or headers. */
function textOf(
  operation: ApiOperation,
  use: ShapeUse,
  wire: string,
  url: URL,
  headers: IncomingHttpHeaders,
): string | undefined {
  switch (use.location) {
    case 'uri': {
      const [path = '/'] = operation.http.requestUri.split('?');
      const part = pathPattern(path).exec(url.pathname)?.groups?.[wire];
      return part === undefined ? undefined : decodeURIComponent(part);
    }
    case 'querystring':
      return url.searchParams.get(wire) ?? undefined;
    case 'header':
      return headers[wire.toLowerCase()]?.toString();
    default:
      return undefined;
  }
}

const paths = new Map<string, RegExp>();

/** `/{Bucket}/{Key+}`: a group for each part. A key may have slashes; all else may have one at its end. */
function pathPattern(template: string): RegExp {
  const known = paths.get(template);
  if (known !== undefined) return known;
  const parts = template.split('/').filter((part) => part !== '');
  const groups = parts.map((part) => {
    const name = /^\{(\w+)(\+?)\}$/.exec(part);
    if (name === null) return `/${part}`;
    return name[2] === '+' ? `/(?<${name[1]}>.+)` : `/(?<${name[1]}>[^/]+)`;
  });
  const end = template.endsWith('+}') ? '' : '/?';
  const pattern = new RegExp(`^${groups.join('')}${end}$`, 's');
  paths.set(template, pattern);
  return pattern;
}

// SPDX-License-Identifier: Apache-2.0
import type { ApiModel, ApiOperation, Shape } from '../api-model/model.ts';
import { shapeOf } from '../api-model/model.ts';
import { AwsFailure } from '../failure.ts';
import type { HttpAnswer, HttpCall } from '../moto-client.ts';
import { isStruct, type Struct, structAt, type Value } from '../value.ts';
import { writeForm } from './query.ts';
import { readElement, readOutput, writeElement } from './xml.ts';

/** Writes a call for moto as a client of the service would; the opposite of `readCall`. It is not signed. */
export function writeCall(model: ApiModel, operation: ApiOperation, input: Struct, region: string): HttpCall {
  const authorization = `AWS4-HMAC-SHA256 Credential=GATEWAY/20200101/${region}/${model.service}/aws4_request, SignedHeaders=host, Signature=0`;
  switch (model.protocol) {
    case 'ec2':
    case 'query': {
      const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
      const body = Buffer.from(writeForm(model, operation.name, input).toString());
      return { method: 'POST', target: '/', headers, body };
    }
    case 'json': {
      const headers = {
        authorization,
        'content-type': `application/x-amz-json-${model.metadata.jsonVersion ?? '1.1'}`,
        'x-amz-target': `${model.metadata.targetPrefix}.${operation.name}`,
      };
      return { method: 'POST', target: '/', headers, body: Buffer.from(JSON.stringify(input)) };
    }
    case 'rest-xml':
      return writeRest(model, operation, input, { authorization });
  }
}

/** A rest-xml call (S3, path-style). The model says where each member goes. */
function writeRest(model: ApiModel, operation: ApiOperation, input: Struct, common: Readonly<Record<string, string>>) {
  const shape: Shape = operation.input === undefined ? { type: 'structure' } : shapeOf(model, operation.input);
  const headers: Record<string, string> = { ...common };
  const [path = '/', query = ''] = operation.http.requestUri.split('?');
  const search = new URLSearchParams(query);
  let filled = path;
  for (const [name, use] of Object.entries(shape.members ?? {})) {
    const value = input[name];
    if (value === undefined) continue;
    const wire = use.locationName ?? name;
    if (use.location === 'uri') filled = filled.replace(new RegExp(`\\{${wire}\\+?\\}`), encode(String(value)));
    else if (use.location === 'querystring') search.set(wire, String(value));
    else if (use.location === 'header') headers[wire.toLowerCase()] = String(value);
  }
  // S3 treats `?policy=` and `?policy` in the same way.
  const target = search.size === 0 ? filled : `${filled}?${search}`;
  return { method: operation.http.method, target, headers, body: restBody(model, shape, input) };
}

function restBody(model: ApiModel, shape: Shape, input: Struct): Buffer {
  const use = shape.payload === undefined ? undefined : shape.members?.[shape.payload];
  const value: Value | undefined = shape.payload === undefined ? undefined : input[shape.payload];
  if (shape.payload === undefined || use === undefined || value === undefined) return Buffer.alloc(0);
  if (!isStruct(value)) return Buffer.from(String(value));
  return Buffer.from(writeElement(model, use.locationName ?? shape.payload, use, value));
}

function encode(part: string): string {
  return part.split('/').map(encodeURIComponent).join('/');
}

/** Reads the answer to such a call. An error of the service is an AwsFailure. */
export function readAnswer(model: ApiModel, operation: ApiOperation, answer: HttpAnswer): Struct {
  const text = answer.body.toString('utf8');
  if (answer.status >= 300) throw failureOf(text, answer.status);
  switch (model.protocol) {
    case 'ec2':
    case 'query':
      return readOutput(model, operation, text);
    case 'json': {
      const output: unknown = text === '' ? {} : JSON.parse(text);
      return isStruct(output) ? output : {};
    }
    case 'rest-xml':
      return readRest(model, operation, answer, text);
  }
}

function readRest(model: ApiModel, operation: ApiOperation, answer: HttpAnswer, text: string): Struct {
  if (operation.output === undefined) return {};
  const shape = shapeOf(model, operation.output);
  const output: Record<string, Value> = {};
  for (const [name, use] of Object.entries(shape.members ?? {})) {
    const header = use.location === 'header' ? answer.headers[(use.locationName ?? name).toLowerCase()] : undefined;
    if (header !== undefined) output[name] = header.toString();
  }
  if (shape.payload !== undefined) {
    const use = shape.members?.[shape.payload];
    if (use === undefined || text === '') return output;
    output[shape.payload] = shapeOf(model, use).type === 'structure' ? readElement(model, use, text) : text;
    return output;
  }
  const body = text === '' ? {} : readElement(model, operation.output, text);
  return isStruct(body) ? { ...body, ...output } : output;
}

/** The error in an answer, in XML or JSON. */
function failureOf(text: string, status: number): AwsFailure {
  const json = jsonOf(text);
  const inXml = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  const code = json?.__type ?? json?.code ?? inXml('Code') ?? `Http${status}`;
  const message = json?.message ?? json?.Message ?? inXml('Message') ?? text.slice(0, 300);
  return new AwsFailure(String(code).replace(/^.*#/, ''), withoutEntities(String(message)), status);
}

function jsonOf(text: string): Struct | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return structAt(isStruct(value) ? { value } : {}, 'value');
  } catch {
    return undefined;
  }
}

function withoutEntities(text: string): string {
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}

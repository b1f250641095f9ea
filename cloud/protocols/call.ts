// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { check, type Problem } from '../api-model/check.ts';
import type { ApiModel, ApiOperation, ModelOf } from '../api-model/model.ts';
import { unknownAction } from '../api-model/refusal.ts';
import { AwsFailure } from '../failure.ts';
import { isStruct, type Struct } from '../value.ts';
import { readForm } from './query.ts';
import { readRestInput, restOperation } from './rest.ts';

export interface HttpRequest {
  readonly method: string;
  /** Path and query, unchanged; in `url`, dots in the path are resolved. */
  readonly target: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The signer of a call and the target, from the credential scope of its Authorization header (Signature Version 4). */
export interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

/** A call, read with its service's API model. */
export interface Call {
  readonly model: ApiModel;
  readonly operation: ApiOperation;
  readonly input: Struct;
  readonly problems: readonly Problem[];
}

/** `Credential=<key>/<date>/<region>/<service>/aws4_request`; undefined where the header has none. */
export function scopeOf(headers: IncomingHttpHeaders): Scope | undefined {
  const found = /Credential=([^/,\s]+)\/\d{8}\/([^/,\s]+)\/([^/,\s]+)\/aws4_request/.exec(headers.authorization ?? '');
  const [, accessKeyId, region, service] = found ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) return undefined;
  return { accessKeyId, region, service };
}

/** The name of the called action, as far as it is known; for the call log and the faults. */
export function actionOf(models: ModelOf, service: string, request: HttpRequest): string {
  const model = models(service);
  switch (model.protocol) {
    case 'ec2':
    case 'query':
      return formOf(request).get('Action') ?? 'unknown';
    case 'json':
      return request.headers['x-amz-target']?.toString().split('.').at(-1) ?? 'unknown';
    case 'rest-xml':
      return restOperation(model, request.method, request.url, request.headers)?.name ?? 'unknown';
  }
}

/** Reads a call and checks it against the model. An action that the service does not have is an AwsFailure. */
export function readCall(models: ModelOf, service: string, action: string, request: HttpRequest): Call {
  const model = models(service);
  const operation = model.operations[action];
  if (operation === undefined) throw unknownAction(service, model.protocol, action, model.metadata.apiVersion);
  const { input, problems } = readInput(model, operation, request);
  const rest = operation.input === undefined ? [] : check(model, operation.input, input);
  return { model, operation, input, problems: [...problems, ...rest] };
}

function readInput(model: ApiModel, operation: ApiOperation, request: HttpRequest) {
  switch (model.protocol) {
    case 'ec2':
    case 'query':
      return readForm(model, operation.input, formOf(request));
    case 'json':
      return { input: readJson(request.body), problems: [] };
    case 'rest-xml': {
      const input = readRestInput(model, operation, request.url, request.headers, request.body);
      // The body of an object is a stream, and required bodies are not checked by their length.
      return { input, problems: [] };
    }
  }
}

function formOf(request: HttpRequest): URLSearchParams {
  return request.body.length > 0 ? new URLSearchParams(request.body.toString('utf8')) : request.url.searchParams;
}

function readJson(body: Buffer): Struct {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsFailure('SerializationException', 'The body is not JSON');
  }
  if (!isStruct(value)) throw new AwsFailure('SerializationException', 'The body is not a JSON object');
  return withoutNulls(value);
}

/** A member that is null counts as not given. */
function withoutNulls(struct: Struct): Struct {
  return Object.fromEntries(Object.entries(struct).filter(([, value]) => value !== null));
}

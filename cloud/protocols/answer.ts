// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { ApiModel, ApiOperation, Protocol } from '../api-model/model.ts';
import { shapeOf } from '../api-model/model.ts';
import type { AwsFailure } from '../failure.ts';
import type { Struct, Value } from '../value.ts';
import { escapeXml, writeElement, writeOutput } from './xml.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** Writes an answer of the gateway itself. */
export function writeAnswer(model: ApiModel, operation: ApiOperation, output: Struct): Answer {
  const requestId = randomUUID();
  switch (model.protocol) {
    case 'ec2':
    case 'query':
      return xml(200, writeOutput(model, operation, output, requestId), { 'x-amzn-requestid': requestId });
    case 'json':
      return json(model, 200, output, requestId);
    case 'rest-xml': {
      const use = operation.output;
      if (model.service === 'route53') return writeRoute53(model, operation, output, requestId);
      const text = textPayload(model, operation, output);
      if (text !== undefined) {
        return { status: 200, headers: { 'x-amz-request-id': requestId }, body: Buffer.from(text) };
      }
      const name = use === undefined ? operation.name : REST_ROOTS[operation.name];
      const body = use === undefined || name === undefined ? '' : writeElement(model, name, use, output);
      return xml(200, body, { 'x-amz-request-id': requestId });
    }
  }
}

/** Here the root element has the name of the output's shape, and a namespace. Members of the header are `Location`. */
function writeRoute53(model: ApiModel, operation: ApiOperation, output: Struct, requestId: string): Answer {
  const use = operation.output;
  const body = use === undefined ? '' : writeElement(model, use.shape, use, output, ROUTE53_NAMESPACE);
  const location = typeof output.Location === 'string' ? { location: output.Location } : {};
  return xml(operation.http.responseCode ?? 200, body, { 'x-amzn-requestid': requestId, ...location });
}

const ROUTE53_NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';

/** A value that is the whole body of an answer instead of one element of it, such as a bucket's policy. */
function textPayload(model: ApiModel, operation: ApiOperation, output: Struct): string | undefined {
  const shape = operation.output === undefined ? undefined : shapeOf(model, operation.output);
  const use = shape?.payload === undefined ? undefined : shape.members?.[shape.payload];
  const value = shape?.payload === undefined ? undefined : output[shape.payload];
  return use !== undefined && shapeOf(model, use).type === 'string' && typeof value === 'string' ? value : undefined;
}

/** The root elements of S3's lists differ from the names of their shapes. */
const REST_ROOTS: Readonly<Record<string, string>> = {
  ListObjects: 'ListBucketResult',
  ListObjectsV2: 'ListBucketResult',
  ListObjectVersions: 'ListVersionsResult',
  ListBuckets: 'ListAllMyBucketsResult',
};

/** Writes a refusal in the form of the service's protocol. The answer to a HEAD has no body. */
export function writeFailure(service: string, protocol: Protocol, failure: AwsFailure, head: boolean): Answer {
  const requestId = randomUUID();
  const code = escapeXml(failure.code);
  const message = escapeXml(failure.message);
  const { status } = failure;
  switch (protocol) {
    case 'ec2': {
      const error = `<Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors>`;
      return xml(status, `<Response>${error}<RequestID>${requestId}</RequestID></Response>`, {});
    }
    case 'query': {
      const type = status < 500 ? 'Sender' : 'Receiver';
      const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
      return xml(status, `<ErrorResponse>${error}<RequestId>${requestId}</RequestId></ErrorResponse>`, {});
    }
    case 'json': {
      const body = { __type: failure.code, message: failure.message };
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId };
      return { status, headers, body: Buffer.from(JSON.stringify(body)) };
    }
    case 'rest-xml': {
      if (service === 'route53') {
        const type = status < 500 ? 'Sender' : 'Receiver';
        const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
        const open = `<ErrorResponse xmlns="${ROUTE53_NAMESPACE}">`;
        return xml(status, `${open}${error}<RequestId>${requestId}</RequestId></ErrorResponse>`, {});
      }
      const error = `<Code>${code}</Code><Message>${message}</Message><RequestId>${requestId}</RequestId>`;
      const body = head ? '' : `<Error>${error}</Error>`;
      return xml(status, body, { ...failure.headers, 'x-amz-request-id': requestId });
    }
  }
}

/** An answer in which every list is empty, with nothing else. */
export function emptyOutput(model: ApiModel, operation: ApiOperation): Struct {
  if (operation.output === undefined) return {};
  const members = Object.entries(shapeOf(model, operation.output).members ?? {});
  const output: Record<string, Value> = {};
  for (const [name, use] of members) {
    const shape = shapeOf(model, use);
    if (shape.type === 'list') output[name] = [];
    else if (name === 'IsTruncated') output[name] = false;
    else if (name === 'KeyCount') output[name] = 0;
    // Route 53's pages tell their limit, as a text.
    else if (name === 'MaxItems' && shape.type === 'string') output[name] = '100';
    else if (name === 'Marker' && model.service === 'route53') output[name] = '';
  }
  return output;
}

function xml(status: number, body: string, headers: Readonly<Record<string, string>>): Answer {
  const text = body === '' ? '' : `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
  const type = text === '' ? {} : { 'content-type': 'text/xml;charset=UTF-8' };
  return { status, headers: { ...type, ...headers }, body: Buffer.from(text) };
}

function json(model: ApiModel, status: number, output: Struct, requestId: string): Answer {
  const headers = {
    'content-type': `application/x-amz-json-${model.metadata.jsonVersion ?? '1.1'}`,
    'x-amzn-requestid': requestId,
  };
  return { status, headers, body: Buffer.from(JSON.stringify(output)) };
}

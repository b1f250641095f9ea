// SPDX-License-Identifier: Apache-2.0
/**
 * An AWS endpoint that misbehaves on purpose. Each test says what every request is answered with; nothing here knows
 * how AWS works. What AWS does when it behaves is held against moto.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AwsOptions, type AwsPorts, type AwsSettings, awsPorts } from '../../../src/aws/ports.ts';

export interface FakeRequest {
  /** `DescribeInstances`, `CreateLogStream`, or for S3 `PUT /bucket/key`. */
  readonly action: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** A form of the query protocol as its fields; otherwise the body as it came. */
  readonly form: URLSearchParams;
  readonly body: string;
}

export type FakeAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly afterMs?: number;
    }
  /** The connection is closed without an answer: the caller can't know what was done. */
  | 'cut'
  /** The answer begins and then stops for ever. */
  | 'stalled'
  | 'silent';

export interface FakeAws {
  readonly url: string;
  readonly requests: FakeRequest[];
  /** Sets how requests are answered from now on; `nth` counts from 1. */
  answer(how: (request: FakeRequest, nth: number) => FakeAnswer): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function fakeAws(): Promise<FakeAws> {
  let how: (request: FakeRequest, nth: number) => FakeAnswer = () => ({ status: 500 });
  let nth = 0;
  const requests: FakeRequest[] = [];
  const closing = new AbortController();
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming);
    requests.push(request);
    nth += 1;
    await send(how(request, nth), response, closing.signal).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    answer(next) {
      how = next;
      nth = 0;
      requests.length = 0;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(incoming: IncomingMessage): Promise<FakeRequest> {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
  const url = new URL(incoming.url ?? '/', 'http://fake');
  const isForm = incoming.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  const form = new URLSearchParams(isForm ? body : '');
  const target = String(incoming.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
  const method = incoming.method ?? '';
  const action = form.get('Action') ?? (target === '' ? `${method} ${url.pathname}` : target);
  return { action, method, url, headers: incoming.headers, form, body };
}

async function send(answer: FakeAnswer, response: ServerResponse, closing: AbortSignal): Promise<void> {
  if (answer === 'silent') return;
  if (answer === 'cut') {
    response.destroy();
    return;
  }
  if (answer === 'stalled') {
    response.writeHead(200, { 'content-length': '1000', etag: '"e"', 'last-modified': new Date().toUTCString() });
    response.write('{');
    return;
  }
  if (answer.afterMs !== undefined) await sleep(answer.afterMs, undefined, { signal: closing });
  response.writeHead(answer.status ?? 200, answer.headers);
  response.end(answer.body ?? '');
}

const FORTY_MINUTES_MS = 2_400_000;

/**
 * The real adapters against an endpoint on this machine. Sets `AWS_ENDPOINT_URL`, as the SDK reads it from the
 * process, so one test file talks to one endpoint. Credentials and the metadata endpoint are always set: nothing in
 * a test may ask the machine's own metadata service.
 */
export function portsAt(
  url: string,
  {
    timings,
    stack,
    mode,
    ...rest
  }: {
    timings?: AwsSettings['timings'];
    mode?: 'elastic-ip';
    stack?: AwsSettings['stack'];
    region?: string | undefined;
  } = {},
  options: AwsOptions = {},
): Promise<AwsPorts> {
  process.env.AWS_ENDPOINT_URL = url;
  const environment = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    ...options.environment,
  };
  const region = 'region' in rest ? rest.region : 'eu-central-1';
  return awsPorts(
    {
      cluster: 'orders-4f1c2a90',
      bucket: 'orders-data',
      logGroup: '/zookeeper/orders-4f1c2a90',
      ...(region === undefined ? {} : { region }),
      ...(stack === undefined ? {} : { stack }),
      ...(mode === undefined ? {} : { mode }),
      timings: timings ?? { awsTimeoutMs: 5_000, metadataTimeoutMs: 2_000 },
    },
    { bootedMsAgo: () => FORTY_MINUTES_MS, random: () => 0, ...options, environment },
  );
}

/** The error shape of EC2's query protocol. */
export function ec2Error(code: string, status = 400): FakeAnswer {
  const body = `<Response><Errors><Error><Code>${code}</Code><Message>said ${code}</Message></Error></Errors><RequestID>r</RequestID></Response>`;
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

export function queryError(code: string, status = 400, message = `said ${code}`): FakeAnswer {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

export function jsonError(code: string, status = 400): FakeAnswer {
  const body = JSON.stringify({ __type: code, message: `said ${code}` });
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code }, body };
}

export function s3Error(code: string, status: number): FakeAnswer {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said ${code}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

/** A page of DescribeInstances. */
export function instancesPage(instances: readonly string[], next?: string): FakeAnswer {
  const items = instances.map((inner) => `<item><instancesSet><item>${inner}</item></instancesSet></item>`).join('');
  const token = next === undefined ? '' : `<nextToken>${next}</nextToken>`;
  const body = `<DescribeInstancesResponse><reservationSet>${items}</reservationSet>${token}</DescribeInstancesResponse>`;
  return { headers: { 'content-type': 'text/xml' }, body };
}

export function instance(id: string, state: string, address?: string): string {
  const ip = address === undefined ? '' : `<privateIpAddress>${address}</privateIpAddress>`;
  return `<instanceId>${id}</instanceId><instanceState><name>${state}</name></instanceState>${ip}`;
}

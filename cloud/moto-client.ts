// SPDX-License-Identifier: Apache-2.0
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { ApiModel } from './api-model/model.ts';
import { AwsFailure } from './failure.ts';
import { writeForm } from './protocols/query.ts';
import { readOutput } from './protocols/xml.ts';
import type { Struct } from './value.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpCall {
  readonly method: string;
  /** Path and query, unchanged. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const ANSWER_LIMIT_MS = 60_000;

/**
 * Moto, with one call at a time. Its backends read first and write later, without a lock. Python would not run two
 * calls at the same time anyway.
 */
export class MotoClient {
  readonly #url: URL;
  readonly #region: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #last: Promise<unknown> = Promise.resolve();

  constructor(url: string, region: string) {
    this.#url = new URL(url);
    this.#region = region;
  }

  /** Passes a call on unchanged. */
  forward(call: HttpCall): Promise<HttpAnswer> {
    const turn = this.#last.then(() => this.#send(call));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** A call of the gateway itself, to a service with one of the query protocols. */
  async ask(model: ApiModel, action: string, input: Struct): Promise<Struct> {
    const operation = model.operations[action];
    if (operation === undefined) throw new Error(`${model.service} has no action ${action}`);
    const answer = await this.forward({
      method: 'POST',
      target: '/',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        authorization: `AWS4-HMAC-SHA256 Credential=GATEWAY/20200101/${this.#region}/${model.service}/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: Buffer.from(writeForm(model, action, input).toString()),
    });
    const text = answer.body.toString('utf8');
    if (answer.status >= 300) throw failureOf(text, answer.status);
    return readOutput(model, operation, text);
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(call: HttpCall): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const headers = { ...call.headers, host: this.#url.host, 'content-length': String(call.body.length) };
      const options = { agent: this.#agent, method: call.method, path: call.target, headers, timeout: ANSWER_LIMIT_MS };
      const { hostname: host, port } = this.#url;
      const sent = request({ ...options, host, port }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: Buffer.concat(chunks) });
        });
        answer.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`moto did not answer within ${ANSWER_LIMIT_MS / 1_000} s`)));
      sent.on('error', reject);
      sent.end(call.body);
    });
  }
}

/** The error in moto's answer, in any XML form of its services. */
function failureOf(xml: string, status: number): AwsFailure {
  const code = /<Code>([^<]*)<\/Code>/.exec(xml)?.[1] ?? 'InternalError';
  const message = /<Message>([^<]*)<\/Message>/.exec(xml)?.[1] ?? xml.slice(0, 300);
  return new AwsFailure(code, message, status);
}

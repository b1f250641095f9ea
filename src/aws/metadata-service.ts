// SPDX-License-Identifier: Apache-2.0
/**
 * IMDSv2 by hand: a token by PUT, then GETs that carry it.
 * Source: EC2 user guide, "Use the Instance Metadata Service to access instance metadata".
 *
 * The healthy tick has its own way (src/tick/quick-metadata.ts), since loading `node:http` takes longer than the rest
 * of a tick. That way asks once and gives up. This one tries again, renews its token and explains every failure.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../errors.ts';
import { DeadlinePassed, withDeadline } from './deadline.ts';

const TOKEN_TTL_SECONDS = 21_600;
/** The agent stops using a token one minute before it expires. */
const TOKEN_USE_MS = (TOKEN_TTL_SECONDS - 60) * 1_000;
const MOST_ATTEMPTS = 4;
const PAUSE_MS = 100;
/** Every document of the service is much smaller than this. */
const LARGEST_ANSWER_BYTES = 65_536;

interface Answer {
  readonly status: number;
  readonly body: string;
}

export class MetadataService {
  readonly #endpoint: string;
  readonly #timeoutMs: number;
  /** An idle connection does not keep the process alive. */
  readonly #agent = new Agent({ keepAlive: true });
  #token: { readonly value: string; readonly untilMs: number } | undefined;

  constructor(endpoint: string, timeoutMs: number) {
    this.#endpoint = endpoint.replace(/\/+$/, '');
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The text under a path; undefined for 404. Any other failure rejects with NO_METADATA, or with the caller's abort.
   */
  async get(path: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await withDeadline(signal, this.#timeoutMs, (deadline) => this.#get(path, deadline));
    } catch (error) {
      if (signal.aborted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new AgentError(
        'NO_METADATA',
        `The instance metadata service at ${this.#endpoint} did not answer ${path} (${why}).`,
        'Check that the instance has its metadata service enabled (HttpEndpoint) and that nothing blocks the way to it.',
        error,
      );
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<string | undefined> {
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        let answer = await this.#withToken(path, signal);
        if (answer.status === 401 && !renewed) {
          renewed = true;
          this.#token = undefined;
          answer = await this.#withToken(path, signal);
        }
        if (answer.status === 200) return answer.body;
        if (answer.status === 404) return undefined;
        throw new UnexpectedStatus(answer.status);
      } catch (error) {
        if (signal.aborted || attempt === MOST_ATTEMPTS || !mayPass(error)) throw error;
        await sleep(PAUSE_MS * attempt, undefined, { signal });
      }
    }
  }

  async #withToken(path: string, signal: AbortSignal): Promise<Answer> {
    if (this.#token === undefined || performance.now() >= this.#token.untilMs) {
      const answer = await this.#send('PUT', '/latest/api/token', signal, {
        'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS),
      });
      if (answer.status !== 200 || answer.body === '') throw new UnexpectedStatus(answer.status);
      this.#token = { value: answer.body, untilMs: performance.now() + TOKEN_USE_MS };
    }
    return this.#send('GET', path, signal, { 'x-aws-ec2-metadata-token': this.#token.value });
  }

  #send(method: string, path: string, signal: AbortSignal, headers: Record<string, string>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.#endpoint}${path}`,
        { method, headers, signal, agent: this.#agent },
        (incoming) => {
          let body = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk: string) => {
            body += chunk;
            if (body.length > LARGEST_ANSWER_BYTES) incoming.destroy(new Error('the answer does not end'));
          });
          incoming.on('error', reject);
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  }
}

class UnexpectedStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`it answered ${status}`);
    this.status = status;
  }
}

/**
 * These errors pass: at boot the service may not listen yet, and it throttles. A refusal of the request does not pass.
 */
function mayPass(error: unknown): boolean {
  if (error instanceof UnexpectedStatus) return error.status === 429 || error.status >= 500;
  return !(error instanceof DeadlinePassed);
}

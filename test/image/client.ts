// SPDX-License-Identifier: Apache-2.0
/**
 * A client beside an ensemble of container machines, in the lab's network: it writes all the time, and reads when
 * asked.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { entering } from '../../lab/commands/lab-client.ts';

export interface Answers {
  start: undefined;
  /** The numbers of the writes that were acknowledged, ascending. */
  acknowledged: readonly number[];
  /** The longest time without an acknowledged write since the last time this was asked. */
  longestGapMs: number;
  stop: undefined;
  /** What one server has, `synced` with its leader or as it stands. */
  numbersAt: readonly number[];
}

export interface Request {
  readonly number: number;
  readonly what: keyof Answers;
  readonly argument: { readonly address?: string; readonly synced?: boolean };
}

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

const PROGRAM = join(import.meta.dirname, 'client-program.ts');

export class ClientInNetwork implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #last = 0;

  constructor(lab: string, namespace: string) {
    const [program = '', ...words] = entering(namespace, [process.execPath, PROGRAM, lab]);
    this.#child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#ended = once(this.#child, 'exit');
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.number)?.(answer);
      this.#waiting.delete(answer.number);
    });
    this.#child.on('exit', () => {
      for (const [number, tell] of this.#waiting) tell({ number, error: 'The client ended.' });
    });
  }

  async ask<K extends keyof Answers>(what: K, argument: Request['argument'] = {}): Promise<Answers[K]> {
    const number = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(number, resolve);
    const request: Request = { number, what, argument };
    this.#child.send(request);
    const { value, error } = await promise;
    if (error !== undefined) throw new Error(error);
    return value as Answers[K];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }
}

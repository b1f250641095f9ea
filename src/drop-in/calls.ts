// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client/index.ts';
import { connectionLoss, Exception, exceptionOf } from './exception.ts';
import { type CallOutcome, InOrder } from './in-order.ts';

export type ClientCall<Reply> = (client: ZookeeperClient) => Promise<Reply>;

/**
 * The calls of a program, told of in their order. Those that are made before the client is started wait for it, and
 * those that are made after its end fail with CONNECTION_LOSS.
 */
export class Calls {
  readonly #client: ZookeeperClient;
  readonly #retries: number;
  readonly #inOrder = new InOrder();
  readonly #begun: Promise<void>;
  #begin: () => void = () => {};
  #isClosed = false;

  /** A call that lost its connection is done again up to `retries` times. */
  constructor(client: ZookeeperClient, retries: number) {
    this.#client = client;
    this.#retries = retries;
    this.#begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** From now on calls go to the client. */
  begin(): void {
    this.#begin();
  }

  /** Calls that are made from now on fail. Those that wait go to the client, which may end them. */
  close(): void {
    this.#isClosed = true;
    this.#begin();
  }

  /** Resolves once every call that was made has been told of. */
  empty(): Promise<void> {
    return this.#inOrder.empty();
  }

  /** `done` is called once; an error in its outcome is an Exception. */
  run<Reply>(call: ClientCall<Reply>, done: (outcome: CallOutcome<Reply>) => void, retries = this.#retries): void {
    if (this.#isClosed) {
      queueMicrotask(() => done({ ok: false, error: connectionLoss() }));
      return;
    }
    const begun = async () => {
      await this.#begun;
      return await call(this.#client);
    };
    this.#inOrder.run(begun, (outcome) => {
      const error = outcome.ok ? undefined : exceptionOf(outcome.error);
      const isLost = error?.code === Exception.CONNECTION_LOSS && !this.#isClosed;
      if (isLost && retries > 0) this.run(call, done, retries - 1);
      else done(outcome.ok ? outcome : { ok: false, error });
    });
  }

  /** The same as a promise, which rejects with an Exception. */
  reply<Reply>(call: ClientCall<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.run(call, (outcome) => (outcome.ok ? resolve(outcome.reply) : reject(outcome.error)));
    });
  }
}

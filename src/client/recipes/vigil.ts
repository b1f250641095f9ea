// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from 'node:events';
import type { ZookeeperClient } from '../client.ts';
import { toError, ZookeeperError } from '../errors.ts';

/**
 * Why something is not held any more:
 * - `expired`: the servers have ended the session, or the client has lost it for good. Sure.
 * - `closed`: `close` of the client was called, or the client has ended by itself. The znode goes, or is gone.
 * - `in doubt`: no answer came for three quarters of the session's timeout. The servers may have ended the session.
 * - `deleted`: somebody has deleted the znode. Sure.
 * - `changed`: members have joined or left, and the items are shared out anew. Sure.
 * - `over`: the time of a lease is over. Sure, by the clock of this process.
 * - `released`: the holder has given it back.
 */
export type LossReason = 'expired' | 'closed' | 'in doubt' | 'deleted' | 'changed' | 'over' | 'released';

const SENTENCES: Readonly<Record<LossReason, string>> = {
  expired: 'its session has ended, so it is no longer held',
  closed: 'its client is closed, so it is no longer held',
  'in doubt': 'no server has answered for so long that the session may have ended; it may not be held any more',
  deleted: 'somebody has deleted its znode, so it is no longer held',
  changed: 'somebody has joined or left, so it is shared out anew',
  over: 'its time is over',
  released: 'it was released',
};

/** Something is not held any more, or perhaps not. Whoever holds it stops at once; `why` says how sure it is. */
export class HoldLostError extends ZookeeperError {
  /** What happened to it. */
  readonly why: LossReason;

  constructor(what: string, why: LossReason, cause?: unknown) {
    super('HOLD_LOST', `${what}: ${SENTENCES[why]}`, cause);
    this.why = why;
  }
}

/** Watches over the session of a client from now on. */
export class Vigil {
  readonly #what: string;
  readonly #client: ZookeeperClient;
  readonly #sessionId: bigint;
  readonly #lost = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** `what` names in messages what is held. */
  constructor(what: string, client: ZookeeperClient) {
    this.#what = what;
    this.#client = client;
    this.#sessionId = client.sessionId;
    setMaxListeners(0, this.#lost.signal);
    client.closing.addEventListener('abort', this, { once: true });
    if (client.closing.aborted) this.handleEvent();
    void this.#follow();
    this.#wait();
  }

  /** Is aborted with a HoldLostError, once and for all. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws the HoldLostError if it is lost. It looks at the clock itself, so it is right also after a pause. */
  check(): void {
    if (performance.now() >= this.#client.sessionSureUntilMs) this.end('in doubt');
    this.signal.throwIfAborted();
  }

  end(why: LossReason, cause?: unknown): void {
    if (this.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#client.closing.removeEventListener('abort', this);
    this.#lost.abort(new HoldLostError(this.#what, why, cause));
  }

  /** The listener for the closing of the client. */
  handleEvent(): void {
    this.end('closed', this.#client.closing.reason);
  }

  async #follow(): Promise<void> {
    for await (const status of this.#client.statuses({ signal: this.signal })) {
      if (status.kind === 'expired' || status.kind === 'closed') this.end(status.kind, status.cause);
      else if (status.kind === 'connected' && status.sessionId !== this.#sessionId) this.end('expired');
    }
  }

  #wait(): void {
    if (this.signal.aborted) return;
    const leftMs = this.#client.sessionSureUntilMs - performance.now();
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.ceil(leftMs)));
    this.#timer.unref();
  }

  /** After a pause of this process, answers from that time still wait to be read. So it reads first, then judges. */
  #look(): void {
    setImmediate(() => {
      if (this.signal.aborted) return;
      if (performance.now() < this.#client.sessionSureUntilMs) this.#wait();
      else this.end('in doubt', this.#cause());
    });
  }

  #cause(): Error | undefined {
    const { status } = this.#client;
    return status.kind === 'disconnected' ? toError(status.cause) : undefined;
  }
}

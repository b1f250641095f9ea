// SPDX-License-Identifier: Apache-2.0
/** The state of a client; `expired` and `closed` are final. */
export type ClientStatus =
  | { readonly kind: 'connecting' }
  | {
      readonly kind: 'connected';
      readonly server: string;
      readonly sessionId: bigint;
      /** The timeout that the server granted. */
      readonly sessionTimeoutMs: number;
      /** The session existed before, and so did its ephemeral znodes. */
      readonly resumed: boolean;
      /** The server has lost its quorum: reads are answered from what it knows, writes end with NOT_READ_ONLY. */
      readonly readOnly: boolean;
    }
  | { readonly kind: 'disconnected'; readonly server: string; readonly cause: Error }
  | { readonly kind: 'expired'; readonly cause: Error }
  | { readonly kind: 'closed'; readonly cause?: Error };

/** A reader that falls further behind than this loses the oldest statuses that it has not read. */
const MAX_UNREAD = 100;

/** The current status, and an iterator over every later one. */
export class StatusBoard {
  #current: ClientStatus = { kind: 'connecting' };
  readonly #readers = new Set<StatusReader>();

  get current(): ClientStatus {
    return this.#current;
  }

  set(status: ClientStatus): void {
    this.#current = status;
    for (const reader of this.#readers) reader.add(status);
  }

  /** Begins with the current status. Ends after a final status, or when the signal is aborted. */
  async *follow(signal?: AbortSignal): AsyncGenerator<ClientStatus, void> {
    const reader = new StatusReader(this.#current);
    const onAbort = () => reader.wake();
    this.#readers.add(reader);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      while (signal?.aborted !== true) {
        const status = reader.take();
        if (status === undefined) {
          await reader.more();
          continue;
        }
        yield status;
        if (status.kind === 'expired' || status.kind === 'closed') return;
      }
    } finally {
      this.#readers.delete(reader);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

class StatusReader {
  readonly #unread: ClientStatus[];
  #wake: () => void = () => {};

  constructor(first: ClientStatus) {
    this.#unread = [first];
  }

  add(status: ClientStatus): void {
    this.#unread.push(status);
    if (this.#unread.length > MAX_UNREAD) this.#unread.shift();
    this.#wake();
  }

  take(): ClientStatus | undefined {
    return this.#unread.shift();
  }

  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake();
  }
}

// SPDX-License-Identifier: Apache-2.0
import { type CallName, endOf, MaybeAppliedError, nameOf, ServerError, ZookeeperError } from './errors.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';
import type { Operation } from './operation.ts';
import { serverErrorKind } from './server-errors.ts';

/** The part of its list that a request uses. */
interface LinkedRequests {
  remove(request: PendingRequest): void;
}

/** A request of any operation, as queues and connections see it. */
export interface PendingRequest {
  readonly opcode: number;
  readonly enqueuedAtMs: number;
  /** The client's limit is not for this request. */
  readonly hasOwnLimit: boolean;
  /** Set by the connection that sends the request. */
  xid: number;
  /** The list that holds this request. A request is in at most one list, and is itself the link in it. */
  list: LinkedRequests | undefined;
  next: PendingRequest | undefined;
  previous: PendingRequest | undefined;
  readonly settled: boolean;
  encode(writer: JuteWriter): void;
  /** After this it is unknown whether the server acts on the request. */
  markSent(): void;
  succeed(reader: JuteReader): void;
  /** The server answered with an error number. */
  refuse(number: number): void;
  /**
   * Ends the request without an answer. An unsent request or a read rejects with the cause itself, a sent write as
   * maybe applied.
   */
  cancel(cause: unknown): void;
}

/** How a call is ended early. */
export interface SignalOptions {
  /** Ends the call when it is aborted. The call rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** The limits of one call. */
export interface CallOptions extends SignalOptions {
  /** The limit for this call, instead of the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** For a call that changes a znode only if it is at a version. */
export interface VersionOptions extends CallOptions {
  /** The version that the znode's data must have, otherwise the answer is BAD_VERSION. */
  readonly version?: number;
}

/** What a call without an answer ends with. */
export function timeoutError(timeoutMs: number): ZookeeperError {
  return new ZookeeperError('REQUEST_TIMEOUT', `no answer came within ${timeoutMs} ms`);
}

export class Request<Body, Reply> implements PendingRequest {
  readonly enqueuedAtMs = performance.now();
  readonly promise: Promise<Reply>;
  xid = 0;
  list: LinkedRequests | undefined = undefined;
  next: PendingRequest | undefined = undefined;
  previous: PendingRequest | undefined = undefined;
  settled = false;
  readonly #operation: Operation<Body, Reply>;
  readonly #body: Body;
  readonly #path: string | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #sent = false;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** `path` names the request in errors, if it has one. The signal must not be aborted yet. */
  constructor(operation: Operation<Body, Reply>, body: Body, path: string | undefined, call: CallOptions) {
    const { signal, timeoutMs } = call;
    this.#operation = operation;
    this.#body = body;
    this.#path = path;
    this.#signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal?.addEventListener('abort', this, { once: true });
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.cancel(timeoutError(timeoutMs)), timeoutMs);
  }

  get hasOwnLimit(): boolean {
    return this.#timer !== undefined;
  }

  get opcode(): number {
    return this.#operation.opcode;
  }

  get #name(): CallName {
    return { op: this.#operation.name, path: this.#path };
  }

  encode(writer: JuteWriter): void {
    this.#operation.encode(writer, this.#body);
  }

  markSent(): void {
    this.#sent = true;
  }

  succeed(reader: JuteReader): void {
    if (this.settled && this.#operation.decodesLate !== true) return;
    const reply = this.#operation.decode(reader, this.#body);
    if (this.settled) return;
    this.#settle();
    this.#resolve(reply);
  }

  refuse(number: number): void {
    if (this.settled) return;
    this.#settle();
    if (number === NO_NODE && this.#operation.noNode !== undefined) {
      this.#resolve(this.#operation.noNode());
      return;
    }
    const name = this.#name;
    const error = new ServerError(number, nameOf(name), name);
    if (this.#operation.isWrite && serverErrorKind(number).unsure) this.#doubt(error);
    else this.#reject(error);
  }

  cancel(cause: unknown): void {
    if (this.settled) return;
    this.#end();
    if (this.#isInDoubt) this.#doubt(cause);
    else this.#reject(endOf(this.#name, cause));
  }

  /** The listener for the signal, whose reason is handed on as it is. */
  handleEvent(): void {
    if (this.settled) return;
    this.#end();
    const reason: unknown = this.#signal?.reason;
    if (this.#isInDoubt) this.#doubt(reason);
    else this.#reject(reason);
  }

  get #isInDoubt(): boolean {
    return this.#sent && this.#operation.isWrite;
  }

  #doubt(cause: unknown): void {
    const name = this.#name;
    this.#reject(new MaybeAppliedError(nameOf(name), cause, name));
  }

  #end(): void {
    this.#settle();
    // A sent request stays in the list of those in flight: its answer may still come, and must find its request there.
    if (!this.#sent) this.list?.remove(this);
  }

  #settle(): void {
    this.settled = true;
    this.#signal?.removeEventListener('abort', this);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }
}

const NO_NODE = -101;

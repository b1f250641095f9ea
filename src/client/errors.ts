// SPDX-License-Identifier: Apache-2.0
import { type ServerErrorCode, type ServerErrorKind, serverErrorKind } from './server-errors.ts';

/** All codes of errors: those of the servers, and those of the client itself. */
export type ZookeeperErrorCode =
  | ServerErrorCode
  | 'BAD_REQUEST'
  | 'REQUEST_TOO_LARGE'
  | 'QUEUE_FULL'
  | 'REQUEST_TIMEOUT'
  | 'CONNECTION_LOST'
  | 'MAYBE_APPLIED'
  | 'PROTOCOL'
  | 'TLS_FAILED'
  | 'NO_SERVER'
  | 'CLIENT_CLOSED'
  | 'RETRY_FAILED'
  | 'WAIT_TIMEOUT'
  | 'HOLD_LOST'
  | 'NOT_OWNER';

/** Which call it is. A call for several znodes, or for none, has no path. */
export interface CallName {
  /** As the protocol names it: `get`, `create2`, `multi`. */
  readonly op: string;
  /** As the caller gave it, without the chroot. */
  readonly path: string | undefined;
}

/** For messages. What a path may not have in it is escaped. */
export function nameOf({ op, path }: CallName): string {
  if (path === undefined) return op;
  return `${op} ${/\p{C}/u.test(path) ? JSON.stringify(path) : path}`;
}

/** Base of all errors of the client. `code` is stable; the message is for people. */
export class ZookeeperError extends Error {
  /** Which error it is. It does not change from one release to the next. */
  readonly code: ZookeeperErrorCode;
  /** The operation that failed, as the protocol names it. Undefined for what is no call, such as `connect`. */
  readonly op: string | undefined;
  /** The path as the caller gave it. Undefined for a call without a path, such as `whoAmI` or `multi`. */
  readonly path: string | undefined;

  constructor(code: ZookeeperErrorCode, message: string, cause?: unknown, call?: CallName) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.op = call?.op;
    this.path = call?.path;
  }

  /**
   * A copy for one call, since one event, such as a lost connection, may end many calls.
   *
   * @internal
   */
  of(call: CallName): this {
    const message = this.op === undefined ? `${nameOf(call)}: ${this.message}` : this.message;
    const copy = new Error(message, this.cause === undefined ? undefined : { cause: this.cause });
    return Object.assign(Object.setPrototypeOf(copy, Object.getPrototypeOf(this)), this, call);
  }
}

/** What a call ends with. An error of the client names the call; anything else, such as a signal's reason, stays. */
export function endOf(call: CallName, reason: unknown): unknown {
  return reason instanceof ZookeeperError ? reason.of(call) : reason;
}

/** The server's own answer: it refused the request, which changed nothing. */
export class ServerError extends ZookeeperError {
  /** The number on the wire, negative. */
  readonly number: number;

  constructor(number: number, what: string, call?: CallName) {
    const kind: ServerErrorKind = serverErrorKind(number);
    super(kind.code, `${what}: ${kind.cause} (${kind.code}, ${kind.number})`, undefined, call);
    this.number = number;
  }
}

/**
 * A part of a transaction failed, so none of its parts was applied. The code, the path and `op` are those of the part
 * that failed; `op` is its kind.
 */
export class TransactionError extends ServerError {
  /** Which part failed, from 0. */
  readonly index: number;

  constructor(number: number, what: string, index: number, part?: CallName) {
    super(number, what, part);
    this.index = index;
  }
}

/**
 * A write was sent and its outcome is not known. It may have been applied, or may still be applied, even under the next
 * leader. Only the data itself can tell. The client never sends such a write again.
 */
export class MaybeAppliedError extends ZookeeperError {
  constructor(what: string, cause: unknown, call?: CallName) {
    super('MAYBE_APPLIED', `${what}: it was sent, but its answer is lost; it may or may not be applied`, cause, call);
  }
}

/** What this client had taken belongs to it no longer, so its write changed nothing. Leave it to its next owner. */
export class NotOwnerError extends ZookeeperError {
  constructor(what: string, cause?: unknown) {
    super(
      'NOT_OWNER',
      `${what} does not belong to this client any more: it was given back, taken away, or done`,
      cause,
    );
  }
}

/** The connection is lost; a read in flight has no answer. */
export class ConnectionLostError extends ZookeeperError {
  constructor(message: string, cause?: unknown) {
    super('CONNECTION_LOST', message, cause);
  }
}

/** The servers have ended the session and deleted its ephemeral znodes. The client can no longer be used. */
export class SessionExpiredError extends ZookeeperError {
  constructor(sessionId: bigint) {
    super('SESSION_EXPIRED', `the servers have ended the session 0x${sessionId.toString(16)}; open a new client`);
  }
}

/** A server does not take this client for whom it says it is; or the server is not what it should be. */
export class AuthFailedError extends ZookeeperError {
  constructor(message: string, cause?: unknown) {
    super('AUTH_FAILED', message, cause);
  }
}

/** One side does not accept the certificate of the other, or they have no version of TLS in common. */
export class TlsFailedError extends ZookeeperError {
  constructor(message: string, cause?: unknown) {
    super('TLS_FAILED', message, cause);
  }
}

/** The client was closed before the request was sent. */
export class ClientClosedError extends ZookeeperError {
  constructor(message: string, cause?: unknown) {
    super('CLIENT_CLOSED', message, cause);
  }
}

/** The peer sent something that is not ZooKeeper's protocol. */
export class ProtocolError extends ZookeeperError {
  constructor(message: string, cause?: unknown) {
    super('PROTOCOL', `the peer does not speak ZooKeeper's protocol: ${message}`, cause);
  }
}

/** What is thrown may be any value. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

// SPDX-License-Identifier: Apache-2.0
import { ProtocolError } from './errors.ts';
import type { JuteReader } from './jute-reader.ts';
import type { PendingRequest } from './request.ts';
import { RequestList } from './request-list.ts';

/** The largest xid; negative ones are reserved for pings, credentials and notifications. */
const MAX_XID = 0x7fff_ffff;

/** The requests that one connection has sent and that have no answer yet. A server answers them in their order. */
export class InFlight {
  readonly #requests = new RequestList();
  #nextXid: number;

  /** Zero is never used, because servers and tools give it a special meaning. */
  constructor(firstXid = 1) {
    this.#nextXid = firstXid;
  }

  get size(): number {
    return this.#requests.size;
  }

  takeXid(): number {
    const xid = this.#nextXid;
    this.#nextXid = xid === MAX_XID ? 1 : xid + 1;
    return xid;
  }

  add(request: PendingRequest, xid: number): void {
    request.xid = xid;
    request.markSent();
    this.#requests.push(request);
  }

  /** Throws a ProtocolError when another xid is next, or when the reply can't be read. */
  answer(xid: number, error: number, reader: JuteReader): void {
    const request = this.#requests.first;
    if (request === undefined) throw new ProtocolError(`a reply with xid ${xid} came, but no request is waiting`);
    if (request.xid !== xid) throw new ProtocolError(`a reply with xid ${xid} came, it is the turn of ${request.xid}`);
    // When the reply can't be read, its request stays in the list. It then ends with the connection, in doubt.
    if (error === 0) request.succeed(reader);
    else request.refuse(error);
    this.#requests.shift();
  }

  cancelAll(cause: unknown): void {
    this.#requests.cancelAll(cause);
  }

  cancelOlder(thanMs: number, cause: (request: PendingRequest) => unknown): void {
    this.#requests.cancelOlder(thanMs, cause);
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import type { ConnectionSettings } from './connection-settings.ts';
import type { KeptCredential } from './credentials.ts';
import {
  AuthFailedError,
  ConnectionLostError,
  ProtocolError,
  SessionExpiredError,
  toError,
  ZookeeperError,
} from './errors.ts';
import { FrameParser } from './frames.ts';
import { GatheredBatch } from './gathered-batch.ts';
import { takeHandshake, writeHandshake } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import { InFlight } from './in-flight.ts';
import type { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';
import { Opening } from './opening.ts';
import { AUTH_XID } from './operations/auth.ts';
import { type ConnectReply, decodeConnect } from './operations/connect.ts';
import { decodeNotification, NOTIFICATION_XID } from './operations/notification.ts';
import { encodePing, PING_XID } from './operations/ping.ts';
import { SET_WATCHES_XID } from './operations/set-watches.ts';
import type { PendingRequest } from './request.ts';
import { formatServer, type ServerAddress } from './servers.ts';
import type { SessionState } from './session-state.ts';
import { openSocket } from './socket.ts';
import { tlsFailureOf } from './tls.ts';

/** The largest batch. What does not fit goes out in the next turn of the event loop. */
const MAX_BATCH_BYTES = 256 * 1024;

/**
 * One TCP connection to one server, from its handshake to its loss; the next connection uses nothing of it. It takes
 * requests from the session's queue while fewer than `maxInFlight` are unanswered. With too many, a server stops
 * reading, and older servers close the connection. It writes once per turn of the event loop.
 */
export class Connection {
  readonly server: string;
  /** The server, and the address of its name. */
  readonly place: { readonly server: ServerAddress; readonly address: string };
  /** Resolves, never rejects, with the cause of the loss. By then every request in flight has ended. */
  readonly lost: Promise<Error>;
  #sessionTimeoutMs = 0;
  #isReadOnly = false;
  readonly #session: SessionState;
  readonly #settings: ConnectionSettings;
  readonly #socket: Socket;
  readonly #parser: FrameParser;
  readonly #writer: JuteWriter;
  readonly #inFlight: InFlight;
  readonly #gathered = new GatheredBatch();
  readonly #opening: Opening;
  #heartbeat: Heartbeat | undefined;
  #established: (() => void) | undefined;
  #isEstablished = false;
  #isLost = false;
  #isCongested = false;
  #isFlushDue = false;
  /** Set while the connection gives way to another one. */
  #leave: (() => void) | undefined;
  #reportLoss: (cause: Error) => void = () => {};

  /**
   * `address` is one of those of the server's name. Rejects with a SessionExpiredError when the server says so,
   * otherwise with what went wrong while connecting.
   */
  static async open(
    server: ServerAddress,
    address: string,
    session: SessionState,
    settings: ConnectionSettings,
    signal: AbortSignal,
  ): Promise<Connection> {
    signal.throwIfAborted();
    const connection = new Connection(server, address, session, settings);
    const onAbort = () => connection.drop(toError(signal.reason));
    const deadline = setTimeout(
      () => connection.drop(connection.#lossOf(`no handshake within ${settings.handshakeTimeoutMs} ms`)),
      settings.handshakeTimeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const established = new Promise<undefined>((resolve) => {
        connection.#established = () => resolve(undefined);
      });
      const cause = await Promise.race([established, connection.lost]);
      if (cause !== undefined) throw cause;
      return connection;
    } finally {
      clearTimeout(deadline);
      signal.removeEventListener('abort', onAbort);
    }
  }

  private constructor(server: ServerAddress, address: string, session: SessionState, settings: ConnectionSettings) {
    this.server = address === server.host ? formatServer(server) : `${formatServer(server)} (${address})`;
    this.place = { server, address };
    this.#session = session;
    this.#settings = settings;
    this.#inFlight = new InFlight(settings.firstXid);
    this.#parser = new FrameParser(settings.maxReplyBytes, (reader) => this.#onFrame(reader), settings.chroot);
    this.#writer = new JuteWriter(settings.chroot);
    this.#opening = new Opening(session, settings, {
      writer: this.#writer,
      takeXid: () => this.#inFlight.takeXid(),
      flushSoon: () => this.flushSoon(),
      drop: (cause) => this.drop(typeof cause === 'string' ? this.#lossOf(cause) : cause),
      established: () => this.#established?.(),
    });
    this.lost = new Promise((resolve) => {
      this.#reportLoss = resolve;
    });
    const data = (chunk: Buffer) => this.#onData(chunk);
    this.#socket = openSocket(server, address, settings, () => this.#sendHandshake(), data);
    this.#socket.on('drain', () => {
      this.#isCongested = false;
      this.flushSoon();
    });
    this.#socket.on('error', (error) => this.#onError(error));
    this.#socket.on('close', () => this.drop(this.#lossOf('the server closed the connection')));
  }

  /** The timeout that the server granted. */
  get sessionTimeoutMs(): number {
    return this.#sessionTimeoutMs;
  }

  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Sends in one write all requests that are queued by the end of this turn of the event loop. */
  flushSoon(): void {
    if (this.#isFlushDue || this.#isLost) return;
    this.#isFlushDue = true;
    setImmediate(this.#flush);
  }

  sendCredential(entry: KeptCredential): void {
    if (!this.#isLost) this.#opening.sendCredential(entry);
  }

  /** Sends the request out of turn, after everything that was already sent. It is for the end of the session. */
  sendLast(request: PendingRequest): void {
    this.#encode(request);
    this.flushSoon();
  }

  /** Ends requests in flight that are older than the given time. The connection still waits for their answers. */
  cancelOlder(thanMs: number, cause: (request: PendingRequest) => unknown): void {
    this.#inFlight.cancelOlder(thanMs, cause);
  }

  /**
   * Sends no more requests, and drops the connection once those in flight are answered; before that, it calls
   * `leaving`. If that takes longer than the limit, the connection goes on as before.
   */
  async leave(cause: Error, limitMs: number, leaving: () => void): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    this.#leave = () => {
      leaving();
      this.drop(cause);
    };
    this.#leaveOnceQuiet();
    await Promise.race([limit, this.lost]);
    clearTimeout(timer);
    this.#leave = undefined;
    this.flushSoon();
  }

  /** Ends the connection; the session may go on with another one. */
  drop(cause: Error): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#heartbeat?.stop();
    this.#parser.stop();
    this.#socket.destroy();
    this.#inFlight.cancelAll(cause);
    this.#reportLoss(cause);
  }

  #leaveOnceQuiet(): void {
    if (this.#isLost || this.#inFlight.size > 0 || this.#writer.length > 0 || !this.#opening.isQuiet) return;
    this.#leave?.();
  }

  #sendHandshake(): void {
    writeHandshake(this.#writer, this.#session, this.#settings);
    this.#socket.write(this.#writer.take());
  }

  #onError(error: Error): void {
    const refusal = this.#isEstablished ? undefined : tlsFailureOf(this.#socket, this.server, error);
    this.drop(refusal ?? this.#lossOf(error.message, error));
  }

  #onData(chunk: Buffer): void {
    this.#heartbeat?.heard();
    this.#gathered.answersCame();
    try {
      this.#parser.push(chunk);
    } catch (error) {
      const isLast = error instanceof AuthFailedError || error instanceof SessionExpiredError;
      this.drop(isLast ? error : this.#lossOf(toError(error).message, error));
    }
    if (this.#leave !== undefined) this.#leaveOnceQuiet();
    // Each answer may have made room for a request that waits.
    if (this.#session.queue.size > 0) this.flushSoon();
  }

  #onFrame(reader: JuteReader): void {
    if (this.#isEstablished) this.#onReply(reader);
    else this.#onHandshake(decodeConnect(reader));
  }

  #onReply(reader: JuteReader): void {
    const xid = reader.int();
    const zxid = reader.long();
    const error = reader.int();
    const session = this.#session;
    if (zxid > session.lastZxid) session.lastZxid = zxid;
    if (xid === NOTIFICATION_XID) {
      const event = decodeNotification(reader, zxid, session.onConfig);
      if (event !== undefined) session.watches.fire(event);
      return;
    }
    session.proof.answered(xid);
    if (zxid > session.watchedZxid && session.watches.isArmed) session.watchedZxid = zxid;
    if (xid > 0) {
      if (this.#opening.isLoggingIn) this.#opening.onToken(error, reader);
      else this.#inFlight.answer(xid, error, reader);
    } else if (xid === AUTH_XID) this.#opening.onCredential(error);
    else if (xid === SET_WATCHES_XID) this.#opening.onWatches(error);
    else if (xid !== PING_XID) throw new ProtocolError(`a reply has the xid ${xid}`);
  }

  #onHandshake(reply: ConnectReply): void {
    takeHandshake(reply, this.#session);
    this.#isEstablished = true;
    this.#sessionTimeoutMs = reply.timeoutMs;
    this.#isReadOnly = reply.isReadOnly;
    this.#heartbeat = new Heartbeat(reply.timeoutMs, {
      ping: () => this.#ping(),
      silent: (silentMs) => this.drop(this.#lossOf(`the server was silent for ${Math.round(silentMs)} ms`)),
    });
    this.#opening.begin();
  }

  #ping(): void {
    encodePing(this.#writer);
    this.#session.proof.sent(PING_XID);
    this.flushSoon();
  }

  readonly #flush = (): void => {
    this.#isFlushDue = false;
    if (this.#isLost || !this.#isEstablished || this.#isCongested) return;
    const { queue } = this.#session;
    const takesRequests = this.#opening.isDone && this.#leave === undefined;
    while (takesRequests && this.#inFlight.size < this.#settings.maxInFlight && this.#writer.length < MAX_BATCH_BYTES) {
      const request = queue.shift();
      if (request === undefined) break;
      this.#encode(request);
    }
    if (this.#writer.length === 0) return;
    if (this.#gathered.waits(this.#writer.length, this.#inFlight.size)) {
      this.flushSoon();
      return;
    }
    this.#isCongested = !this.#socket.write(this.#writer.take());
    this.#heartbeat?.sent();
    // With no room, the next answer flushes; with a full socket, its drain event does.
    if (takesRequests && queue.size > 0 && this.#inFlight.size < this.#settings.maxInFlight) this.flushSoon();
  };

  #encode(request: PendingRequest): void {
    const writer = this.#writer;
    const xid = this.#inFlight.takeXid();
    writer.beginFrame();
    try {
      writer.int(xid);
      writer.int(request.opcode);
      request.encode(writer);
      if (writer.frameLength > this.#settings.maxRequestBytes) throw this.#tooLarge(writer.frameLength);
    } catch (error) {
      writer.dropFrame();
      request.cancel(error);
      return;
    }
    writer.endFrame();
    this.#inFlight.add(request, xid);
    this.#session.proof.sent(xid);
  }

  /** For such a request a server closes the connection, and every other request in flight then fails too. */
  #tooLarge(bytes: number): ZookeeperError {
    const limit = this.#settings.maxRequestBytes;
    return new ZookeeperError('REQUEST_TOO_LARGE', `the request has ${bytes} bytes, servers take ${limit} at most`);
  }

  #lossOf(why: string, cause?: unknown): ConnectionLostError {
    return new ConnectionLostError(`lost the connection to ${this.server}: ${why}`, cause);
  }
}

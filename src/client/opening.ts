// SPDX-License-Identifier: Apache-2.0
import type { KeptCredential } from './credentials.ts';
import { AuthFailedError, ProtocolError, ServerError } from './errors.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';
import { encodeAuth } from './operations/auth.ts';
import { decodeSasl, encodeSasl } from './operations/sasl.ts';
import { Rearming } from './rearming.ts';
import { SaslLogin, type SaslUser } from './sasl-login.ts';
import { serverErrorKind } from './server-errors.ts';
import type { SessionState } from './session-state.ts';

interface OpeningSettings {
  readonly sasl?: SaslUser;
  readonly maxRequestBytes: number;
  readonly chroot?: string;
}

/** What of its connection the opening uses. */
interface OpeningConnection {
  readonly writer: JuteWriter;
  takeXid(): number;
  flushSoon(): void;
  /** Ends the connection: with an error, or with the reason for its loss. */
  drop(cause: Error | string): void;
  established(): void;
}

/**
 * What a connection sends between its handshake and its first request: the login, then credentials, so that every
 * request comes after them. Then the watches, so that no answer shows something new before the event that tells of it.
 */
export class Opening {
  readonly #session: SessionState;
  readonly #settings: OpeningSettings;
  readonly #connection: OpeningConnection;
  readonly #credentialsUnderWay: KeptCredential[] = [];
  /** While this is under way, nothing but its tokens is sent. */
  #login: SaslLogin | undefined;
  #rearming: Rearming | undefined;

  constructor(session: SessionState, settings: OpeningSettings, connection: OpeningConnection) {
    this.#session = session;
    this.#settings = settings;
    this.#connection = connection;
    if (settings.sasl !== undefined) this.#login = new SaslLogin(settings.sasl);
  }

  /** Requests may be sent. */
  get isDone(): boolean {
    return this.#rearming?.isDone === true;
  }

  /** Nothing is waited for, neither here nor for a credential that came later. */
  get isQuiet(): boolean {
    return this.isDone && this.#credentialsUnderWay.length === 0;
  }

  /** Replies with an xid of a request are for the login. */
  get isLoggingIn(): boolean {
    return this.#login !== undefined;
  }

  /** The handshake is done. */
  begin(): void {
    if (this.#login === undefined) this.#onLoggedIn();
    else this.#sendToken(new Uint8Array(0));
  }

  sendCredential(entry: KeptCredential): void {
    const { writer } = this.#connection;
    this.#credentialsUnderWay.push(entry);
    encodeAuth(writer, entry.credential);
    this.#connection.flushSoon();
  }

  onToken(error: number, reader: JuteReader): void {
    if (error !== 0) throw new AuthFailedError('the server refused the SASL user', new ServerError(error, 'sasl'));
    const token = this.#login?.next(decodeSasl(reader));
    if (token === undefined) this.#onLoggedIn();
    else this.#sendToken(token);
  }

  onCredential(error: number): void {
    const entry = this.#credentialsUnderWay.shift();
    if (entry === undefined) throw new ProtocolError('an answer to a credential came, but none was sent');
    const refusal = this.#session.credentials.answered(entry, error);
    if (refusal !== undefined) this.#connection.drop(refusal);
  }

  /** After the last batch, requests are sent. */
  onWatches(error: number): void {
    const rearming = this.#rearming;
    if (rearming === undefined || rearming.isDone) {
      throw new ProtocolError('an answer to watches came, but none were sent');
    }
    if (error !== 0) {
      this.#connection.drop(`the server did not set the watches again: ${serverErrorKind(error).cause}`);
      return;
    }
    rearming.next(this.#connection.writer);
    this.#connection.flushSoon();
  }

  #onLoggedIn(): void {
    this.#login = undefined;
    for (const entry of this.#session.credentials.all) this.sendCredential(entry);
    this.#rearming = new Rearming(this.#session, this.#settings);
    this.#rearming.next(this.#connection.writer);
    this.#connection.flushSoon();
    this.#connection.established();
  }

  #sendToken(token: Uint8Array): void {
    const { writer, takeXid } = this.#connection;
    writer.beginFrame();
    encodeSasl(writer, takeXid(), token);
    writer.endFrame();
    this.#connection.flushSoon();
  }
}

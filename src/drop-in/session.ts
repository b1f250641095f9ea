// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ClientStatus, type ZookeeperClient, ZookeeperError } from '../client/index.ts';
import type { Option } from './api.ts';
import { Calls } from './calls.ts';
import { makeClient } from './options.ts';
import { MANAGER } from './state.ts';

/** The session of a program, whose states it tells, and the calls in it. */
export class ToldSession {
  readonly calls: Calls;
  readonly #client: ZookeeperClient;
  readonly #tellState: (managerState: number) => void;
  #timeoutMs: number;
  #credentials: { readonly scheme: string; readonly auth: Buffer }[] = [];
  #isStarted = false;
  #isClosing = false;
  #isRefused = false;

  /** `tellState` is called with a state of MANAGER. What it throws is an uncaught exception. */
  constructor(connectionString: string, options: Option, tellState: (managerState: number) => void) {
    this.#client = makeClient(connectionString, options);
    this.#tellState = tellState;
    this.#timeoutMs = Math.round(Number(options.sessionTimeout));
    this.calls = new Calls(this.#client, options.retries);
    void this.#follow();
  }

  /** Begins a session, and keeps it connected until it is closed or expires. A client that has ended has no other. */
  connect(): void {
    if (this.#isClosing) this.#tell([MANAGER.expired, MANAGER.disconnected, MANAGER.closed]);
    if (this.#isStarted || this.#isClosing) return;
    this.#isStarted = true;
    this.#tell([MANAGER.connecting]);
    // Why it ended, its status tells.
    this.#client.start().catch(() => {});
    for (const { scheme, auth } of this.#credentials) this.#authenticate(scheme, auth);
    this.#credentials = [];
    this.calls.begin();
  }

  /** Ends the session after the calls that were made before, if a server is connected; otherwise at once. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#tellState(MANAGER.closing);
    this.calls.close();
    void this.#close();
  }

  get id(): bigint {
    return this.#client.sessionId;
  }

  get password(): Uint8Array {
    return this.#client.sessionPassword;
  }

  /** What the server granted, and before that what was asked for. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Authenticates this and every later connection. Refused, the session ends. */
  addAuth(scheme: string, auth: Buffer): void {
    if (this.#isStarted) this.#authenticate(scheme, auth);
    else this.#credentials.push({ scheme, auth });
  }

  #authenticate(scheme: string, auth: Buffer): void {
    this.#client.addAuth(scheme, auth).catch((error: unknown) => {
      if (isRefusal(error)) this.#refused();
    });
  }

  #refused(): void {
    this.#isRefused = true;
    this.calls.close();
    this.#isClosing = true;
    void this.#client.close();
  }

  async #close(): Promise<void> {
    if (this.#client.status.kind === 'connected') await this.calls.empty();
    await this.#client.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.#client.statuses()) {
      // What a loss does to calls comes first, as it always did.
      if (status.kind !== 'connected') await nextTurn();
      this.#told(status);
    }
  }

  #told(status: ClientStatus): void {
    if (status.kind === 'connected') {
      this.#timeoutMs = status.sessionTimeoutMs;
      this.#tell([status.readOnly ? MANAGER.connectedReadOnly : MANAGER.connected]);
    } else if (status.kind === 'disconnected' && this.#isRefused) {
      // The server closes the connection after its refusal, which is told once the client has ended.
    } else if (status.kind === 'disconnected') {
      this.#tell([MANAGER.disconnected, MANAGER.connecting]);
      // What waits would wait for the next connection.
      if (this.#isClosing) void this.#client.close();
    } else if (status.kind === 'expired') {
      this.#ended([MANAGER.expired]);
    } else if (status.kind === 'closed') {
      this.#ended(this.#isRefused || isRefusal(status.cause) ? [MANAGER.authFailed] : []);
    }
  }

  #ended(states: readonly number[]): void {
    this.#isClosing = true;
    this.#tell([...states, MANAGER.disconnected, MANAGER.closed]);
  }

  /** Outside of any promise, so that what a listener throws is an uncaught exception. */
  #tell(states: readonly number[]): void {
    for (const state of states) queueMicrotask(() => this.#tellState(state));
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof ZookeeperError && error.code === 'AUTH_FAILED';
}

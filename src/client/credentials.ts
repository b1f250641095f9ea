// SPDX-License-Identifier: Apache-2.0
import { type CallName, endOf, ServerError } from './errors.ts';
import type { Credential } from './operations/auth.ts';

/** The call that adds a credential. */
export const ADD_AUTH: CallName = { op: 'addAuth', path: undefined };

/** One credential. It is sent on every connection; the first answer settles its caller's promise. */
export class KeptCredential {
  readonly credential: Credential;
  /** The client's limit is not for this credential. */
  readonly hasOwnLimit: boolean;
  readonly enqueuedAtMs = performance.now();
  readonly promise: Promise<void>;
  #settled = false;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(credential: Credential, hasOwnLimit: boolean) {
    this.credential = credential;
    this.hasOwnLimit = hasOwnLimit;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get settled(): boolean {
    return this.#settled;
  }

  accept(): void {
    this.#settled = true;
    this.#resolve();
  }

  reject(error: unknown): void {
    this.#settled = true;
    this.#reject(error);
  }
}

/** The credentials of a session. Servers know credentials only per connection. */
export class SessionCredentials {
  #kept: readonly KeptCredential[] = [];

  get all(): readonly KeptCredential[] {
    return this.#kept;
  }

  add(entry: KeptCredential): void {
    this.#kept = [...this.#kept, entry];
  }

  /** Its caller gets the error if it still waits. No later connection sends the credential. */
  drop(entry: KeptCredential, error: unknown): void {
    this.#kept = this.#kept.filter((other) => other !== entry);
    if (!entry.settled) entry.reject(error);
  }

  dropWaiting(error: unknown): void {
    for (const entry of this.#kept) if (!entry.settled) this.drop(entry, endOf(ADD_AUTH, error));
  }

  dropOlder(thanMs: number, error: () => unknown): void {
    for (const entry of this.#kept) {
      if (!entry.settled && !entry.hasOwnLimit && entry.enqueuedAtMs < thanMs) {
        this.drop(entry, endOf(ADD_AUTH, error()));
      }
    }
  }

  /** Handles a server's answer. Returns an error when a server now refuses a credential that it accepted before. */
  answered(entry: KeptCredential, number: number): ServerError | undefined {
    if (number === 0) {
      if (!entry.settled) entry.accept();
      return undefined;
    }
    const error = new ServerError(number, `addAuth ${entry.credential.scheme}`, ADD_AUTH);
    const wasGood = entry.settled && this.#kept.includes(entry);
    this.drop(entry, error);
    return wasGood ? error : undefined;
  }
}

// SPDX-License-Identifier: Apache-2.0
interface HeartbeatEvents {
  ping(): void;
  /** Nothing came for so long that the server counts as lost. */
  silent(silentMs: number): void;
}

/**
 * Keeps a session alive and notices a server that went silent: a ping after a third of the session timeout without
 * sending, the end after two thirds without hearing anything. So a third is left to find another server.
 */
export class Heartbeat {
  readonly #pingAfterMs: number;
  readonly #lostAfterMs: number;
  readonly #events: HeartbeatEvents;
  readonly #timer: NodeJS.Timeout;
  #heardAtMs = performance.now();
  #sentAtMs = this.#heardAtMs;
  #stopped = false;

  constructor(sessionTimeoutMs: number, events: HeartbeatEvents) {
    this.#pingAfterMs = sessionTimeoutMs / 3;
    this.#lostAfterMs = (sessionTimeoutMs * 2) / 3;
    this.#events = events;
    this.#timer = setInterval(() => this.#check(), Math.min(500, Math.max(5, sessionTimeoutMs / 24)));
  }

  heard(): void {
    this.#heardAtMs = performance.now();
  }

  sent(): void {
    this.#sentAtMs = performance.now();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  get #silentMs(): number {
    return performance.now() - this.#heardAtMs;
  }

  #check(): void {
    if (performance.now() - this.#sentAtMs >= this.#pingAfterMs) this.#events.ping();
    if (this.#silentMs < this.#lostAfterMs) return;
    // After a pause of this process what came meanwhile still waits to be read: read first, then judge.
    setImmediate(() => {
      const silentMs = this.#silentMs;
      if (!this.#stopped && silentMs >= this.#lostAfterMs) this.#events.silent(silentMs);
    });
  }
}

// SPDX-License-Identifier: Apache-2.0
interface HeartbeatEvents {
  ping(): void;
  /** Nothing came for so long that the server counts as lost. */
  silent(silentMs: number): void;
}

/**
 * Keeps a session alive and notices a silent server. It sends a ping when nothing was sent for a third of the session
 * timeout. It gives up when nothing came for two thirds. So a third is left to find another server.
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
    // After a pause of this process, answers from that time still wait to be read. So it reads first, then judges.
    setImmediate(() => {
      const silentMs = this.#silentMs;
      if (!this.#stopped && silentMs >= this.#lostAfterMs) this.#events.silent(silentMs);
    });
  }
}

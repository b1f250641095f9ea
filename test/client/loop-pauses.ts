// SPDX-License-Identifier: Apache-2.0
const EVERY_MS = 5;

/**
 * Looks how long the event loop of this thread is held up. On a busy machine it may also wait for a processor: a pause
 * is counted with the processor time that this thread took in it.
 */
export class LoopPauses implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();
  #lastCpuMs = cpuMs();
  #longestMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** The longest since it was asked before. */
  takeLongestMs(): number {
    this.#look();
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const [nowMs, nowCpuMs] = [performance.now(), cpuMs()];
    this.#longestMs = Math.max(this.#longestMs, Math.min(nowMs - this.#lastMs, nowCpuMs - this.#lastCpuMs));
    this.#lastMs = nowMs;
    this.#lastCpuMs = nowCpuMs;
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

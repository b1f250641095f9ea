// SPDX-License-Identifier: Apache-2.0
/**
 * A well-behaved client. It writes numbered znodes, one after the other, through everything that happens to the
 * ensemble. It remembers which writes were acknowledged. If the answer to a write is lost, it makes the write again
 * under the same name. If the name is then taken, it reads that znode to be sure that it is its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MaybeAppliedError, ZookeeperClient, ZookeeperError } from '../../src/client/index.ts';

export const DEMO_ROOT = '/demo';
const PAUSE_MS = 10;
const RETRY_MS = 30;
const CLIENT_LIMITS = {
  sessionTimeoutMs: 6_000,
  connectLimitMs: 1_500,
  handshakeTimeoutMs: 700,
  requestTimeoutMs: 3_000,
  closeTimeoutMs: 200,
  // The servers that this client knows may be gone for good. So the client ends with its connection, and a new client
  // gets the present servers.
  reconnectLimitMs: 0,
};

type WriterLimits = Partial<typeof CLIENT_LIMITS>;

export interface WriterFigures {
  readonly acknowledged: number;
  readonly perSecond: number;
  readonly longestGapMs: number;
}

/** An attempt that was not acknowledged and was repeated; times from performance.now(). */
export interface Setback {
  /** When the attempt began: to connect, or to write. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly code: string;
}

export class Writer {
  readonly #connectionString: () => Promise<string>;
  readonly #limits: WriterLimits;
  readonly #stop = new AbortController();
  /** Numbers of the acknowledged writes, ascending, and when the answer came (performance.now()). */
  readonly #acknowledged: { readonly number: number; readonly atMs: number }[] = [];
  #longestGapMs = 0;
  #gapSinceMs: number | undefined;
  #maybeApplied = 0;
  readonly #setbacks: Setback[] = [];
  #running: Promise<void> | undefined;
  #failure: unknown;

  constructor(connectionString: () => Promise<string>, limits: WriterLimits = {}) {
    this.#connectionString = connectionString;
    this.#limits = limits;
  }

  start(): void {
    this.#gapSinceMs = performance.now();
    this.#running = this.#run().catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** Returns once the last write has its answer. Rejects if the writer met something that it can't explain. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.check();
  }

  /** Throws the error that ended the writer, if there is one. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  get acknowledged(): readonly number[] {
    return this.#acknowledged.map((write) => write.number);
  }

  /** The number of writes whose answer was lost and that were then settled by reading. */
  get maybeApplied(): number {
    return this.#maybeApplied;
  }

  get setbacks(): readonly Setback[] {
    return this.#setbacks;
  }

  /** The longest time without an acknowledged write since the last call, including the present gap. */
  takeLongestGapMs(): number {
    const gap = Math.max(this.#longestGapMs, this.#currentGapMs());
    this.#longestGapMs = 0;
    return gap;
  }

  figures(): WriterFigures {
    const since = performance.now() - 1_000;
    let recent = 0;
    for (const write of this.#acknowledged.slice(-200)) if (write.atMs >= since) recent += 1;
    return {
      acknowledged: this.#acknowledged.length,
      perSecond: recent,
      longestGapMs: Math.max(this.#longestGapMs, this.#currentGapMs()),
    };
  }

  #currentGapMs(): number {
    return this.#gapSinceMs === undefined ? 0 : performance.now() - this.#gapSinceMs;
  }

  async #run(): Promise<void> {
    let client: ZookeeperClient | undefined;
    try {
      for (let number = 1; !this.#stop.signal.aborted; ) {
        const fromMs = performance.now();
        try {
          client ??= await this.#connect();
          await write(client, number);
          this.#acknowledge(number);
          number += 1;
          await sleep(PAUSE_MS);
        } catch (error) {
          if (!(error instanceof ZookeeperError)) throw error;
          if (error instanceof MaybeAppliedError) this.#maybeApplied += 1;
          this.#setbacks.push({ fromMs, toMs: performance.now(), code: error.code });
          await client?.close();
          client = undefined;
          await sleep(RETRY_MS);
        }
      }
    } finally {
      await client?.close();
    }
  }

  async #connect(): Promise<ZookeeperClient> {
    const servers = await this.#connectionString();
    if (servers === '') throw new ZookeeperError('NO_SERVER', 'no machine is on');
    const client = await ZookeeperClient.connect({ servers, ...CLIENT_LIMITS, ...this.#limits });
    try {
      await createUnlessThere(client, DEMO_ROOT);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  #acknowledge(number: number): void {
    const atMs = performance.now();
    this.#longestGapMs = Math.max(this.#longestGapMs, this.#currentGapMs());
    this.#gapSinceMs = atMs;
    this.#acknowledged.push({ number, atMs });
  }
}

export function nameOf(number: number): string {
  return `n${String(number).padStart(9, '0')}`;
}

async function write(client: ZookeeperClient, number: number): Promise<void> {
  const path = `${DEMO_ROOT}/${nameOf(number)}`;
  const data = String(number);
  try {
    await client.create(path, { data: Buffer.from(data) });
  } catch (error) {
    if (!(error instanceof ZookeeperError) || error.code !== 'NODE_EXISTS') throw error;
    // Only this writer makes these names, so an earlier attempt of the same write was applied after all.
    await client.sync(path);
    const found = Buffer.from((await client.get(path)).data).toString();
    if (found !== data) throw new Error(`${path} holds "${found}" where this writer had written "${data}".`);
  }
}

async function createUnlessThere(client: ZookeeperClient, path: string): Promise<void> {
  try {
    await client.create(path);
  } catch (error) {
    if (!(error instanceof ZookeeperError) || error.code !== 'NODE_EXISTS') throw error;
  }
}

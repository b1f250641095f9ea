// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import type { ReadPart } from '../operations/multi-read.ts';
import { retry } from '../retry.ts';
import type { TreeNodes, TreePlace } from './tree-nodes.ts';

/** What of a znode has to be read. */
interface Wanted {
  data: boolean;
  children: boolean;
}

/** A read is tried again for this long, which is how long a client looks for a server. */
const READ_LIMIT_MS = 600_000;

/** Reads znodes of a tree cache, a few at a time, each with one request. */
export class TreeReads {
  readonly #client: ZookeeperClient;
  readonly #nodes: TreeNodes;
  readonly #maxInFlight: number;
  readonly #signal: AbortSignal;
  readonly #wanted = new Map<string, Wanted>();
  readonly #underWay = new Set<string>();
  readonly #onIdle: () => void;
  readonly #onFailure: (error: unknown) => void;
  #isPaused = false;

  constructor(
    client: ZookeeperClient,
    nodes: TreeNodes,
    limits: { readonly maxInFlight: number; readonly signal: AbortSignal },
    on: { idle(): void; failure(error: unknown): void },
  ) {
    this.#client = client;
    this.#nodes = nodes;
    this.#maxInFlight = limits.maxInFlight;
    this.#signal = limits.signal;
    this.#onIdle = on.idle;
    this.#onFailure = on.failure;
  }

  get isIdle(): boolean {
    return this.#wanted.size === 0 && this.#underWay.size === 0;
  }

  want(path: string, what: 'data' | 'children' | 'both'): void {
    const wanted = this.#wanted.get(path) ?? { data: false, children: false };
    if (what !== 'children') wanted.data = true;
    if (what !== 'data') wanted.children = true;
    this.#wanted.set(path, wanted);
    this.#start();
  }

  /** Until `resume` no read begins. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#start();
    if (this.isIdle) this.#onIdle();
  }

  #start(): void {
    if (this.#isPaused || this.#signal.aborted) return;
    for (const [path, wanted] of this.#wanted) {
      if (this.#underWay.size >= this.#maxInFlight) return;
      if (this.#underWay.has(path)) continue;
      this.#wanted.delete(path);
      const place = this.#nodes.place(path);
      if (place !== undefined) void this.#read(place, wanted);
    }
  }

  async #read(place: TreePlace, wanted: Wanted): Promise<void> {
    const { path } = place;
    this.#underWay.add(path);
    const parts: ReadPart[] = [];
    if (wanted.data) parts.push({ kind: 'get', path });
    if (wanted.children) parts.push({ kind: 'getChildren', path });
    const call = { signal: this.#signal };
    const ask = () => {
      if (wanted.children) this.#nodes.asksForChildren(place);
      return this.#client.multiRead(parts, call);
    };
    try {
      const results = await retry(ask, { delayMs: 20, maxDelayMs: 1_000, deadlineMs: READ_LIMIT_MS }, call);
      if (this.#nodes.isStill(place)) for (const result of results) this.#take(place, result);
    } catch (error) {
      this.#onFailure(error);
      return;
    }
    this.#underWay.delete(path);
    this.#start();
    if (this.isIdle && !this.#isPaused) this.#onIdle();
  }

  #take(place: TreePlace, result: Awaited<ReturnType<ZookeeperClient['multiRead']>>[number]): void {
    if (result instanceof ServerError) {
      if (result.code === 'NO_NODE') this.#nodes.delete(place.path);
      else if (result.code === 'NO_AUTH') this.#nodes.putNode(place, undefined);
      else throw result;
    } else if ('data' in result) {
      this.#nodes.putNode(place, result);
    } else {
      for (const path of this.#nodes.putChildren(place, result)) this.want(path, 'both');
    }
  }
}

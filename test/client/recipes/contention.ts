// SPDX-License-Identifier: Apache-2.0
/**
 * Locks under processes that are paused past their session timeout, and killed. Each write that was made under a lock
 * is in its log, in the order of the servers: the fencing values in it must never fall.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ZookeeperClient } from '../../../src/client/index.ts';
import { ensurePath } from '../../../src/client/recipes/parents.ts';
import { type Random, randomOf } from '../../support/random.ts';

export interface ContenderOrder {
  readonly servers: string;
  readonly locks: number;
  readonly sessionTimeoutMs: number;
  /** Between two writes of a holder. */
  readonly pauseMs: number;
  /** Writes go through `guard`; without it, the test must find stale ones. */
  readonly guarded: boolean;
}

export interface ContenderReport {
  readonly how: 'held' | 'released' | 'refused' | 'stale';
  readonly lock: number;
  readonly fencing: string;
}

export interface ContentionOptions extends ContenderOrder {
  readonly processes: number;
  /** How many holders are to be paused until somebody else has their lock. */
  readonly pauses: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

export interface ContentionResult {
  /** Holders that were paused until another one held their lock, and that then wrote on. */
  readonly pauses: number;
  /** Of these, the ones whose next write was refused. */
  readonly refused: number;
  readonly kills: number;
  /** How often a lock was had. */
  readonly holds: number;
  readonly writes: number;
  /** Writes that stand behind a write of a later holder. */
  readonly staleWrites: number;
}

/** In one of so many rounds a process is killed instead of paused. */
const KILL_EVERY = 5;
/** Holders write for up to this long between two rounds. */
const LONGEST_REST_MS = 60;
/** A round that takes longer than this hangs. */
const ROUND_LIMIT_MS = 60_000;

class Contender implements Disposable {
  readonly child: ChildProcess;
  /** The fencing value of each lock that it has, by its own word. */
  readonly held = new Map<number, bigint>();
  readonly ended = new Map<string, ContenderReport['how']>();

  constructor(order: ContenderOrder, onReport: () => void) {
    this.child = spawn(process.execPath, [join(import.meta.dirname, 'contender.ts'), JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (report: ContenderReport) => {
      const { how, lock, fencing } = report;
      if (how === 'held') this.held.set(lock, BigInt(fencing));
      else {
        this.held.delete(lock);
        this.ended.set(`${lock} ${fencing}`, how);
      }
      onReport();
    });
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
  }
}

class Contention implements AsyncDisposable {
  readonly #options: ContentionOptions;
  readonly #client: ZookeeperClient;
  readonly #random: Random;
  readonly #contenders: Contender[] = [];
  /** The highest fencing value of a write, by lock. */
  readonly #written = new Map<number, bigint>();
  #wake: () => void = () => {};
  pauses = 0;
  refused = 0;
  kills = 0;
  writes = 0;
  staleWrites = 0;
  readonly holds = new Set<string>();

  constructor(options: ContentionOptions, client: ZookeeperClient) {
    this.#options = options;
    this.#client = client;
    this.#random = randomOf(options.seed);
  }

  async begin(): Promise<void> {
    const { locks, processes } = this.#options;
    for (let lock = 0; lock < locks; lock++) await ensurePath(this.#client, `/contention/${lock}/log`);
    for (let index = 0; index < processes; index++) this.#start();
  }

  /** Kills a process, or pauses it until others hold all that it held, and lets it go on. */
  async round(number: number): Promise<void> {
    await this.#until('nobody has a lock', () => this.#contenders.some(({ held }) => held.size > 0));
    await sleep(this.#random.between(0, LONGEST_REST_MS));
    const holders = this.#contenders.filter(({ held }) => held.size > 0);
    const one = holders[this.#random.between(0, holders.length - 1)];
    // All were given back meanwhile.
    if (one === undefined) return;
    const had = [...one.held];
    if (this.#options.guarded && number % KILL_EVERY === 2) {
      const gone = once(one.child, 'exit');
      one.child.kill('SIGKILL');
      await gone;
      this.kills += 1;
      this.#contenders.splice(this.#contenders.indexOf(one), 1);
      this.#start();
      return;
    }
    one.child.kill('SIGSTOP');
    await this.#until('nobody takes the locks of a paused process', () =>
      had.every(([lock, fencing]) =>
        this.#contenders.some((other) => other !== one && (other.held.get(lock) ?? -1n) > fencing),
      ),
    );
    one.child.kill('SIGCONT');
    const ends = had.map(([lock, fencing]) => `${lock} ${fencing}`);
    await this.#until('a process that goes on does not end its holds', () => ends.every((end) => one.ended.has(end)));
    // One that had just been released, and was not yet said to be, was no holder.
    this.pauses += ends.filter((end) => one.ended.get(end) !== 'released').length;
    this.refused += ends.filter((end) => one.ended.get(end) === 'refused').length;
  }

  /** Reads what was written since the last time, and deletes it. */
  async audit(): Promise<void> {
    for (let lock = 0; lock < this.#options.locks; lock++) {
      const log = `/contention/${lock}/log`;
      const { children } = await this.#client.getChildren(log);
      for (const name of children.toSorted((a, b) => Number(a.slice(-10)) - Number(b.slice(-10)))) {
        const fencing = BigInt(name.slice(0, -11));
        const highest = this.#written.get(lock) ?? 0n;
        this.writes += 1;
        this.holds.add(`${lock} ${fencing}`);
        if (fencing < highest) this.staleWrites += 1;
        else this.#written.set(lock, fencing);
      }
      await Promise.all(children.map((name) => this.#client.delete(`${log}/${name}`)));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = this.#contenders.map(({ child }) => once(child, 'exit'));
    for (const contender of this.#contenders) contender[Symbol.dispose]();
    await Promise.all(gone);
  }

  #start(): void {
    const { servers, locks, sessionTimeoutMs, pauseMs, guarded } = this.#options;
    const order = { servers, locks, sessionTimeoutMs, pauseMs, guarded };
    this.#contenders.push(new Contender(order, () => this.#wake()));
  }

  /** Looks again after each report. */
  async #until(otherwise: string, isThere: () => boolean): Promise<void> {
    const limit = AbortSignal.timeout(ROUND_LIMIT_MS);
    while (!isThere()) {
      if (limit.aborted) throw new Error(`For ${ROUND_LIMIT_MS} ms, ${otherwise}.`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 500);
      });
    }
  }
}

export async function runContention(options: ContentionOptions): Promise<ContentionResult> {
  await using client = await connect({ servers: options.servers });
  await using contention = new Contention(options, client);
  await contention.begin();
  for (let round = 1; contention.pauses < options.pauses; round++) {
    await contention.round(round);
    if (round % 10 !== 0) continue;
    await contention.audit();
    options.say?.(`${contention.pauses} pauses, ${contention.writes} writes, ${contention.staleWrites} stale`);
  }
  await contention.audit();
  const { pauses, refused, kills, writes, staleWrites, holds } = contention;
  return { pauses, refused, kills, writes, staleWrites, holds: holds.size };
}

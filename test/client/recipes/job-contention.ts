// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobQueue, type ZookeeperClient } from '../../../src/client/index.ts';
import { type Random, randomOf } from '../../support/random.ts';

const WORKER = join(import.meta.dirname, 'job-worker.ts');

export interface Contention {
  readonly servers: string;
  readonly path: string;
  readonly jobs: number;
  readonly workers: number;
  /** Jobs that a worker has at a time. */
  readonly atOnce: number;
  /** The kills come this far apart at most. */
  readonly killsWithinMs: number;
  /** Half of the jobs come only after these. */
  readonly minKills: number;
  /** Beyond these, nobody is killed. */
  readonly maxKills: number;
  readonly seed: number;
}

export interface ContentionResult {
  readonly jobs: number;
  readonly kills: number;
  /** Takings of jobs that the processes told of. */
  readonly takings: number;
}

/** What the workers told: they may be killed before they tell of something. */
interface Told {
  readonly taken: Map<string, bigint[]>;
  readonly done: Map<string, bigint[]>;
}

/** Worker processes that take jobs, and are killed at random and replaced. */
class Workers {
  readonly told: Told = { taken: new Map(), done: new Map() };
  kills = 0;
  readonly #contention: Contention;
  readonly #random: Random;
  readonly #running: ChildProcess[] = [];
  #failure: Error | undefined;

  constructor(contention: Contention) {
    this.#contention = contention;
    this.#random = randomOf(contention.seed);
    for (let at = 0; at < contention.workers; at++) this.#start();
  }

  /** Kills and replaces until the signal is aborted. */
  async killSome(signal: AbortSignal): Promise<void> {
    const { maxKills, killsWithinMs } = this.#contention;
    while (!signal.aborted && this.kills < maxKills) {
      await sleep(this.#random.between(1, killsWithinMs), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const worker = this.#running.splice(this.#random.between(0, this.#running.length - 1), 1)[0];
      if (worker?.exitCode !== null) continue;
      worker.kill('SIGKILL');
      this.kills += 1;
      this.#start();
    }
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends those that run in peace. */
  async end(): Promise<void> {
    for (const worker of this.#running) worker.stdin?.end();
    await Promise.all(this.#running.map((worker) => worker.exitCode ?? worker.signalCode ?? once(worker, 'exit')));
  }

  kill(): void {
    for (const worker of this.#running) worker.kill('SIGKILL');
  }

  #start(): void {
    const { servers, path, atOnce } = this.#contention;
    const worker = spawn(process.execPath, [WORKER, servers, path, String(atOnce)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    worker.stdin.on('error', () => {});
    worker.on('exit', (code) => {
      if (code !== null && code !== 0) this.#failure = new Error(`a worker ended by itself with ${code}`);
    });
    createInterface({ input: worker.stdout }).on('line', (line) => {
      const [word, fencing = '', name = ''] = /^(taken|done) (\d+) (.*)$/.exec(line)?.slice(1) ?? [];
      // The last line of a killed worker may be cut.
      if (word !== 'taken' && word !== 'done') return;
      const fences = this.told[word].get(name) ?? [];
      this.told[word].set(name, [...fences, BigInt(fencing)]);
    });
    this.#running.push(worker);
  }
}

/**
 * Puts jobs while processes work on them and are killed. Asserts that each job was done, by one owner, the last one: as
 * the queue shows it, and as the processes told it.
 */
export async function contend(client: ZookeeperClient, contention: Contention): Promise<ContentionResult> {
  await using queue = new JobQueue(client, contention.path);
  const names = await putSome(queue, Math.ceil(contention.jobs / 2), 0);
  const stop = new AbortController();
  const workers = new Workers(contention);
  try {
    const killing = workers.killSome(stop.signal);
    // So that there is work left for those who come after the killed.
    while (workers.kills < contention.minKills) await sleep(20);
    names.push(...(await putSome(queue, contention.jobs - names.length, names.length)));
    await untilAllDone(queue, contention.jobs, workers);
    stop.abort();
    await killing;
    await workers.end();
    workers.throwIfFailed();
  } finally {
    stop.abort();
    workers.kill();
  }
  await checkDone(client, contention.path, names, workers.told);
  const takings = [...workers.told.taken.values()].reduce((sum, fences) => sum + fences.length, 0);
  return { jobs: names.length, kills: workers.kills, takings };
}

async function putSome(queue: JobQueue, count: number, first: number): Promise<string[]> {
  const names: string[] = [];
  for (let at = 0; at < count; at += 50) {
    const batch = Array.from({ length: Math.min(50, count - at) }, (_, index) => first + at + index);
    const put = batch.map((number) => queue.put({ dataset: `d:${number}-x`, group: 'g', priority: number % 5 }));
    names.push(...(await Promise.all(put)));
  }
  return names;
}

async function untilAllDone(queue: JobQueue, jobs: number, workers: Workers): Promise<void> {
  for (;;) {
    const { unowned, owned, done } = await queue.count();
    if (done >= jobs && unowned === 0 && owned === 0) return;
    workers.throwIfFailed();
    await sleep(50);
  }
}

async function checkDone(
  client: ZookeeperClient,
  path: string,
  names: readonly string[],
  { taken, done }: Told,
): Promise<void> {
  const { children } = await client.getChildren(`${path}/done`);
  assert.deepEqual(children.toSorted(), names.toSorted(), 'each job is done, and nothing else');
  assert.deepEqual((await client.getChildren(`${path}/jobs`)).children, []);
  assert.equal(new Set(names).size, names.length);
  const results = await Promise.all(names.map((name) => client.get(`${path}/done/${name}`)));
  for (const [at, { data, stat }] of results.entries()) {
    const name = names[at] ?? '';
    const fencing = BigInt(data.toString());
    assert.equal(stat.version, 0);
    // Whoever knows that it did the job is the one whose result stands there, and nobody took the job later.
    assert.deepEqual(done.get(name) ?? [fencing], [fencing], name);
    for (const other of taken.get(name) ?? []) assert.ok(other <= fencing, name);
  }
  for (const fences of taken.values()) assert.equal(new Set(fences).size, fences.length);
}

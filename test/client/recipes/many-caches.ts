// SPDX-License-Identifier: Apache-2.0
/** Many tree caches in several processes. The leader is killed under them: what do they ask the servers? */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect, type ZookeeperClient, ZookeeperError } from '../../../src/client/index.ts';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import type { RealEnsemble } from '../../support/real-server.ts';
import type { HolderAnswer, HolderOrder, HolderQuestion } from './cache-holder.ts';

export interface ManyCachesOptions {
  /** Of three servers. */
  readonly ensemble: RealEnsemble;
  readonly caches: number;
  /** Below the root of the caches. */
  readonly znodes: number;
  readonly processes: number;
  /** How many znodes are set after the leader was killed. */
  readonly changed: number;
  readonly limitMs: number;
  readonly say?: (line: string) => void;
}

export interface ManyCachesResult {
  readonly caches: number;
  /** In all caches together, with their roots. */
  readonly held: number;
  readonly disconnected: number;
  /** After the leader was killed, until no cache asked any more. */
  readonly requests: number;
  readonly watchBatches: number;
}

const PROGRAM = fileURLToPath(new URL('cache-holder.ts', import.meta.url));
const ROOT = '/many-caches';
const DATA = 'changed';
const PARTS = 500;
const SESSION_TIMEOUT_MS = 20_000;
const HOLDER_HEAP = '--max-old-space-size=6000';

export async function manyCaches(options: ManyCachesOptions): Promise<ManyCachesResult> {
  const { ensemble, caches, processes, limitMs, say = () => {} } = options;
  const addresses = ensemble.members.map(({ id }) => `${ensemble.server(id).address}:${CLIENT_PORT}`);
  const leader = await leaderOf(ensemble, limitMs);
  const others = addresses.filter((_, at) => ensemble.members[at]?.id !== leader);
  await using other = await connect({ servers: others.join(), sessionTimeoutMs: SESSION_TIMEOUT_MS });
  const paths = await madeZnodes(other, options.znodes);
  const order = { servers: addresses.join(), path: ROOT, sessionTimeoutMs: SESSION_TIMEOUT_MS, limitMs };
  using holders = new Holders();
  const opened = await holders.start(order, caches, processes);
  say(`${caches} caches in ${processes} processes hold ${opened.znodes} znodes in ${megabytes(opened.rssBytes)} MB`);
  await ensemble.server(leader).kill('SIGKILL');
  const changed = paths.slice(0, options.changed);
  for (const path of changed) await setOnce(other, path, limitMs);
  say(`the leader is killed, ${changed.length} znodes are set`);
  const quiet = await holders.ask({ paths: changed, data: DATA });
  const { requests, watchBatches, disconnected } = quiet;
  const each = (requests / caches / changed.length).toFixed(2);
  say(`quiet after ${each} requests for each znode in each cache, and ${watchBatches} batches of watches`);
  return { caches, held: quiet.znodes, disconnected, requests, watchBatches };
}

class Holders implements Disposable {
  readonly #children: ChildProcess[] = [];

  async start(order: Omit<HolderOrder, 'caches'>, caches: number, processes: number): Promise<HolderAnswer> {
    for (let at = 0; at < processes; at++) {
      const own = Math.floor(((at + 1) * caches) / processes) - Math.floor((at * caches) / processes);
      const words = [JSON.stringify({ ...order, caches: own } satisfies HolderOrder)];
      this.#children.push(fork(PROGRAM, words, { execArgv: [HOLDER_HEAP] }));
    }
    return this.#answers();
  }

  ask(question: HolderQuestion): Promise<HolderAnswer> {
    const answers = this.#answers();
    for (const child of this.#children) child.send(question);
    return answers;
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  /** The next answer of each, added up. */
  async #answers(): Promise<HolderAnswer> {
    const answers = await Promise.all(this.#children.map(answerOf));
    const sum = (of: (answer: HolderAnswer) => number): number => answers.reduce((all, each) => all + of(each), 0);
    return {
      znodes: sum(({ znodes }) => znodes),
      rssBytes: sum(({ rssBytes }) => rssBytes),
      requests: sum(({ requests }) => requests),
      watchBatches: sum(({ watchBatches }) => watchBatches),
      disconnected: sum(({ disconnected }) => disconnected),
    };
  }
}

async function answerOf(child: ChildProcess): Promise<HolderAnswer> {
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(([code, signal]) => {
    throw new Error(`A process with caches ended with ${code ?? signal}.`);
  });
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal: over.signal }), ended]);
    return answer as HolderAnswer;
  } finally {
    ended.catch(() => {});
    over.abort();
  }
}

async function leaderOf(ensemble: RealEnsemble, limitMs: number): Promise<number> {
  const endMs = performance.now() + limitMs;
  while (performance.now() < endMs) {
    for (const [id, server] of ensemble.servers) if (/^Mode: leader/m.test(await server.ask('srvr'))) return id;
    await sleep(50);
  }
  throw new Error(`No server leads after ${limitMs} ms.`);
}

async function madeZnodes(client: ZookeeperClient, count: number): Promise<readonly string[]> {
  const paths = Array.from({ length: count }, (_, at) => `${ROOT}/${at}`);
  await client.create(ROOT);
  for (let at = 0; at < count; at += PARTS) {
    await client.multi(paths.slice(at, at + PARTS).map((path) => ({ kind: 'create', path })));
  }
  return paths;
}

/** Changes the znode once, however often it has to be tried until there is a leader again. */
async function setOnce(client: ZookeeperClient, path: string, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    try {
      await client.set(path, Buffer.from(DATA), { version: 0 });
      return;
    } catch (error) {
      const code = error instanceof ZookeeperError ? error.code : '';
      // An earlier try was applied.
      if (code === 'BAD_VERSION') return;
      if (!['CONNECTION_LOST', 'MAYBE_APPLIED'].includes(code) || performance.now() > endMs) throw error;
      await sleep(20);
    }
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

// SPDX-License-Identifier: Apache-2.0
/** Very many watches of one client: set, lost with the connection, set again, and fired. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ZnodeWatch, type ZookeeperClient } from '../../src/client/index.ts';
import { LoopPauses } from './loop-pauses.ts';
import { proxyThread } from './proxy-thread.ts';

export interface ManyWatchesOptions {
  readonly host: string;
  readonly port: number;
  /** An even number: each znode has two, for its data and for its children. */
  readonly watches: number;
  readonly limitMs: number;
  readonly say?: (line: string) => void;
}

export interface ManyWatchesResult {
  readonly set: number;
  /** Fired after the reconnect, for what happened while the client was away. */
  readonly firedForAway: number;
  readonly rearmed: number;
  readonly fired: number;
  /** Watches that told something else than they had to, or in another order. */
  readonly wrong: number;
  readonly longestPauseMs: number;
}

/** One of so many znodes is deleted while the client is away. */
const AWAY_EVERY = 100;
const PARTS = 500;
const AT_ONCE = 900;
const ROOT = '/many-watches';

export async function manyWatches(options: ManyWatchesOptions): Promise<ManyWatchesResult> {
  const { host, port, watches, limitMs, say = () => {} } = options;
  const paths = Array.from({ length: watches / 2 }, (_, at) => `${ROOT}/${at}`);
  const away = paths.filter((_, at) => at % AWAY_EVERY === 0);
  const here = paths.filter((_, at) => at % AWAY_EVERY !== 0);
  await using proxy = await proxyThread(host, port);
  await using other = await connect({ servers: `${host}:${port}`, sessionTimeoutMs: 40_000 });
  await other.create(ROOT);
  await inParts(paths, (part) => other.multi(part.map((path) => ({ kind: 'create', path }))));
  say(`${paths.length} znodes created`);
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 40_000 });
  using pauses = new LoopPauses();
  let longestPauseMs = 0;
  const done = (what: string): void => {
    const pauseMs = pauses.takeLongestMs();
    longestPauseMs = Math.max(longestPauseMs, pauseMs);
    say(`${what}; the longest pause was ${pauseMs.toFixed(1)} ms`);
  };
  const tally = new WatchTally();
  await setAll(client, paths, tally);
  done(`${tally.set} watches set`);
  proxy.setOpen(false);
  await until(() => client.status.kind === 'disconnected', limitMs, 'the client still has its connection');
  await inParts(away, (part) => other.multi(part.map((path) => ({ kind: 'delete', path }))));
  proxy.setOpen(true);
  await tally.until((now) => now.disconnected === watches && now.rearmed + now.firedForAway === watches, limitMs);
  done(`${tally.rearmed} watches set again, ${tally.firedForAway} fired for what happened meanwhile`);
  await inParts(here, (part) => other.multi(part.map((path) => ({ kind: 'delete', path }))));
  await tally.until((now) => now.ended === watches, limitMs);
  done(`${tally.fired} watches fired`);
  const { set, firedForAway, rearmed, fired } = tally;
  const wrong = watches - firedForAway - fired;
  return { set, firedForAway, rearmed, fired, wrong, longestPauseMs };
}

/** What the watches told so far. */
class WatchTally {
  set = 0;
  disconnected = 0;
  rearmed = 0;
  /** disconnected, then the event. */
  firedForAway = 0;
  /** disconnected, rearmed, then the event. */
  fired = 0;
  ended = 0;

  async follow(watch: ZnodeWatch): Promise<void> {
    this.set += 1;
    let told = '';
    for await (const { kind } of watch) {
      told += `${kind} `;
      if (kind === 'disconnected') this.disconnected += 1;
      else if (kind === 'rearmed') this.rearmed += 1;
    }
    this.ended += 1;
    if (told === 'disconnected deleted ') this.firedForAway += 1;
    else if (told === 'disconnected rearmed deleted ') this.fired += 1;
  }

  until(isSo: (now: this) => boolean, limitMs: number): Promise<void> {
    const isOver = (): boolean => {
      const wrong = this.ended - this.firedForAway - this.fired;
      if (wrong > 0) throw new Error(`${wrong} watches told something else: ${JSON.stringify(this)}.`);
      return isSo(this);
    };
    return until(isOver, limitMs, 'not every watch has told everything');
  }
}

async function until(isSo: () => boolean, limitMs: number, otherwise: string): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`After ${limitMs} ms ${otherwise}.`);
    await sleep(20);
  }
}

async function setAll(client: ZookeeperClient, paths: readonly string[], tally: WatchTally): Promise<void> {
  const next = paths.values();
  const worker = async (): Promise<void> => {
    for (const path of next) {
      const [one, other] = await Promise.all([client.getAndWatch(path), client.getChildrenAndWatch(path)]);
      void tally.follow(one.watch);
      void tally.follow(other.watch);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function inParts(paths: readonly string[], act: (part: readonly string[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < paths.length; at += PARTS) await act(paths.slice(at, at + PARTS));
}

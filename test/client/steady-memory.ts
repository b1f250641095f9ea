// SPDX-License-Identifier: Apache-2.0
/**
 * Calls of many kinds over and over in this process, whose memory is looked at in even steps. Run as a program of its
 * own, it takes a `SteadyOrder` as JSON for its argument and prints a `MemoryLook` as JSON for each step.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connect, type ZookeeperClient } from '../../src/client/index.ts';

export interface SteadyOrder {
  readonly servers: string;
  readonly operations: number;
  readonly steps: number;
}

export interface MemoryLook {
  /** Calls that were answered since the beginning, by kind. */
  readonly answered: Readonly<Record<string, number>>;
  readonly operations: number;
  readonly rssBytes: number;
  /** The heap and what it holds outside of it, after everything was collected. */
  readonly heldBytes: number;
}

const AT_ONCE = 900;
const ROOT = '/steady-memory';
const LIMIT_MS = 60_000;
const DATA = Buffer.alloc(100, 'x');

/** What a client does; each is one operation, or as many as it says. */
const KINDS: Readonly<Record<string, (client: ZookeeperClient, path: string) => Promise<unknown>>> = {
  get: (client, path) => client.get(path),
  getWithLimits: (client, path) => client.get(path, { timeoutMs: LIMIT_MS, signal: new AbortController().signal }),
  exists: (client, path) => client.exists(path, { signal: client.closing }),
  noNode: (client, path) => client.get(`${path}/missing`).catch(() => {}),
  set: (client, path) => client.set(path, DATA),
  watch: async (client, path) => {
    const { watch } = await client.getAndWatch(path);
    await watch.close();
  },
  create: async (client, path) => {
    const created = await client.create(`${path}/n-`, { ephemeral: true, sequential: true });
    await client.delete(created);
  },
};
/** In so many calls there is one of each rare kind; the others are reads. */
const ROUND: readonly string[] = [
  ...['set', 'watch', 'create', 'noNode', 'exists', 'getWithLimits'],
  ...Array.from({ length: 54 }, (_, at) => (at % 3 === 0 ? 'getWithLimits' : at % 3 === 1 ? 'exists' : 'get')),
];

export async function steadyCalls(order: SteadyOrder, onStep: (look: MemoryLook) => void): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await using client = await connect({ servers: order.servers });
  const paths = Array.from({ length: 50 }, (_, at) => `${ROOT}/${at}`);
  await client.create(ROOT);
  for (const path of paths) await client.create(path, { data: DATA });
  const answered: Record<string, number> = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0]));
  let begun = 0;
  for (let step = 1; step <= order.steps; step++) {
    const until = Math.round((order.operations * step) / order.steps);
    const worker = async (): Promise<void> => {
      while (begun < until) {
        const number = begun++;
        const kind = ROUND[number % ROUND.length] ?? 'get';
        await KINDS[kind]?.(client, paths[number % paths.length] ?? ROOT);
        answered[kind] = (answered[kind] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    onStep({ answered: { ...answered }, operations: begun, rssBytes: rss, heldBytes: heapUsed + external });
  }
}

if (import.meta.main) {
  const order = JSON.parse(process.argv[2] ?? '') as SteadyOrder;
  await steadyCalls(order, (look) => process.stdout.write(`${JSON.stringify(look)}\n`));
}

// SPDX-License-Identifier: Apache-2.0
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import type { SoakCommand } from '../support/soak-command.ts';
import { manyWatches } from './many-watches.ts';

const LIMIT_MS = 1_200_000;
const MAX_PAUSE_MS = 50;
/** The disk is not what is measured. */
const SERVER_OPTIONS = ['-Xmx3g', '-Dzookeeper.forceSync=no', '-Dzookeeper.snapCount=100000000'];

export const soakWatches: SoakCommand<'watches'> = {
  describe: 'watches of one client are set, set again after a lost connection, and fired; no pause above 50 ms',
  example: 'watches --watches 100000',
  numbers: { watches: { least: 2, byDefault: 1_000_000, what: 'watches in all, an even number' } },
  check: ({ watches }) => {
    if (watches % 2 !== 0) throw new Error('--watches is an even number, as each znode has two.');
  },
  run: ({ watches }) => soak(watches),
};

async function soak(watches: number): Promise<number> {
  const startMs = performance.now();
  const say = (line: string) =>
    process.stdout.write(`${((performance.now() - startMs) / 1_000).toFixed(0)} s: ${line}\n`);
  await using ensemble = await realEnsemble(1, { jvm: 'production', jvmOptions: SERVER_OPTIONS });
  const host = ensemble.server(1).address;
  const result = await manyWatches({ host, port: CLIENT_PORT, watches, limitMs: LIMIT_MS, say });
  say(JSON.stringify(result));
  const isAll = result.wrong === 0 && result.set === watches;
  const isSmooth = result.longestPauseMs <= MAX_PAUSE_MS;
  if (!isSmooth) say(`FAILED: the event loop was held up for more than ${MAX_PAUSE_MS} ms`);
  if (!isAll) say('FAILED: not every watch told what it had to');
  return isAll && isSmooth ? 0 : 1;
}

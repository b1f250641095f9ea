// SPDX-License-Identifier: Apache-2.0
import { realEnsemble } from '../../support/real-server.ts';
import type { SoakCommand } from '../../support/soak-command.ts';
import { manyCaches } from './many-caches.ts';

const LIMIT_MS = 1_200_000;
const MAX_REQUESTS = 2;
/** The disk is not what is measured. */
const SERVER_OPTIONS = ['-Xmx3g', '-Dzookeeper.forceSync=no'];

export const soakTreeCaches: SoakCommand<'caches' | 'znodes' | 'processes' | 'changed'> = {
  describe: 'the leader is killed under tree caches, then znodes are set: at most two requests for each in each cache',
  example: 'tree-caches --caches 100 --znodes 500',
  numbers: {
    caches: { least: 1, byDefault: 1_000, what: 'caches; all together take about 8 GB' },
    znodes: { least: 1, byDefault: 5_000, what: 'znodes in each of them' },
    processes: { least: 1, byDefault: 4, what: 'processes that have them' },
    changed: { least: 1, byDefault: 50, what: 'znodes that are set' },
  },
  check: ({ changed, znodes }) => {
    if (changed > znodes) throw new Error('--changed is at most --znodes.');
  },
  run: soak,
};

async function soak(options: Readonly<Record<'caches' | 'znodes' | 'processes' | 'changed', number>>): Promise<number> {
  const startMs = performance.now();
  const say = (line: string) =>
    process.stdout.write(`${((performance.now() - startMs) / 1_000).toFixed(0)} s: ${line}\n`);
  const { caches, znodes, changed } = options;
  await using ensemble = await realEnsemble(3, {
    jvm: 'production',
    jvmOptions: SERVER_OPTIONS,
    moreLines: ['maxClientCnxns=0'],
  });
  const result = await manyCaches({ ensemble, ...options, limitMs: LIMIT_MS, say });
  say(JSON.stringify(result));
  const isWhole = result.held === caches * (znodes + 1) && result.disconnected === caches;
  if (!isWhole) say('FAILED: not every cache lost its connection and has all znodes');
  const isQuiet = result.requests <= MAX_REQUESTS * caches * changed;
  if (!isQuiet) say(`FAILED: more than ${MAX_REQUESTS} requests for each znode that changed`);
  return isWhole && isQuiet ? 0 : 1;
}

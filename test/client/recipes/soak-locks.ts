// SPDX-License-Identifier: Apache-2.0
import { CLIENT_PORT } from '../../../src/model/member.ts';
import { realEnsemble } from '../../support/real-server.ts';
import type { SoakCommand } from '../../support/soak-command.ts';
import { runContention } from './contention.ts';

/** Resolves with the stale writes. */
export const soakLocks: SoakCommand<'pauses' | 'locks' | 'seed'> = {
  describe: 'holders of locks are paused until another has their lock, some are killed',
  example: 'locks --pauses 10000',
  numbers: {
    pauses: { least: 1, byDefault: 1_000, what: 'pauses in all' },
    locks: { least: 1, byDefault: 60, what: 'locks at once' },
    seed: { least: 1, byDefault: 1, what: 'of all random choices' },
  },
  run: soak,
};

async function soak({ pauses, locks, seed }: Readonly<Record<'pauses' | 'locks' | 'seed', number>>): Promise<number> {
  const startMs = performance.now();
  const say = (line: string) =>
    process.stdout.write(`${((performance.now() - startMs) / 1_000).toFixed(0)} s: ${line}\n`);
  await using ensemble = await realEnsemble(1, { moreLines: ['maxClientCnxns=0'] });
  const result = await runContention({
    servers: `${ensemble.server(1).address}:${CLIENT_PORT}`,
    processes: 4,
    locks,
    sessionTimeoutMs: 600,
    pauseMs: 100,
    guarded: true,
    pauses,
    seed,
    say,
  });
  say(JSON.stringify(result));
  return result.staleWrites + result.pauses - result.refused;
}

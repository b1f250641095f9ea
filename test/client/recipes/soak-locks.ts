// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import { realEnsemble } from '../../support/real-server.ts';
import { runContention } from './contention.ts';

/** `npm run soak -- locks`: reads the options, which throws for wrong ones. The run resolves with the stale writes. */
export function soakLocks(words: string[]): () => Promise<number> {
  const { values } = parseArgs({
    args: words,
    options: {
      pauses: { type: 'string', default: '1000' },
      locks: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [pauses, locks, seed] = (['pauses', 'locks', 'seed'] as const).map((name) => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 1) {
      throw new Error(`--${name} is a whole number above 0: ${values[name]}`);
    }
    return number;
  }) as [number, number, number];
  return () => soak(pauses, locks, seed);
}

async function soak(pauses: number, locks: number, seed: number): Promise<number> {
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

// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { connect } from '../../../src/client/index.ts';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import { realEnsemble } from '../../support/real-server.ts';
import { contend } from './job-contention.ts';

const WORKERS = { workers: 4, atOnce: 4, killsWithinMs: 1_000, minKills: 5, maxKills: Number.POSITIVE_INFINITY };

/** What `npm run soak -- jobs` does. Throws for a bad argument. */
export function soakJobs(words: readonly string[]): () => Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: { jobs: { type: 'string', default: '10000' }, seed: { type: 'string' } },
  });
  const jobs = wholeNumber('jobs', values.jobs, 1);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : wholeNumber('seed', values.seed, 0);
  return () => soak(jobs, seed);
}

/** Resolves with 1 if a job was lost or done twice. */
async function soak(jobs: number, seed: number): Promise<number> {
  process.stdout.write(`${jobs} jobs, seed ${seed}\n`);
  await using ensemble = await realEnsemble(1);
  const servers = `${ensemble.server(1).address}:${CLIENT_PORT}`;
  await using client = await connect({ servers });
  const startMs = performance.now();
  try {
    const { kills, takings } = await contend(client, { servers, path: '/soak', jobs, seed, ...WORKERS });
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    process.stdout.write(`${jobs} jobs done once each, ${takings} takings, ${kills} kills, ${seconds} s\n`);
    return 0;
  } catch (error) {
    process.stdout.write(`FAILED: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} is a whole number from ${least}: ${text}`);
}

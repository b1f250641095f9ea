// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { connect } from '../../../src/client/index.ts';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import { realEnsemble } from '../../support/real-server.ts';
import type { SoakCommand } from '../../support/soak-command.ts';
import { contend } from './job-contention.ts';

const WORKERS = { workers: 4, atOnce: 4, killsWithinMs: 1_000, minKills: 5, maxKills: Number.POSITIVE_INFINITY };

export const soakJobs: SoakCommand<'jobs' | 'seed'> = {
  describe: 'jobs for workers that are killed at random; each job has to be done once',
  example: 'jobs --jobs 1000',
  numbers: {
    jobs: { least: 1, byDefault: 10_000, what: 'jobs in all' },
    seed: { least: 0, byDefault: randomInt(2 ** 31), what: 'of all random choices; another one each time' },
  },
  run: ({ jobs, seed }) => soak(jobs, seed),
};

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

// SPDX-License-Identifier: Apache-2.0
/**
 * A process that works on a job queue until it is killed or its input ends: `job-worker.ts <servers> <path> <at once>`.
 * Prints a line for each job that it takes, and for each that it has done: word, fencing, name.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, JobQueue, ZookeeperError } from '../../../src/client/index.ts';

/** What a slow machine may bring: the session is over, and its jobs are others'. */
const LOST: ReadonlySet<string> = new Set(['SESSION_EXPIRED', 'NOT_OWNER', 'MAYBE_APPLIED', 'CONNECTION_LOST']);

const [servers = '', path = '', atOnce = '1'] = process.argv.slice(2);
const stop = new AbortController();
process.stdin.on('end', () => stop.abort()).resume();

async function workOnOne(queue: JobQueue): Promise<void> {
  const job = await queue.take({ signal: stop.signal, timeoutMs: 1_000 });
  if (job === undefined) return;
  process.stdout.write(`taken ${job.fencing} ${job.name}\n`);
  if (randomInt(4) === 0) await job.rewrite(Buffer.from(`by ${process.pid}`));
  if (randomInt(4) === 0) await sleep(randomInt(20));
  if (randomInt(20) === 0) return job.release();
  await job.done(Buffer.from(String(job.fencing)));
  process.stdout.write(`done ${job.fencing} ${job.name}\n`);
}

/** Until the session is lost, or the process has to end. */
async function workInSession(): Promise<void> {
  await using client = await connect({ servers, sessionTimeoutMs: 1_500 });
  await using queue = new JobQueue(client, path);
  const work = async () => {
    while (!stop.signal.aborted) await workOnOne(queue);
  };
  const results = await Promise.allSettled(Array.from({ length: Number(atOnce) }, work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

while (!stop.signal.aborted) {
  try {
    await workInSession();
  } catch (error) {
    if (stop.signal.aborted) break;
    if (!(error instanceof ZookeeperError) || !LOST.has(error.code)) throw error;
  }
}

// SPDX-License-Identifier: Apache-2.0
/** Histories in several processes of this machine: each runs a share of the seeds, and says what came of each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Verdict } from './simulate-history.ts';

const SCRIPT = fileURLToPath(new URL('./simulate.ts', import.meta.url));

export interface Jobs {
  readonly jobs: number;
  readonly from: number;
  readonly seeds: number;
  /** What else each process is told. */
  readonly args: readonly string[];
  /** The directory into which each process writes what code it has run. */
  readonly coverage?: string;
}

/** Rejects when a process ends otherwise than with its last verdict. `saw` answers whether to go on. */
export async function runJobs(
  { jobs, from, seeds, args, coverage }: Jobs,
  saw: (verdict: Verdict) => boolean,
): Promise<void> {
  const share = Math.ceil(seeds / jobs);
  const children: ChildProcess[] = [];
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    for (const child of children) child.kill();
  };
  const run = async (first: number, count: number): Promise<void> => {
    const own = ['--json', '--from', String(first), '--seeds', String(count)];
    const env = { ...process.env, ...(coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage }) };
    const child = spawn(process.execPath, [SCRIPT, ...args, ...own], { stdio: ['ignore', 'pipe', 'inherit'], env });
    children.push(child);
    const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('exit', resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      if (!stopped && !saw(JSON.parse(line) as Verdict)) stop();
    }
    const code = await ended;
    if (!stopped && code !== 0 && code !== 1) {
      throw new Error(`The process of seeds from ${first} on ended with ${code}.`);
    }
  };
  const shares = Array.from({ length: jobs }, (_, job) => ({
    first: from + job * share,
    count: Math.min(share, seeds - job * share),
  }));
  try {
    await Promise.all(shares.filter(({ count }) => count > 0).map(({ first, count }) => run(first, count)));
  } finally {
    stop();
  }
}

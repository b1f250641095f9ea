// SPDX-License-Identifier: Apache-2.0
/** `npm run bench -- client-floor`: processor time of the client for each call, against a bare socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { round } from '../measure.ts';
import { HERE, inTurn } from './contest.ts';

const WARM_UP_MS = 1_000;
const MEASURED_MS = 1_000;
const BYTES = 100;
const IN_FLIGHT = 1_000;
/** A server under load sends answers a few at a time, and all that wait at once when it was held up. */
const ANSWERS_IN_ONE_WRITE = [1, 20, 1_000];
const OPERATIONS = ['get', 'set'] as const;
const PROGRAMS = ['ours', 'bare'] as const;

interface AgainstFloor {
  readonly operation: string;
  readonly answersInOneWrite: number;
  /** Medians, in microseconds of processor time. */
  readonly oursMicros: number;
  readonly bareMicros: number;
  readonly ratio: number;
}

export async function benchFloor(rounds: number, progress: (line: string) => void): Promise<readonly AgainstFloor[]> {
  const contestants = PROGRAMS.map((name) => ({ name, command: [process.execPath, join(HERE, `${name}.ts`)] }));
  const results: AgainstFloor[] = [];
  for (const answersInOneWrite of ANSWERS_IN_ONE_WRITE) {
    const words = [join(HERE, 'canned-server.ts'), BYTES, answersInOneWrite].map(String);
    const server = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const servers = `127.0.0.1:${await firstLineOf(server)}`;
      for (const operation of OPERATIONS) {
        const load = [servers, '/bench', operation, IN_FLIGHT, BYTES, WARM_UP_MS, MEASURED_MS].map(String);
        const what = `${operation}, ${answersInOneWrite} answers in one write`;
        const figures = await inTurn(contestants, load, rounds, (line) => progress(`${what}: ${line}`));
        const oursMicros = figures.ours?.cpuMicrosPerCall ?? Number.NaN;
        const bareMicros = figures.bare?.cpuMicrosPerCall ?? Number.NaN;
        results.push({
          operation,
          answersInOneWrite,
          oursMicros,
          bareMicros,
          ratio: round(oursMicros / bareMicros, 2),
        });
      }
    } finally {
      server.stdin?.end();
    }
  }
  return results;
}

async function firstLineOf(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error('The canned server has no output.');
  const lines = createInterface(server.stdout);
  const ended = once(server, 'exit').then(() => {
    throw new Error('The canned server ended before it served.');
  });
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  ended.catch(() => {});
  return String(line);
}

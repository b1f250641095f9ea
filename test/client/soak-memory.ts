// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import type { SoakCommand } from '../support/soak-command.ts';
import { slopeOf } from './memory-slope.ts';
import type { MemoryLook, SteadyOrder } from './steady-memory.ts';

const PROGRAM = fileURLToPath(new URL('steady-memory.ts', import.meta.url));
const STEPS = 10;
/** In the first steps the runtime compiles, and takes its memory. */
const WARM_UP_STEPS = 3;
/** A request that is never let go has some hundred bytes. */
const MAX_HELD_SLOPE = 1;
/** The runtime gives memory back late, and in large pieces. */
const MAX_RSS_SLOPE = 8;

export const soakMemory: SoakCommand<'operations'> = {
  describe: 'operations of one client, whose memory must stay flat',
  example: 'client-memory --operations 1000000',
  numbers: { operations: { least: 1_000, byDefault: 10_000_000, what: 'operations in all' } },
  run: ({ operations }) => soak(operations),
};

/** Runs `steadyCalls` in a process of its own. */
export async function* looksOf(order: SteadyOrder): AsyncGenerator<MemoryLook, void> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  try {
    for await (const line of createInterface(child.stdout)) yield JSON.parse(line) as MemoryLook;
    const [code] = await ended;
    if (code !== 0) throw new Error(`The process with the calls ended with ${code}.`);
  } finally {
    child.kill();
  }
}

async function soak(operations: number): Promise<number> {
  await using ensemble = await realEnsemble(1, { jvm: 'production', jvmOptions: ['-Xmx1g'] });
  const servers = `${ensemble.server(1).address}:${CLIENT_PORT}`;
  const looks: MemoryLook[] = [];
  for await (const look of looksOf({ servers, operations, steps: STEPS })) {
    looks.push(look);
    const [held, rss] = [look.heldBytes, look.rssBytes].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    process.stdout.write(`${look.operations} operations: ${held} MB held, ${rss} MB resident\n`);
  }
  const counted = looks.slice(WARM_UP_STEPS);
  const held = slopeOf(counted.map(({ operations: x, heldBytes: y }) => ({ x, y })));
  const rss = slopeOf(counted.map(({ operations: x, rssBytes: y }) => ({ x, y })));
  const isFlat = held <= MAX_HELD_SLOPE && rss <= MAX_RSS_SLOPE;
  process.stdout.write(
    `${isFlat ? 'flat' : 'FAILED'}: ${held.toFixed(3)} bytes held and ${rss.toFixed(3)} bytes resident more for each operation (at most ${MAX_HELD_SLOPE} and ${MAX_RSS_SLOPE})\n`,
  );
  return isFlat ? 0 : 1;
}

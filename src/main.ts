// SPDX-License-Identifier: Apache-2.0
/** The entry point: the healthy tick first, then the commands. */
import { writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { basename, join } from 'node:path';
import { acquireLock, type RunLock } from './lock.ts';
import type { LogEntry } from './log-events.ts';
import { plainOrder } from './plain-arguments.ts';
import { readSettings } from './settings.ts';
import { checkHealth } from './tick/healthy-tick.ts';

/** `zk-recovery` and its siblings are symbolic links to the one executable. */
function commandLine(argv: readonly string[]): readonly string[] {
  const name = /^zk-(bootstrap|recovery|remove-terminated)$/.exec(basename(argv[1] ?? ''))?.[1];
  return name ? [name, ...argv.slice(2)] : argv.slice(2);
}

/**
 * `finished`: nothing is left to do. A healthy tick changes nothing and needs no lock. A tick that finds something to
 * do takes the lock here. A failure here is not reported: the long way meets it again, and reports it.
 */
async function healthyTick(words: readonly string[]): Promise<{ finished: boolean; lock?: RunLock }> {
  const plain = plainOrder(words);
  if (plain?.command !== 'recovery') return { finished: false };
  try {
    const settings = readSettings(plain.flags);
    const health = await checkHealth(settings).catch(() => undefined);
    if (health?.healthy) {
      say('healthy', health.why);
      return { finished: true };
    }
    const lock = await acquireLock(settings.lockFile);
    if (lock) return { finished: false, lock };
    say('busy', 'Another run of the agent is under way on this node.');
    return { finished: true };
  } catch {
    return { finished: false };
  }
}

/** Writes straight to the file: to make the stream of standard output takes longer than the rest of a tick's output. */
function say(event: 'healthy' | 'busy', saw: string): void {
  const entry: LogEntry = { event, saw };
  try {
    writeSync(1, `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
  } catch {
    // The other end is closed. The exit code still tells the result.
  }
}

/** Keeps the compiled code: to compile it takes longer than many commands. An executable has this code inside. */
async function keepCompiledCode(): Promise<void> {
  const { isSea } = await import('node:sea');
  if (!isSea()) enableCompileCache(join(import.meta.dirname, '.compile-cache'));
}

async function main(): Promise<void> {
  const words = commandLine(process.argv);
  const tick = await healthyTick(words);
  // Exits at once: an orderly end of the process takes Node a tenth of a tick.
  if (tick.finished) process.exit(0);
  await keepCompiledCode();
  const { run } = await import('./commands/cli.ts');
  const exitCode = await run(words, tick.lock);
  // Exits although something may still be open, such as a half-dead connection: it must not keep a finished run alive.
  process.stdout.write('', () => process.exit(exitCode));
}

void main();

// SPDX-License-Identifier: Apache-2.0
/** The healthy tick first, then the commands; nothing else. */
import { writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { basename, join } from 'node:path';
import { acquireLock, type Lock } from './lock.ts';
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
 * Whether nothing is left to do. A healthy tick changes nothing and needs no lock; whoever has something to do takes it
 * here. Every failure is met again, and told, on the long way.
 */
async function healthyTick(words: readonly string[]): Promise<{ finished: boolean; lock?: Lock }> {
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

/** Straight to the file: making the stream of standard output takes longer than the rest of a tick's output. */
function say(event: 'healthy' | 'busy', saw: string): void {
  const entry: LogEntry = { event, saw };
  try {
    writeSync(1, `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
  } catch {
    // Nobody listens; the exit code still tells.
  }
}

/** Compiling the rest takes longer than many a command itself. An executable has it inside. */
async function keepCompiledCode(): Promise<void> {
  const { isSea } = await import('node:sea');
  if (!isSea()) enableCompileCache(join(import.meta.dirname, '.compile-cache'));
}

async function main(): Promise<void> {
  const words = commandLine(process.argv);
  const tick = await healthyTick(words);
  // At once: taking apart what a process has made takes Node a tenth of a tick.
  if (tick.finished) process.exit(0);
  await keepCompiledCode();
  const { run } = await import('./commands/cli.ts');
  const exitCode = await run(words, tick.lock);
  // Nothing that is still open, be it a half-dead connection, may keep a finished run alive.
  process.stdout.write('', () => process.exit(exitCode));
}

void main();

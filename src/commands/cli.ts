// SPDX-License-Identifier: Apache-2.0
/** The commands: what each does with its flags, and how a run ends. */
import { AgentError } from '../errors.ts';
import { readableStack } from '../executable/readable-stack.ts';
import type { RunLock } from '../lock.ts';
import type { LogEntry } from '../log-events.ts';
import type { AgentOrder } from '../loop.ts';
import type { Command } from '../model/observation.ts';
import { plainOrder } from '../plain-arguments.ts';
import { readClusterSettings, readSettings, type Settings } from '../settings.ts';
import { FLAG_KEYS, type Flags } from '../settings-table.ts';
import { formatVersion, readVersion } from '../version.ts';
import { childrenForShell, runZk } from '../zk/run.ts';
import type { ParsedFlags } from './arguments.ts';
import { setMaintenance } from './maintenance.ts';
import { type ExitCode, runOrder } from './run-order.ts';
import { nameZone, stackTies } from './stack-ties.ts';
import { formatStatus, readStatus } from './status.ts';

/** A run that waits for the lock of another run waits for the longest tick, and this much more. */
const LOCK_SPARE_MS = 10_000;

/** Exit codes: 0 done, 1 failed (the last line on standard error says what to do), 2 wrong usage, 130 interrupted. */
export async function run(words: readonly string[], lock?: RunLock): Promise<number> {
  const interrupt = new AbortController();
  const stop = (): void =>
    interrupt.abort(
      new AgentError('INTERRUPTED', 'The run was interrupted.', 'Run it again: every step can be repeated.'),
    );
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let exitCode = 0;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const session = { lock, signal: interrupt.signal, finish };
  try {
    const plain = plainOrder(words);
    if (words[0] === 'zk') await readZkArguments(words.slice(1), session);
    else if (words.includes('--version')) printVersion(words.includes('--json'));
    else if (plain) await order(session, plain.flags, plain.command);
    else await readArguments(words, session);
  } catch (error) {
    exitCode = tell(error, words.includes('--json'));
  } finally {
    lock?.release();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  return exitCode;
}

function printVersion(asJson: boolean): void {
  const version = readVersion();
  process.stdout.write(`${asJson ? JSON.stringify(version) : formatVersion(version)}\n`);
}

/** Most runs have plain words and never come here. */
async function readArguments(words: readonly string[], session: CommandSession): Promise<void> {
  const { parseArguments } = await import('./arguments.ts');
  await parseArguments(words, {
    order: (flags, command) => order(session, flags, command),
    status: (flags) => status(session, flags),
    maintenance: (flags) => maintenance(session, flags),
    declareGone: (flags) => declareGone(session, flags),
    connectionString: (flags) => connectionString(session, flags),
    purge: (flags) => purge(session, flags),
    misused: (why) => new AgentError('BAD_ARGUMENT', why, 'See zk-agent --help.'),
  });
}

async function readZkArguments(words: readonly string[], session: CommandSession): Promise<void> {
  const { AGENT_COMMAND_NAMES, parseZkArguments } = await import('./arguments.ts');
  await parseZkArguments(words, {
    agentCommands: AGENT_COMMAND_NAMES,
    run: async (command, flags) => session.finish(await runZk(command, flags, session.signal)),
    childrenOf: (path, servers) => childrenForShell(path, servers, session.signal),
    misused: (why) => new AgentError('BAD_ARGUMENT', why, 'See zk-agent zk --help.'),
  });
}

interface CommandSession {
  readonly lock: RunLock | undefined;
  readonly signal: AbortSignal;
  finish(code: number): void;
}

function settingsOf(flags: ParsedFlags): Settings {
  return readSettings(settingFlags(flags));
}

function settingFlags(flags: ParsedFlags): Flags {
  const chosen = Object.keys(FLAG_KEYS).flatMap((flag) => {
    const value = flags[flag];
    return typeof value === 'string' ? [[flag, value]] : [];
  });
  return Object.fromEntries(chosen) as Flags;
}

async function order(session: CommandSession, flags: ParsedFlags, command: Command): Promise<void> {
  const settings = settingsOf(flags);
  const { timings } = settings;
  const agentOrder: AgentOrder = {
    command,
    cluster: settings.cluster,
    timings,
    limitMs: command === 'bootstrap' || command === 'leave' ? timings.bootstrapLimitMs : timings.tickLimitMs,
    allowEmptyGenesis: flags.allowEmptyGenesis === true,
    rejoin: flags.rejoin === true,
    dryRun: flags.dryRun === true,
    ...stackTies(settings),
    ...nameZone(settings),
  };
  // A tick that finds another run leaves at once. A run that a person or the boot started waits for its turn.
  const takesOver =
    agentOrder.allowEmptyGenesis || agentOrder.rejoin || command === 'leave' || command === 'remove-terminated';
  const lockWaitMs = command === 'bootstrap' || takesOver ? timings.tickLimitMs + LOCK_SPARE_MS : 0;
  const code: ExitCode = await runOrder({
    settings,
    order: agentOrder,
    lockWaitMs,
    takesOver,
    lock: session.lock,
    signal: session.signal,
  });
  session.finish(code);
}

async function status(session: CommandSession, flags: ParsedFlags): Promise<void> {
  const found = await readStatus(settingsOf(flags), session.signal);
  process.stdout.write(`${flags.json === true ? JSON.stringify(found) : formatStatus(found)}\n`);
}

async function connectionString(session: CommandSession, flags: ParsedFlags): Promise<void> {
  // Few runs need it.
  const command = await import('./connection-string.ts');
  const found = await command.readConnectionString(readClusterSettings(settingFlags(flags)), session.signal);
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(found)}\n`);
    return;
  }
  if (found.source === 'instances') {
    process.stderr.write('No server answered here: these are the instances that run, members or not.\n');
  }
  process.stdout.write(`${found.connectionString}\n`);
}

async function maintenance(session: CommandSession, flags: ParsedFlags): Promise<void> {
  process.stdout.write(`${await setMaintenance(settingsOf(flags), flags.state === 'on', session.signal)}\n`);
}

async function declareGone(session: CommandSession, flags: ParsedFlags): Promise<void> {
  const { id, address, yes } = flags;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || typeof address !== 'string') {
    throw new AgentError('BAD_ARGUMENT', 'The id of a member is a whole number.', 'See zk-agent declare-gone --help.');
  }
  // Few runs need the questions of a terminal.
  const command = await import('./declare-gone.ts');
  await command.declareGone(settingsOf(flags), { id, address, yes: yes === true }, session.signal);
}

async function purge(session: CommandSession, flags: ParsedFlags): Promise<void> {
  const command = await import('./purge.ts');
  const { removed, said } = await command.purge(settingsOf(flags), flags.now === true, session.signal);
  if (removed.length > 0 || flags.quiet !== true) process.stdout.write(`${said}\n`);
}

/**
 * Writes the error for people, with its stable code, to standard error. With `asJson` it stands among the results too.
 * Returns the exit code for scripts.
 */
function tell(error: unknown, asJson: boolean): number {
  const known = error instanceof AgentError ? error : undefined;
  const code = known?.code ?? 'INTERNAL';
  const sentence = error instanceof Error ? error.message : String(error);
  const next = known?.next ?? 'Report this as a bug, with the log.';
  const cause = error instanceof Error && error.cause ? { cause: String(error.cause) } : {};
  const stack = error instanceof Error && !known ? { stack: readableStack(error.stack ?? '') } : {};
  const entry: LogEntry = { event: 'error', code, saw: sentence, next, ...cause, ...stack };
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
  if (asJson) process.stdout.write(`${JSON.stringify({ error: { code, message: sentence, next } })}\n`);
  if (code === 'BAD_ARGUMENT') return 2;
  return code === 'INTERRUPTED' ? 130 : 1;
}

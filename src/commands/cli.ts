/** The commands, wired with yargs. */
import type { Argv } from 'yargs';
import { AgentError } from '../errors.ts';
import { readableStack } from '../executable/readable-stack.ts';
import type { Lock } from '../lock.ts';
import type { AgentOrder } from '../loop.ts';
import type { Command } from '../model/observation.ts';
import { plainOrder } from '../plain-words.ts';
import { type Flags, readSettings, type Settings } from '../settings.ts';
import { formatVersion, readVersion } from '../version.ts';
import { setMaintenance } from './maintenance.ts';
import { type ExitCode, runOrder } from './run-order.ts';
import { stackTies } from './stack-ties.ts';
import { formatStatus, readStatus } from './status.ts';

const SETTINGS_FLAGS = {
  region: { type: 'string', describe: 'AWS region (default: the instance’s own)' },
  'id-file': { type: 'string', describe: 'file with the server’s id (default: myid in the data directory)' },
  'dynamic-file': { type: 'string', describe: 'version-less dynamic config file' },
  'conf-dir': { type: 'string', describe: 'directory of zoo.cfg' },
  'data-dir': { type: 'string', describe: 'data directory of the server' },
  'log-group': { type: 'string', describe: 'log group whose streams are the claims on ids' },
  bucket: { type: 'string', describe: 'bucket of records and reports' },
  cluster: { type: 'string', describe: 'id of the cluster, such as orders-4f1c2a90' },
} as const;

/** Exit codes: 0 done, 1 failed (the last line on standard error says what to do), 2 wrong usage, 130 interrupted. */
export async function run(words: readonly string[], lock?: Lock): Promise<number> {
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
    if (words.includes('--version')) printVersion(words.includes('--json'));
    else if (plain) await order(session, plain.flags, plain.command);
    else await parseWords(words, session);
  } catch (error) {
    exitCode = tell(error);
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

interface CommandSession {
  readonly lock: Lock | undefined;
  readonly signal: AbortSignal;
  finish(code: number): void;
}

async function parseWords(words: readonly string[], session: CommandSession): Promise<void> {
  const { default: yargs } = await import('yargs');
  await yargs([...words])
    .scriptName('zk-agent')
    .usage(
      '$0 <command>\n\nKeeps one ZooKeeper node of a cluster on EC2 going. Settings come from flags, then the environment, then /etc/zookeeper-on-aws/agent.env.',
    )
    .options(SETTINGS_FLAGS)
    .command('bootstrap', 'claim an id, found or join the ensemble; at boot', bootstrapFlags, (flags) =>
      order(session, flags, 'bootstrap'),
    )
    .command(
      'recovery',
      'one tick: mend whatever is wrong with this node or its ensemble; every minute',
      recoveryFlags,
      (flags) => order(session, flags, 'recovery'),
    )
    .command('remove-terminated', 'remove members whose instance is gone, now', dryRunFlag, (flags) =>
      order(session, flags, 'remove-terminated'),
    )
    .command('leave', 'take this node out for good; only bootstrap --rejoin brings it back', dryRunFlag, (flags) =>
      order(session, flags, 'leave'),
    )
    .command('status', 'what this node sees, would do, and why', jsonFlag, (flags) => status(session, flags))
    .command(
      'maintenance <state>',
      'stop or resume everything that changes who is a member',
      maintenanceFlags,
      (flags) => maintenance(session, flags),
    )
    .epilogue(
      'What the stack waits for stands in the environment or in agent.env: STACK (its ARN), SIGNAL_RESOURCE (default Group), LAUNCH_HOOK, TERMINATE_HOOK. Without STACK nobody is signalled, without the name of a hook none is answered.',
    )
    .demandCommand(1, 'Name a command.')
    .strict()
    .help()
    .version(false)
    .option('version', { type: 'boolean', describe: 'version, commit and Node; with --json whether start-up is quick' })
    .exitProcess(false)
    .wrap(process.stdout.isTTY ? 100 : 120)
    .fail((message, error) => {
      throw error ?? new AgentError('BAD_ARGUMENT', message, 'See zk-agent --help.');
    })
    .parseAsync();
}

function dryRunFlag(command: Argv) {
  return command
    .option('dry-run', { type: 'boolean', default: false, describe: 'say what was seen, decided and why; do nothing' })
    .example('$0 remove-terminated --dry-run', 'who would be removed, and why');
}

function bootstrapFlags(command: Argv) {
  return command
    .option('rejoin', { type: 'boolean', default: false, describe: 'bring back a node that was told to leave' })
    .option('allow-empty-genesis', {
      type: 'boolean',
      default: false,
      describe: 'give lost data up and found an empty ensemble',
    })
    .option('dry-run', { type: 'boolean', default: false, describe: 'say what was seen, decided and why; do nothing' })
    .example('$0 bootstrap --rejoin', 'after zk-agent leave');
}

function recoveryFlags(command: Argv) {
  return command
    .option('allow-empty-genesis', {
      type: 'boolean',
      default: false,
      describe: 'give lost data up and found an empty ensemble',
    })
    .option('dry-run', { type: 'boolean', default: false, describe: 'say what was seen, decided and why; do nothing' })
    .example('$0 recovery --dry-run', 'what the next tick would do, and why');
}

function jsonFlag(command: Argv) {
  return command
    .option('json', { type: 'boolean', default: false, describe: 'everything, as one JSON object' })
    .example('$0 status --json | jq .why', 'the reason alone');
}

function maintenanceFlags(command: Argv) {
  return command
    .positional('state', { choices: ['on', 'off'] as const, demandOption: true })
    .example('$0 maintenance on', 'before working on the cluster by hand');
}

type ParsedFlags = Readonly<Record<string, unknown>>;

function settingsOf(flags: ParsedFlags): Settings {
  const text = (name: string): string | undefined => (typeof flags[name] === 'string' ? flags[name] : undefined);
  const chosen: Flags = {
    region: text('region'),
    idFile: text('idFile'),
    dynamicFile: text('dynamicFile'),
    confDir: text('confDir'),
    dataDir: text('dataDir'),
    logGroup: text('logGroup'),
    bucket: text('bucket'),
    cluster: text('cluster'),
  };
  return readSettings(chosen);
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
  };
  // A tick that finds another run leaves at once; whoever was called by a person, or by the boot, waits for its turn.
  const takesOver =
    agentOrder.allowEmptyGenesis || agentOrder.rejoin || command === 'leave' || command === 'remove-terminated';
  const lockWaitMs = command === 'bootstrap' || takesOver ? timings.tickLimitMs + 10_000 : 0;
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

async function maintenance(session: CommandSession, flags: ParsedFlags): Promise<void> {
  process.stdout.write(`${await setMaintenance(settingsOf(flags), flags.state === 'on', session.signal)}\n`);
}

/** The error for people, on standard error, with its stable code; the exit code for scripts. */
function tell(error: unknown): number {
  const known = error instanceof AgentError ? error : undefined;
  const code = known?.code ?? 'INTERNAL';
  const sentence = error instanceof Error ? error.message : String(error);
  const next = known?.next ?? 'Report this as a bug, with the log.';
  const cause = error instanceof Error && error.cause ? { cause: String(error.cause) } : {};
  const stack = error instanceof Error && !known ? { stack: readableStack(error.stack ?? '') } : {};
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), event: 'error', code, saw: sentence, next, ...cause, ...stack })}\n`,
  );
  if (code === 'BAD_ARGUMENT') return 2;
  return code === 'INTERRUPTED' ? 130 : 1;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * The command line, read with yargs. It is a separate module, loaded only for a person's call. The agent reads the
 * words of the unit and of cron without it (src/plain-arguments.ts).
 */
import type { Argv } from 'yargs';
import { commandLine } from '../../tools/command-line.ts';
import type { Command } from '../model/observation.ts';
import { SETTINGS, type Setting } from '../settings-table.ts';

export { parseZkArguments } from '../zk/command-line.ts';

export type ParsedFlags = Readonly<Record<string, unknown>>;

/** What the commands do. */
interface Commands {
  order(flags: ParsedFlags, command: Command): Promise<void>;
  status(flags: ParsedFlags): Promise<void>;
  maintenance(flags: ParsedFlags): Promise<void>;
  declareGone(flags: ParsedFlags): Promise<void>;
  connectionString(flags: ParsedFlags): Promise<void>;
  purge(flags: ParsedFlags): Promise<void>;
  /**
   * Makes the error for words that name no command. The caller makes it, because the same class in another bundle is a
   * different class.
   */
  misused(why: string): Error;
}

/** For `idFile` it is `--id-file`. */
function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function settingsFlags(): Readonly<Record<string, { readonly type: 'string'; readonly describe: string }>> {
  const flags = Object.values<Setting>(SETTINGS).flatMap((setting) =>
    setting.flag === undefined
      ? []
      : [[flagOf(setting.flag), { type: 'string', describe: described(setting) }] as const],
  );
  return Object.fromEntries(flags);
}

function described({ sentence, default: standard, unit, without }: Setting): string {
  const otherwise = typeof standard === 'number' ? `${standard} ${unit}` : (standard ?? without);
  return otherwise === undefined ? sentence : `${sentence} (default: ${otherwise})`;
}

/** The settings that have no flag, one line each. */
function furtherSettings(): string {
  const rows = Object.entries<Setting>(SETTINGS).filter(([, { flag }]) => flag === undefined);
  const width = Math.max(...rows.map(([key]) => key.length));
  const lines = rows.map(([key, setting]) => `  ${key.padEnd(width)}  ${described(setting)}`);
  return ['Settings without a flag, in the environment or in agent.env:', ...lines].join('\n');
}

const DRY_RUN = {
  type: 'boolean',
  default: false,
  describe: 'say what was seen, decided and why; do nothing',
} as const;

const ALLOW_EMPTY_GENESIS = {
  type: 'boolean',
  default: false,
  describe: 'give lost data up and found an empty ensemble',
} as const;

interface AgentCommand {
  readonly words: string;
  readonly describe: string;
  /** Absent for one whose words are read by a parser of its own: it stands here for the help. */
  readonly flags?: (command: Argv) => Argv;
  readonly run?: (commands: Commands, flags: ParsedFlags) => Promise<void>;
}

const AGENT_COMMANDS: readonly AgentCommand[] = [
  {
    words: 'bootstrap',
    describe: 'claim an id, found or join the ensemble; at boot',
    flags: bootstrapFlags,
    run: (commands, flags) => commands.order(flags, 'bootstrap'),
  },
  {
    words: 'recovery',
    describe: 'one tick: mend whatever is wrong with this node or its ensemble; every minute',
    flags: recoveryFlags,
    run: (commands, flags) => commands.order(flags, 'recovery'),
  },
  {
    words: 'remove-terminated',
    describe: 'remove members whose instance is gone, now',
    flags: removeFlags,
    run: (commands, flags) => commands.order(flags, 'remove-terminated'),
  },
  {
    words: 'leave',
    describe: 'take this node out for good; only bootstrap --rejoin brings it back',
    flags: leaveFlags,
    run: (commands, flags) => commands.order(flags, 'leave'),
  },
  {
    words: 'status',
    describe: 'what this node sees, would do, and why',
    flags: jsonFlag,
    run: (commands, flags) => commands.status(flags),
  },
  {
    words: 'maintenance <state>',
    describe: 'stop or resume everything that changes who is a member',
    flags: maintenanceFlags,
    run: (commands, flags) => commands.maintenance(flags),
  },
  {
    words: 'declare-gone <id> <address>',
    describe: 'say that a server which somebody added by hand is gone for good',
    flags: declareGoneFlags,
    run: (commands, flags) => commands.declareGone(flags),
  },
  {
    words: 'connection-string',
    describe: 'the servers of a cluster, as ZooKeeper clients take them; runs on any machine',
    flags: connectionStringFlags,
    run: (commands, flags) => commands.connectionString(flags),
  },
  {
    words: 'purge',
    describe: 'remove old snapshots and logs if much of the disk is used; a unit runs it within seconds',
    flags: purgeFlags,
    run: (commands, flags) => commands.purge(flags),
  },
  { words: 'zk <command>', describe: 'read and write the data in ZooKeeper; see zk-agent zk --help' },
];

/** For the shell's completion. */
export const AGENT_COMMAND_NAMES: readonly string[] = AGENT_COMMANDS.map(({ words }) => words.split(' ')[0] ?? '');

/** Runs the command named by the words. Rejects with `misused` if they name none. */
export async function parseArguments(words: readonly string[], commands: Commands): Promise<void> {
  let parser: Argv = commandLine({
    program: 'zk-agent',
    words,
    usage:
      '$0 <command>\n\nKeeps one ZooKeeper node of a cluster on EC2 going. Settings come from flags, then the environment, then /etc/zookeeper-on-aws/agent.env.',
    misused: commands.misused,
  }).options(settingsFlags());
  for (const { words: command, describe, flags = (given: Argv) => given, run } of AGENT_COMMANDS) {
    parser = run
      ? parser.command(command, describe, flags, (given) => run(commands, given))
      : parser.command(command, describe);
  }
  await parser
    .epilogue(furtherSettings())
    .demandCommand(1, 'Name a command.')
    .option('version', { type: 'boolean', describe: 'version, commit and Node; with --json whether start-up is quick' })
    .parseAsync();
}

function removeFlags(command: Argv) {
  return command.option('dry-run', DRY_RUN).example('$0 remove-terminated --dry-run', 'who would be removed, and why');
}

function leaveFlags(command: Argv) {
  return command.option('dry-run', DRY_RUN).example('$0 leave --dry-run', 'what would be done, and why');
}

function bootstrapFlags(command: Argv) {
  return command
    .option('rejoin', { type: 'boolean', default: false, describe: 'bring back a node that was told to leave' })
    .option('allow-empty-genesis', ALLOW_EMPTY_GENESIS)
    .option('dry-run', DRY_RUN)
    .example('$0 bootstrap --rejoin', 'after zk-agent leave');
}

function recoveryFlags(command: Argv) {
  return command
    .option('allow-empty-genesis', ALLOW_EMPTY_GENESIS)
    .option('dry-run', DRY_RUN)
    .example('$0 recovery --dry-run', 'what the next tick would do, and why');
}

function jsonFlag(command: Argv) {
  return command
    .option('json', { type: 'boolean', default: false, describe: 'everything, as one JSON object' })
    .example('$0 status --json | jq .why', 'the reason alone');
}

function connectionStringFlags(command: Argv) {
  return command
    .option('json', { type: 'boolean', default: false, describe: 'with source and servers, as one JSON object' })
    .example('$0 connection-string --cluster orders-4f1c2a90 --region eu-central-1', '10.0.1.4:2181,10.0.2.5:2181,…');
}

function maintenanceFlags(command: Argv) {
  return command
    .positional('state', { choices: ['on', 'off'] as const, demandOption: true })
    .example('$0 maintenance on', 'before working on the cluster by hand');
}

function declareGoneFlags(command: Argv) {
  return command
    .positional('id', { type: 'number', demandOption: true, describe: 'of the member, as the config lists it' })
    .positional('address', { type: 'string', demandOption: true, describe: 'of the member, as the config lists it' })
    .option('yes', { type: 'boolean', default: false, describe: 'answers the question beforehand' })
    .example('$0 declare-gone 201 10.0.0.9', 'when zk-agent status advises it');
}

function purgeFlags(command: Argv) {
  return command
    .option('now', { type: 'boolean', default: false, describe: 'also when much of the disk is free' })
    .option('quiet', { type: 'boolean', default: false, describe: 'say nothing when nothing is removed' })
    .example('$0 purge --now', 'keep the three newest whole snapshots with their logs');
}

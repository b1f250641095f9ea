/**
 * The command line, read with yargs. A module of its own, which is loaded only when a person has called: what the unit
 * and cron say is read without it (src/plain-words.ts).
 */
import yargs, { type Argv } from 'yargs';
import type { Command } from '../model/observation.ts';

export type ParsedFlags = Readonly<Record<string, unknown>>;

/** What the commands do. */
export interface Commands {
  order(flags: ParsedFlags, command: Command): Promise<void>;
  status(flags: ParsedFlags): Promise<void>;
  maintenance(flags: ParsedFlags): Promise<void>;
  /** The error for words that name no command; made by the caller, since a class is another one in another bundle. */
  misused(why: string): Error;
}

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

/** Runs the command that the words name. Rejects with `misused` for words that name none. */
export async function parseWords(words: readonly string[], commands: Commands): Promise<void> {
  await yargs([...words])
    .scriptName('zk-agent')
    .usage(
      '$0 <command>\n\nKeeps one ZooKeeper node of a cluster on EC2 going. Settings come from flags, then the environment, then /etc/zookeeper-on-aws/agent.env.',
    )
    .options(SETTINGS_FLAGS)
    .command('bootstrap', 'claim an id, found or join the ensemble; at boot', bootstrapFlags, (flags) =>
      commands.order(flags, 'bootstrap'),
    )
    .command(
      'recovery',
      'one tick: mend whatever is wrong with this node or its ensemble; every minute',
      recoveryFlags,
      (flags) => commands.order(flags, 'recovery'),
    )
    .command('remove-terminated', 'remove members whose instance is gone, now', removeFlags, (flags) =>
      commands.order(flags, 'remove-terminated'),
    )
    .command('leave', 'take this node out for good; only bootstrap --rejoin brings it back', leaveFlags, (flags) =>
      commands.order(flags, 'leave'),
    )
    .command('status', 'what this node sees, would do, and why', jsonFlag, (flags) => commands.status(flags))
    .command(
      'maintenance <state>',
      'stop or resume everything that changes who is a member',
      maintenanceFlags,
      (flags) => commands.maintenance(flags),
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
      throw error ?? commands.misused(message);
    })
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

function maintenanceFlags(command: Argv) {
  return command
    .positional('state', { choices: ['on', 'off'] as const, demandOption: true })
    .example('$0 maintenance on', 'before working on the cluster by hand');
}

// SPDX-License-Identifier: Apache-2.0
/** The command line of `zk-agent zk`, read with yargs. What the commands do stands in the files beside this one. */
import type { Argv } from 'yargs';
import { commandLine } from '../../tools/command-line.ts';
import { COMPLETION_SCRIPT, completionsOf, serversIn } from './completion.ts';
import { STANDARD_INPUT } from './standard-input.ts';

export type ZkFlags = Readonly<Record<string, unknown>>;

interface ZkCommandLine {
  /** The names of all commands of `zk-agent`, for the shell's completion. */
  readonly agentCommands: readonly string[];
  run(command: string, flags: ZkFlags): Promise<void>;
  /** The names below a path, for the shell's completion; none where no server answers. */
  childrenOf(path: string, servers: string | undefined): Promise<readonly string[]>;
  /** Makes the error for words that name no command (see src/commands/arguments.ts). */
  misused(why: string): Error;
}

interface CommandRow {
  readonly words: string;
  readonly describe: string;
  readonly examples: readonly (readonly [words: string, what: string])[];
  readonly options?: (command: Argv) => Argv;
}

const DATA = 'text, or - for standard input';
const JSON_LINES = 'one line of JSON';

const COMMANDS: readonly CommandRow[] = [
  {
    words: 'get <path>',
    describe: 'the data of a znode, as it is',
    examples: [['get /orders/config > config', 'the bytes into a file']],
  },
  {
    words: 'set <path> <data>',
    describe: 'replaces the data of a znode',
    examples: [['set /orders/config - < config', 'from standard input']],
    options: (command) => command.positional('data', { type: 'string', describe: DATA }).options({ version: VERSION }),
  },
  {
    words: 'create <path> [data]',
    describe: 'creates a znode, and prints its path',
    examples: [['create /orders/jobs/job- --sequential --parents', 'with a number, and with its parents if need be']],
    options: (command) =>
      command.positional('data', { type: 'string', describe: DATA }).options({
        sequential: { type: 'boolean', default: false, describe: 'the servers append a number' },
        container: { type: 'boolean', default: false, describe: 'the servers delete it after its last child' },
        'ttl-ms': { type: 'number', describe: 'the servers delete it when it was not set for this long' },
        parents: { type: 'boolean', default: false, describe: 'create the parents that are missing' },
      }),
  },
  {
    words: 'ls [path]',
    describe: 'the names of the children',
    examples: [['ls /orders --json | jq', 'with the stat']],
  },
  {
    words: 'tree [path]',
    describe: 'all znodes below a path',
    examples: [['tree / --depth 2', 'two levels only']],
    options: (command) =>
      command.options({
        depth: { type: 'number', describe: 'levels below the path; all if not given' },
        most: { type: 'number', default: 10_000, describe: 'znodes to show; then it ends with TOO_MANY' },
      }),
  },
  { words: 'stat <path>', describe: 'what the servers know of a znode', examples: [['stat /orders', 'as a table']] },
  {
    words: 'rm <path>',
    describe: 'deletes a znode',
    examples: [['rm /orders/old --recursive', 'with all that is below it']],
    options: (command) =>
      command.options({
        version: VERSION,
        recursive: { type: 'boolean', default: false, describe: 'with all znodes below it' },
      }),
  },
  {
    words: 'watch <path>',
    describe: 'one line for each change, until Ctrl-C',
    examples: [['watch /orders --recursive --json', 'of all znodes below it, as JSON']],
    options: (command) =>
      command.options({
        recursive: { type: 'boolean', default: false, describe: 'and of all znodes below it' },
        count: { type: 'number', describe: 'end after so many changes' },
      }),
  },
  { words: 'acl <path>', describe: 'who may do what with a znode', examples: [['acl /orders', 'as a table']] },
  { words: 'config', describe: 'the members of the ensemble', examples: [['config', 'as the servers have it']] },
  {
    words: 'export <path>',
    describe: 'a tree as JSON lines: data, ACLs, kinds, counters; without ephemeral znodes',
    examples: [['export /orders > orders.jsonl', 'while nothing writes to it']],
  },
  {
    words: 'import <file>',
    describe: 'creates what an export holds',
    examples: [['import orders.jsonl --to /copy', 'under another path']],
    options: (command) =>
      command.positional('file', { type: 'string', describe: 'a file, or - for standard input' }).options({
        to: { type: 'string', describe: 'the path for the top of the export; its old path if not given' },
        existing: {
          choices: ['refuse', 'keep', 'replace'] as const,
          default: 'refuse' as const,
          describe: 'what to do where a znode is there already; refuse changes nothing at all',
        },
        'counters-by': {
          type: 'number',
          default: 1_000_000,
          describe: 'raise each counter by at most this much; parents that need more are listed',
        },
      }),
  },
];

const VERSION = { type: 'number', describe: 'only if the znode has this version' } as const;

const ZK_NAMES = COMMANDS.map(({ words }) => nameOf(words));

function nameOf(words: string): string {
  return words.split(' ')[0] ?? '';
}

function print(text: string): void {
  process.stdout.write(text);
}

const CONNECTION = {
  servers: { type: 'string', describe: 'host:port,host:port/chroot (or ZK_SERVERS; default: 127.0.0.1:2181)' },
  auth: { type: 'string', array: true, nargs: 1, describe: 'digest:user:password (or ZK_AUTH)' },
  sasl: { type: 'string', describe: 'user:password for SASL DIGEST-MD5 (or ZK_SASL)' },
  tls: { type: 'boolean', default: false, describe: 'speak TLS; implied by the next four' },
  ca: { type: 'string', describe: 'file with the certificates to trust' },
  cert: { type: 'string', describe: 'file with the client’s certificate' },
  key: { type: 'string', describe: 'file with its key (ZK_KEY_PASSPHRASE if it has one)' },
  servername: { type: 'string', describe: 'the name that the servers’ certificate must have' },
  'timeout-ms': { type: 'number', default: 10_000, describe: 'limit for the connection and for each call' },
  json: { type: 'boolean', default: false, describe: JSON_LINES },
} as const;

/** Runs the command named by the words behind `zk`. Rejects with `misused` if they name none. */
export async function parseZkArguments(words: readonly string[], commands: ZkCommandLine): Promise<void> {
  let parser: Argv = commandLine({
    program: 'zk-agent zk',
    words: words.map((word) => (word === '-' ? STANDARD_INPUT : word)),
    usage: '$0 <command>\n\nAn everyday tool for the data in ZooKeeper. It needs no Java.',
    misused: commands.misused,
  }).options(CONNECTION);
  for (const { words: command, describe, examples, options } of COMMANDS) {
    const name = nameOf(command);
    const builder = (given: Argv): Argv => {
      for (const [example, what] of examples) given.example(`$0 ${example}`, what);
      const withPath = command.includes('path') ? given.positional('path', { type: 'string' }) : given;
      return options?.(withPath) ?? withPath;
    };
    parser = parser.command(command, describe, builder, (flags) => commands.run(name, flags));
  }
  await parser
    .command(
      'completion',
      'print the script for completion in Bash',
      (command) => command.example('source <($0 completion)', 'in this shell'),
      () => print(COMPLETION_SCRIPT),
    )
    .command(
      'complete',
      false,
      (command) => command.strict(false),
      async ({ _: [, ...line] }) => {
        const given = line.map(String);
        const childrenOf = (path: string) => commands.childrenOf(path, serversIn(given));
        const { agentCommands } = commands;
        const offers = await completionsOf(given, { agentCommands, zkCommands: ZK_NAMES, childrenOf });
        print(offers.map((offer) => `${offer}\n`).join(''));
      },
    )
    .demandCommand(1, 'Name a command.')
    .parseAsync();
}

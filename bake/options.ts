// SPDX-License-Identifier: Apache-2.0
/** The command line of build.sh. Checks everything that needs neither AWS nor files. */
import yargs, { type Argv, type Options } from 'yargs';
import { architectureOf, DEFAULT_INSTANCE_TYPE } from '../cf/instance-type.ts';
import { fits, IMAGE_ID, INSTANCE_TYPE, type Rule, SUBNET_ID } from '../cf/limits.ts';
import type { Architecture } from '../cf/template-options.ts';
import { BakeError, EXIT_CODES } from './errors.ts';

export const ZOOKEEPER_VERSION = '3.9.5';
export const ARCHIVE_NAME = `apache-zookeeper-${ZOOKEEPER_VERSION}-bin.tar.gz`;

const IMAGE = 'Image:';
const PARTS = 'What goes on it:';
const INSTANCE = 'Instance that it is baked on:';
const RUNNING = 'Running:';

/** Connections to the private address of the instance come from a private network. */
const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

export const optionTable = {
  architecture: { choices: ['x86_64', 'arm64'], default: 'x86_64', group: IMAGE, describe: 'of the image' },
  debian: { type: 'string', choices: ['12', '13'], default: '12', group: IMAGE, describe: 'release of Debian' },
  ami: { type: 'string', group: IMAGE, describe: 'image to start from (default: Debian’s newest of that release)' },
  version: { type: 'string', group: IMAGE, describe: 'version of the image, for its name and tags (default: ours)' },
  volumesize: { type: 'string', default: 8, group: IMAGE, describe: 'root volume in GiB, at least the source image’s' },
  kmskey: { type: 'string', group: IMAGE, describe: 'KMS key of the root volume (default: the account’s for EBS)' },
  'zookeeper-archive': { type: 'string', group: PARTS, describe: `${ARCHIVE_NAME}: a file, or an https URL` },
  'zookeeper-sha512': {
    type: 'string',
    group: PARTS,
    describe: 'its SHA-512, or a file that has it (default: the archive’s name with .sha512, if that is a file)',
  },
  'cloudwatch-agent': { type: 'string', group: PARTS, describe: 'the CloudWatch agent’s .deb (default: goes without)' },
  region: { type: 'string', group: INSTANCE, describe: 'AWS region (default: the SDK’s, AWS_REGION or the profile’s)' },
  profile: { type: 'string', group: INSTANCE, describe: 'profile of the AWS configuration (default: AWS_PROFILE)' },
  subnet: { type: 'string', group: INSTANCE, describe: 'its subnet (default: one of the default VPC)' },
  instancetype: {
    type: 'string',
    group: INSTANCE,
    describe: `its type (default: ${Object.values(DEFAULT_INSTANCE_TYPE).join(' or ')}, by the architecture)`,
  },
  'iam-instance-profile': { type: 'string', group: INSTANCE, describe: 'its instance profile; the bake needs none' },
  'ssh-interface': {
    choices: ['public_ip', 'private_ip'],
    default: 'public_ip',
    group: INSTANCE,
    describe: 'the address at which it is reached from here',
  },
  'ssh-source': {
    type: 'array',
    string: true,
    group: INSTANCE,
    describe: 'CIDRs that may open SSH to it (default: any; with private_ip the private networks)',
  },
  'ssh-user': { type: 'string', default: 'admin', group: INSTANCE, describe: 'user of the source image with sudo' },
  'agent-only': { type: 'boolean', default: false, group: RUNNING, describe: 'compiles the executable, and stops' },
  'dry-run': { type: 'boolean', default: false, group: RUNNING, describe: 'checks everything, launches nothing' },
  policy: { type: 'boolean', default: false, group: RUNNING, describe: 'prints the policy that who builds needs' },
  json: { type: 'boolean', default: false, group: RUNNING, describe: 'the result as one JSON object' },
  packer: { type: 'string', default: 'packer', group: RUNNING, describe: 'the program' },
  'poll-seconds': { type: 'string', default: 5, group: RUNNING, describe: 'between two looks at instance and image' },
} as const satisfies Readonly<Record<string, Options>>;

/** A complete and consistent order. */
export interface BakeOptions {
  readonly architecture: Architecture;
  readonly debian: '12' | '13';
  readonly sourceImage?: string;
  /** The version of the image; the project's own when left out. */
  readonly version?: string;
  readonly volumeGib: number;
  readonly kmsKey?: string;
  readonly archive: string;
  /** 128 hex digits, or a file. Absent when the digest is in the file beside the archive. */
  readonly archiveDigest?: string;
  readonly cloudWatchAgent?: string;
  readonly subnet?: string;
  readonly instanceType: string;
  readonly instanceProfile?: string;
  readonly sshInterface: 'public_ip' | 'private_ip';
  readonly sshSources: readonly string[];
  readonly sshUser: string;
  readonly dryRun: boolean;
  readonly packer: string;
  readonly pollSeconds: number;
}

interface CommonBakeOptions {
  readonly json: boolean;
  readonly region?: string;
  readonly profile?: string;
}

export type BakeOrder =
  | { readonly kind: 'help' }
  | { readonly kind: 'policy'; readonly instanceProfile?: string }
  | ({ readonly kind: 'agent'; readonly architecture: Architecture } & CommonBakeOptions)
  | ({ readonly kind: 'bake' } & BakeOptions & CommonBakeOptions);

type Answers = Readonly<Record<string, unknown>>;

/** Throws BakeError BAD_INPUT with a line for each problem. `print` receives the text of `--help`. */
export function readOrder(words: readonly string[], print: (text: string) => void): BakeOrder {
  let help: string | undefined;
  const answers: Answers = parser(words).parseSync([...words], {}, (_error, _answers, output) => {
    help = output;
  });
  if (answers.help === true) {
    print(help ?? '');
    return { kind: 'help' };
  }
  if (answers.policy === true) return { kind: 'policy', ...texts(answers, { instanceProfile: 'iamInstanceProfile' }) };
  const repeated = Object.entries(answers).filter(
    ([name, value]) => Array.isArray(value) && !/^(_|ssh-?source)$/i.test(name),
  );
  if (repeated.length > 0) throw badInput(`--${repeated[0]?.[0]} is given more than once.`);
  const common = { json: answers.json === true, ...texts(answers, { region: 'region', profile: 'profile' }) };
  const architecture: Architecture = answers.architecture === 'arm64' ? 'arm64' : 'x86_64';
  if (answers.agentOnly === true) return { kind: 'agent', architecture, ...common };
  return { kind: 'bake', ...bakeOptions(answers, architecture), ...common };
}

function bakeOptions(answers: Answers, architecture: Architecture): BakeOptions {
  const faults = faultsOf(answers);
  if (faults.length > 0) throw badInput(faults.join('\n'));
  const sshInterface = answers.sshInterface === 'private_ip' ? 'private_ip' : 'public_ip';
  const sources = Array.isArray(answers.sshSource) ? answers.sshSource.map(String) : [];
  const anywhere = sshInterface === 'private_ip' ? PRIVATE_NETWORKS : ['0.0.0.0/0'];
  return {
    architecture,
    debian: answers.debian === '13' ? '13' : '12',
    volumeGib: Number(answers.volumesize),
    archive: String(answers.zookeeperArchive),
    instanceType: DEFAULT_INSTANCE_TYPE[architecture],
    sshInterface,
    sshSources: sources.length > 0 ? sources : anywhere,
    sshUser: String(answers.sshUser),
    dryRun: answers.dryRun === true,
    packer: String(answers.packer),
    pollSeconds: Number(answers.pollSeconds),
    ...texts(answers, {
      sourceImage: 'ami',
      version: 'version',
      kmsKey: 'kmskey',
      archiveDigest: 'zookeeperSha512',
      cloudWatchAgent: 'cloudwatchAgent',
      subnet: 'subnet',
      instanceType: 'instancetype',
      instanceProfile: 'iamInstanceProfile',
    }),
  };
}

/** The given ones among these options, under their own names. */
function texts<Name extends string>(answers: Answers, names: Readonly<Record<Name, string>>) {
  const given = Object.entries<string>(names).flatMap(([own, name]) => {
    const value = answers[name];
    return typeof value === 'string' && value !== '' ? [[own, value]] : [];
  });
  return Object.fromEntries(given) as { readonly [Own in Name]?: string };
}

const VERSION: Rule = {
  pattern: '[A-Za-z0-9][A-Za-z0-9._-]{0,31}',
  sentence: 'Up to 32 letters, digits and ._-, a letter or digit first.',
};
const CIDR: Rule = {
  pattern: '\\d{1,3}(\\.\\d{1,3}){3}/(\\d|[12]\\d|3[0-2])',
  sentence: 'A CIDR such as 10.0.0.0/16.',
};
const USER: Rule = { pattern: '[a-z_][a-z0-9_-]{0,31}', sentence: 'The name of a user.' };
const PROFILE: Rule = { pattern: '[\\w+=,.@-]{1,128}', sentence: 'The name of an instance profile, not its ARN.' };

const RULES: readonly (readonly [name: string, flag: string, Rule])[] = [
  ['ami', 'ami', IMAGE_ID],
  ['version', 'version', VERSION],
  ['subnet', 'subnet', SUBNET_ID],
  ['instancetype', 'instancetype', INSTANCE_TYPE],
  ['iamInstanceProfile', 'iam-instance-profile', PROFILE],
  ['sshUser', 'ssh-user', USER],
];

function faultsOf(answers: Answers): readonly string[] {
  const faults: string[] = [];
  for (const [name, flag, rule] of RULES) {
    const value = answers[name];
    if (typeof value === 'string' && !fits(rule, value)) faults.push(`--${flag} ${value}: ${rule.sentence}`);
  }
  const { instancetype, architecture } = answers;
  const runs = typeof instancetype === 'string' ? architectureOf(instancetype) : undefined;
  if (runs !== undefined && runs !== architecture) {
    faults.push(`--instancetype ${instancetype} runs ${runs}, and the image is for ${architecture} (--architecture).`);
  }
  for (const source of Array.isArray(answers.sshSource) ? answers.sshSource.map(String) : []) {
    if (!fits(CIDR, source)) faults.push(`--ssh-source ${source}: ${CIDR.sentence}`);
  }
  if (!isBetween(answers.volumesize, 4, 1_024)) faults.push('--volumesize is a number of GiB from 4 to 1024.');
  if (!isBetween(answers.pollSeconds, 1, 60)) faults.push('--poll-seconds is a whole number from 1 to 60.');
  if (typeof answers.zookeeperArchive !== 'string' || answers.zookeeperArchive === '') {
    faults.push(`--zookeeper-archive is missing: ${ARCHIVE_NAME}, as a file or an https URL.`);
  }
  return faults;
}

function isBetween(value: unknown, least: number, most: number): boolean {
  const number = value === '' ? Number.NaN : Number(value);
  return Number.isInteger(number) && number >= least && number <= most;
}

function parser(words: readonly string[]): Argv {
  const codes = Object.entries(EXIT_CODES).filter(([, code]) => code > 1);
  return (
    yargs([...words])
      .scriptName('./build.sh')
      // Our `--version` is the version of the image.
      .version(false)
      .usage('$0 [options]\n\nCompiles the agent, bakes the image, and prints its id.')
      .options(optionTable)
      .example(`$0 --zookeeper-archive ~/${ARCHIVE_NAME}`, 'Debian 12 on x86_64, in the default VPC')
      .example('$0 --architecture arm64 --debian 13', 'with the other settings that stand in build.sh')
      .example('$0 --subnet subnet-0a1b2c3d --ssh-interface private_ip', 'over a VPN, without a public address')
      .example('$0 --dry-run', 'checks tools, archive and AWS, and launches nothing')
      .example('$0 --agent-only', 'dist/zk-agent-linux-x64 alone')
      .epilogue(
        `The image’s id is printed last and written to dist/ami-id, where deploy.sh finds it. Exit codes: 0 done; 1 failed; ${codes.map(([name, code]) => `${code} ${name}`).join('; ')}.`,
      )
      .strict()
      .help()
      .exitProcess(false)
      .wrap(process.stdout.isTTY ? Math.min(120, process.stdout.columns) : 120)
      .fail((message, error) => {
        throw error ?? badInput(message);
      })
  );
}

function badInput(message: string): BakeError {
  return new BakeError('BAD_INPUT', message, 'Correct it; ./build.sh --help describes every option.');
}

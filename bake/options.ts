// SPDX-License-Identifier: Apache-2.0
/** The command line of build.sh. Checks everything that needs neither AWS nor files. */
import type { Argv } from 'yargs';
import { architectureOf, DEFAULT_INSTANCE_TYPE } from '../cf/instance-type.ts';
import { fits, IMAGE_ID, INSTANCE_TYPE, type Rule, SUBNET_ID } from '../cf/limits.ts';
import {
  type AnswersTo,
  answersIn,
  flag,
  list,
  numberOr,
  type OptionRows,
  oneOf,
  shownIn,
  text,
  textOr,
} from '../cf/option-rows.ts';
import type { Architecture } from '../cf/template-options.ts';
import { commandLine } from '../tools/command-line.ts';
import { BakeError, EXIT_CODES } from './errors.ts';

export const ZOOKEEPER_VERSION = '3.9.5';
export const ARCHIVE_NAME = `apache-zookeeper-${ZOOKEEPER_VERSION}-bin.tar.gz`;

const IMAGE = 'Image:';
const PARTS = 'What goes on it:';
const INSTANCE = 'Instance that it is baked on:';
const RUNNING = 'Running:';

/** Connections to the private address of the instance come from a private network. */
const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

const INSTANCE_TYPES = Object.values(DEFAULT_INSTANCE_TYPE).join(' or ');

const ROWS = {
  architecture: oneOf(['x86_64', 'arm64'], IMAGE, 'of the image'),
  debian: oneOf(['12', '13'], IMAGE, 'release of Debian'),
  ami: text(IMAGE, 'image to start from (default: Debian’s newest of that release)'),
  version: text(IMAGE, 'version of the image, for its name and tags (default: ours)'),
  volumesize: numberOr(8, IMAGE, 'root volume in GiB, at least the source image’s'),
  kmskey: text(IMAGE, 'KMS key of the root volume (default: the account’s for EBS)'),
  'zookeeper-archive': text(PARTS, `${ARCHIVE_NAME}: a file, or an https URL`),
  'zookeeper-sha512': text(
    PARTS,
    'its SHA-512, or a file that has it (default: the archive’s name with .sha512, if that is a file)',
  ),
  'cloudwatch-agent': text(PARTS, 'the CloudWatch agent’s .deb (default: goes without)'),
  region: text(INSTANCE, 'AWS region (default: the SDK’s, AWS_REGION or the profile’s)'),
  profile: text(INSTANCE, 'profile of the AWS configuration (default: AWS_PROFILE)'),
  subnet: text(INSTANCE, 'its subnet (default: one of the default VPC)'),
  instancetype: text(INSTANCE, `its type (default: ${INSTANCE_TYPES}, by the architecture)`),
  'iam-instance-profile': text(INSTANCE, 'its instance profile; the bake needs none'),
  'ssh-interface': oneOf(['public_ip', 'private_ip'], INSTANCE, 'the address at which it is reached from here'),
  'ssh-source': list(INSTANCE, 'CIDRs that may open SSH to it (default: any; with private_ip the private networks)'),
  'ssh-user': textOr('admin', INSTANCE, 'user of the source image with sudo'),
  'agent-only': flag(RUNNING, 'compiles the executable, and stops'),
  prepare: flag(RUNNING, 'makes all that is made on this machine, for packer build by hand, and stops'),
  'dry-run': flag(RUNNING, 'checks everything, launches nothing'),
  policy: flag(RUNNING, 'prints the policy that who builds needs'),
  json: flag(RUNNING, 'the result as one JSON object'),
  packer: textOr('packer', RUNNING, 'the program'),
  'poll-seconds': numberOr(5, RUNNING, 'between two looks at instance and image'),
} as const satisfies OptionRows;

type GivenOptions = AnswersTo<typeof ROWS>;

/** For `yargs(words).options(optionTable)`. */
export const optionTable = shownIn(ROWS);

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
  /** Of the options only those count that need nothing of AWS. */
  | { readonly kind: 'prepare'; readonly json: boolean; readonly options: BakeOptions }
  | ({ readonly kind: 'bake' } & BakeOptions & CommonBakeOptions);

/** Throws BakeError BAD_INPUT with a line for each problem. `print` receives the text of `--help`. */
export function readOrder(words: readonly string[], print: (text: string) => void): BakeOrder {
  let help: string | undefined;
  const answered: Readonly<Record<string, unknown>> = parser(words).parseSync(
    [...words],
    {},
    (_error, _answers, output) => {
      help = output;
    },
  );
  if (answered.help === true) {
    print(help ?? '');
    return { kind: 'help' };
  }
  const given = answersIn(ROWS, answered);
  const { json, region, profile } = given;
  if (given.policy) return { kind: 'policy', ...present({ instanceProfile: given['iam-instance-profile'] }) };
  const common = { json, ...present({ region, profile }) };
  const architecture = given.architecture as Architecture;
  if (given['agent-only']) return { kind: 'agent', architecture, ...common };
  const faults = faultsOf(given);
  if (faults.length > 0) throw badInput(faults.join('\n'));
  if (given.prepare) return { kind: 'prepare', json, options: bakeOptions(given, architecture) };
  return { kind: 'bake', ...bakeOptions(given, architecture), ...common };
}

/** Call this only with answers that were checked. */
function bakeOptions(given: GivenOptions, architecture: Architecture): BakeOptions {
  const sshInterface = given['ssh-interface'] as BakeOptions['sshInterface'];
  const sources = given['ssh-source'];
  const anywhere = sshInterface === 'private_ip' ? PRIVATE_NETWORKS : ['0.0.0.0/0'];
  return {
    architecture,
    debian: given.debian as BakeOptions['debian'],
    volumeGib: given.volumesize,
    archive: given['zookeeper-archive'] ?? '',
    instanceType: given.instancetype ?? DEFAULT_INSTANCE_TYPE[architecture],
    sshInterface,
    sshSources: sources.length > 0 ? sources : anywhere,
    sshUser: given['ssh-user'],
    dryRun: given['dry-run'],
    packer: given.packer,
    pollSeconds: given['poll-seconds'],
    ...present({
      sourceImage: given.ami,
      version: given.version,
      kmsKey: given.kmskey,
      archiveDigest: given['zookeeper-sha512'],
      cloudWatchAgent: given['cloudwatch-agent'],
      subnet: given.subnet,
      instanceProfile: given['iam-instance-profile'],
    }),
  };
}

/** Those that were given. */
function present<Name extends string>(all: Readonly<Record<Name, string | undefined>>) {
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { readonly [Each in Name]?: string };
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

const RULES: readonly (readonly [name: keyof GivenOptions, Rule])[] = [
  ['ami', IMAGE_ID],
  ['version', VERSION],
  ['subnet', SUBNET_ID],
  ['instancetype', INSTANCE_TYPE],
  ['iam-instance-profile', PROFILE],
  ['ssh-user', USER],
];

function faultsOf(given: GivenOptions): readonly string[] {
  const faults: string[] = [];
  for (const [name, rule] of RULES) {
    const value = given[name];
    if (typeof value === 'string' && !fits(rule, value)) faults.push(`--${name} ${value}: ${rule.sentence}`);
  }
  const { instancetype, architecture } = given;
  const runs = instancetype === undefined ? undefined : architectureOf(instancetype);
  if (runs !== undefined && runs !== architecture) {
    faults.push(`--instancetype ${instancetype} runs ${runs}, and the image is for ${architecture} (--architecture).`);
  }
  for (const source of given['ssh-source']) {
    if (!fits(CIDR, source)) faults.push(`--ssh-source ${source}: ${CIDR.sentence}`);
  }
  if (!isBetween(given.volumesize, 4, 1_024)) faults.push('--volumesize is a number of GiB from 4 to 1024.');
  if (!isBetween(given['poll-seconds'], 1, 60)) faults.push('--poll-seconds is a whole number from 1 to 60.');
  if (given['zookeeper-archive'] === undefined) {
    faults.push(`--zookeeper-archive is missing: ${ARCHIVE_NAME}, as a file or an https URL.`);
  }
  return faults;
}

function isBetween(number: number, least: number, most: number): boolean {
  return Number.isInteger(number) && number >= least && number <= most;
}

function parser(words: readonly string[]): Argv {
  const codes = Object.entries(EXIT_CODES).filter(([, code]) => code > 1);
  return commandLine({
    program: './build.sh',
    words,
    usage: '$0 [options]\n\nCompiles the agent, bakes the image, and prints its id.',
    misused: badInput,
  })
    .options(optionTable)
    .example(`$0 --zookeeper-archive ~/${ARCHIVE_NAME}`, 'Debian 12 on x86_64, in the default VPC')
    .example('$0 --architecture arm64 --debian 13', 'with the other settings that stand in build.sh')
    .example('$0 --subnet subnet-0a1b2c3d --ssh-interface private_ip', 'over a VPN, without a public address')
    .example('$0 --dry-run', 'checks tools, archive and AWS, and launches nothing')
    .example('$0 --agent-only', 'dist/zk-agent-linux-x64 alone')
    .example('$0 --prepare', 'then packer build in ami/, with variables of your own')
    .epilogue(
      `The image’s id is printed last and written to dist/ami-id, where deploy.sh finds it. Exit codes: 0 done; 1 failed; ${codes.map(([name, code]) => `${code} ${name}`).join('; ')}.`,
    );
}

function badInput(message: string): BakeError {
  return new BakeError('BAD_INPUT', message, 'Correct it; ./build.sh --help describes every option.');
}

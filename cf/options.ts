// SPDX-License-Identifier: Apache-2.0
/**
 * The options of the template, as yargs reads them; deploy.sh has the same table and adds its own. What can be checked
 * without AWS is checked here, all at once, so that a person corrects the line one time.
 */
import type { Options } from 'yargs';
import { AgentError } from '../src/errors.ts';
import { DEFAULT_INSTANCE_TYPE } from './instance-type.ts';
import { RETENTION_DAYS, VOLUME_GIB } from './limits.ts';
import { faultsOf, type GivenOptions } from './option-rules.ts';
import { LARGEST_TEMPLATE_BYTES, template, templateText } from './template.ts';
import type { Architecture, IdentityMode, Source, TemplateOptions, VolumeType } from './template-options.ts';

const DEFAULT_TIMES = { creation: 'PT30M', update: 'PT30M', launchHookSeconds: 300, terminateHookSeconds: 300 };

const NETWORK = 'Network:';
const NODES = 'Nodes:';
const SIZE = 'Size:';
const OPERATION = 'Operation:';

/**
 * For `yargs(words).options(optionTable)`. Nothing is demanded here, as not every command of deploy.sh needs all; and
 * numbers are read as text, since yargs makes a 0 of what is empty.
 */
export const optionTable = {
  stackname: { type: 'string', group: NODES, describe: 'name of the stack; the cluster’s id begins with it' },
  vpcid: { type: 'string', group: NETWORK, describe: 'the VPC' },
  subnets: { type: 'array', string: true, group: NETWORK, describe: 'three private subnets of it, in three zones' },
  sshsource: { type: 'string', group: NETWORK, describe: 'security group or CIDR that may open SSH; needs --keyname' },
  clientsource: {
    type: 'array',
    string: true,
    default: [],
    group: NETWORK,
    describe: 'security groups or CIDRs that may connect, beside the stack’s own group for clients',
  },
  keyname: { type: 'string', group: NODES, describe: 'key pair for SSH; without it there is none' },
  ami: { type: 'string', group: NODES, describe: 'the image that build.sh made' },
  architecture: { choices: ['x86_64', 'arm64'], default: 'x86_64', group: NODES, describe: 'of the image' },
  instancetype: {
    type: 'string',
    group: NODES,
    describe: `instance type (default: ${Object.values(DEFAULT_INSTANCE_TYPE).join(' or ')}, by the architecture)`,
  },
  instancerole: { type: 'string', group: NODES, describe: 'name of an existing role; without it the stack makes one' },
  mode: { type: 'string', default: 'dynamic', group: NODES, describe: 'how a node comes by its id and address' },
  volumesize: { type: 'string', default: 20, group: NODES, describe: `root volume, ${VOLUME_GIB.join(' to ')} GiB` },
  volumetype: { choices: ['gp3', 'io2'], default: 'gp3', group: NODES, describe: 'type of the root volume' },
  volumeiops: { type: 'string', group: NODES, describe: 'I/O operations a second; io2 needs it' },
  rootdevice: { type: 'string', group: NODES, describe: 'the image’s name of its root device (default: /dev/xvda)' },
  numhosts: { type: 'string', default: 3, group: SIZE, describe: 'nodes; an odd number' },
  maxhosts: { type: 'string', group: SIZE, describe: 'most nodes it may be scaled to (default: 2 × numhosts + 1)' },
  environment: { type: 'string', default: 'production', group: OPERATION, describe: 'a tag of all resources' },
  tag: { type: 'array', string: true, default: [], group: OPERATION, describe: 'KEY=VALUE, a tag of all resources' },
  setting: { type: 'array', string: true, default: [], group: OPERATION, describe: 'KEY=VALUE, a line of agent.env' },
  monitoring: { type: 'boolean', default: false, group: OPERATION, describe: 'detailed monitoring, each minute' },
  logretention: {
    type: 'string',
    default: 30,
    group: OPERATION,
    describe: `days to keep the nodes’ logs: ${RETENTION_DAYS.slice(0, 9).join(', ')} …`,
  },
  creationtimeout: {
    type: 'string',
    default: DEFAULT_TIMES.creation,
    group: OPERATION,
    describe: 'for all nodes of a new stack to vote',
  },
  updatetimeout: {
    type: 'string',
    default: DEFAULT_TIMES.update,
    group: OPERATION,
    describe: 'for each new node of an update to vote; up to PT1H',
  },
  launchheartbeat: {
    type: 'string',
    default: DEFAULT_TIMES.launchHookSeconds,
    group: OPERATION,
    describe: 'seconds of silence after which a launching node is given up',
  },
  terminateheartbeat: {
    type: 'string',
    default: DEFAULT_TIMES.terminateHookSeconds,
    group: OPERATION,
    describe: 'seconds of silence after which a leaving node goes',
  },
} as const satisfies Readonly<Record<string, Options>>;

/**
 * The template's options from yargs' answers, checked. `presentHosts` is what the group has now, for an update.
 * Throws AgentError BAD_ARGUMENT, with a sentence for everything that is wrong.
 */
export function templateOptions(answered: Readonly<Record<string, unknown>>, presentHosts?: number): TemplateOptions {
  const answers = answersOf(answered);
  const faults = faultsOf(answers);
  if (faults.length > 0) throw badArgument(faults);
  const options = optionsOf(answers, presentHosts);
  const bytes = Buffer.byteLength(templateText(template(options), 'json'));
  if (bytes > LARGEST_TEMPLATE_BYTES) {
    throw badArgument([
      `The template has ${bytes} bytes, and CloudFormation takes ${LARGEST_TEMPLATE_BYTES}: fewer or shorter --tag, --setting or --clientsource are needed.`,
    ]);
  }
  return options;
}

function badArgument(faults: readonly string[]): AgentError {
  return new AgentError('BAD_ARGUMENT', faults.join('\n'), 'Correct it; --help describes every option.');
}

/** The answers with their types; what was left out is undefined, and so is what is empty, as shells have it. */
function answersOf(answered: Readonly<Record<string, unknown>>): GivenOptions {
  const text = (name: string): string | undefined => {
    const value = answered[name];
    // An option given twice is a list to yargs.
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    return last === undefined || last === '' ? undefined : String(last).trim();
  };
  const texts = (name: string): readonly string[] => {
    const value = answered[name];
    return (Array.isArray(value) ? value : []).map((one) => String(one).trim()).filter((one) => one !== '');
  };
  const list = (name: string): readonly string[] =>
    texts(name).flatMap((one) => one.split(',').filter((part) => part !== ''));
  const number = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  };
  return {
    stackname: text('stackname'),
    vpcid: text('vpcid'),
    subnets: list('subnets'),
    sshsource: text('sshsource'),
    clientsource: list('clientsource'),
    keyname: text('keyname'),
    ami: text('ami'),
    architecture: text('architecture') ?? optionTable.architecture.default,
    instancetype: text('instancetype'),
    instancerole: text('instancerole'),
    mode: text('mode') ?? optionTable.mode.default,
    volumesize: number('volumesize') ?? optionTable.volumesize.default,
    volumetype: text('volumetype') ?? optionTable.volumetype.default,
    volumeiops: number('volumeiops'),
    rootdevice: text('rootdevice'),
    numhosts: number('numhosts') ?? optionTable.numhosts.default,
    maxhosts: number('maxhosts'),
    environment: text('environment') ?? optionTable.environment.default,
    tag: texts('tag'),
    setting: texts('setting'),
    monitoring: [answered.monitoring].flat().at(-1) === true,
    logretention: number('logretention') ?? optionTable.logretention.default,
    creationtimeout: text('creationtimeout') ?? DEFAULT_TIMES.creation,
    updatetimeout: text('updatetimeout') ?? DEFAULT_TIMES.update,
    launchheartbeat: number('launchheartbeat') ?? DEFAULT_TIMES.launchHookSeconds,
    terminateheartbeat: number('terminateheartbeat') ?? DEFAULT_TIMES.terminateHookSeconds,
  };
}

/** Only of answers without faults. */
function optionsOf(answers: GivenOptions, presentHosts: number | undefined): TemplateOptions {
  const { keyname, sshsource, instancerole, volumeiops, rootdevice, numhosts } = answers;
  const present = presentHosts ?? numhosts;
  const architecture = answers.architecture as Architecture;
  return {
    stackName: answers.stackname ?? '',
    vpcId: answers.vpcid ?? '',
    subnets: answers.subnets.toSorted(),
    imageId: answers.ami ?? '',
    architecture,
    instanceType: answers.instancetype ?? DEFAULT_INSTANCE_TYPE[architecture],
    ...(keyname === undefined ? {} : { keyName: keyname }),
    ...(sshsource === undefined ? {} : { sshSource: sourceOf(sshsource) }),
    clientSources: answers.clientsource.toSorted().map(sourceOf),
    ...(instancerole === undefined ? {} : { instanceRole: instancerole }),
    mode: answers.mode as IdentityMode,
    hosts: numhosts,
    presentHosts: present,
    mostHosts: Math.max(answers.maxhosts ?? 2 * numhosts + 1, present),
    environment: answers.environment,
    volumeGib: answers.volumesize,
    volumeType: answers.volumetype as VolumeType,
    ...(volumeiops === undefined ? {} : { volumeIops: volumeiops }),
    ...(rootdevice === undefined ? {} : { rootDevice: rootdevice }),
    monitoring: answers.monitoring,
    logRetentionDays: answers.logretention,
    tags: pairsOf(answers.tag),
    settings: pairsOf(answers.setting),
    times: {
      creation: answers.creationtimeout,
      update: answers.updatetimeout,
      launchHookSeconds: answers.launchheartbeat,
      terminateHookSeconds: answers.terminateheartbeat,
    },
  };
}

function sourceOf(text: string): Source {
  return text.startsWith('sg-') ? { kind: 'group', id: text } : { kind: 'cidr', cidr: text };
}

function pairsOf(words: readonly string[]): Readonly<Record<string, string>> {
  const pairs = words.map((word): [string, string] => {
    const at = word.indexOf('=');
    return [word.slice(0, at), word.slice(at + 1)];
  });
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

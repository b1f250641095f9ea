// SPDX-License-Identifier: Apache-2.0
/** Finds what is wrong with the answers to the options, one sentence each, without calling AWS. */
import { AgentError } from '../src/errors.ts';
import { loadSettings } from '../src/settings.ts';
import { cidrFault } from './cidr.ts';
import { architectureOf } from './instance-type.ts';
import { OWN_SETTINGS } from './launch-template.ts';
import * as limits from './limits.ts';
import { fits, type Rule } from './limits.ts';
import type { GivenOptions } from './option-table.ts';
import { RESERVED_TAGS } from './tags.ts';
import { IDENTITY_MODES } from './template-options.ts';
import { formatSettings } from './user-data.ts';

/** EC2 accepts 16 KiB of user data, and the stack's own settings need a part of it. */
const MOST_SETTINGS_BYTES = 12_000;

export function faultsOf(answers: GivenOptions): readonly string[] {
  return [
    ...required('stackname', answers.stackname, limits.STACK_NAME),
    ...required('vpcid', answers.vpcid, limits.VPC_ID),
    ...subnetFaults(answers.subnets),
    ...required('ami', answers.ami, limits.IMAGE_ID),
    ...optional('keyname', answers.keyname, limits.KEY_NAME),
    ...zoneFaults(answers),
    ...sourceFaults(answers),
    ...optional('instancerole', answers.instancerole, limits.ROLE_NAME),
    ...modeFaults(answers.mode),
    ...addressFaults(answers),
    ...instanceTypeFaults(answers),
    ...sizeFaults(answers),
    ...volumeFaults(answers),
    ...optional('environment', answers.environment, limits.ENVIRONMENT),
    ...tagFaults(answers.tag),
    ...settingFaults(answers),
    ...(limits.RETENTION_DAYS.some((days) => days === answers.logretention)
      ? []
      : [
          `--logretention ${shown(answers.logretention)}: CloudWatch Logs keeps ${limits.RETENTION_DAYS.join(', ')} days.`,
        ]),
    ...timeFaults(answers),
  ];
}

/** A name has no capitals, and the cluster's id begins with the stack's name. */
function zoneFaults({ zone, stackname = '' }: GivenOptions): readonly string[] {
  if (zone === undefined) return [];
  const capitals = /[A-Z]/.test(stackname);
  return [
    ...optional('zone', zone, limits.ZONE),
    ...(capitals ? [`--stackname ${stackname}: with --zone it has to be in lower case, as names are.`] : []),
  ];
}

function required(name: string, value: string | undefined, rule: Rule): readonly string[] {
  return value === undefined ? [`--${name} is missing. ${rule.sentence}`] : optional(name, value, rule);
}

function optional(name: string, value: string | undefined, rule: Rule): readonly string[] {
  return value === undefined || fits(rule, value) ? [] : [`--${name} ${value}: ${rule.sentence}`];
}

function wholeNumber(name: string, value: number, [least, most]: readonly [number, number]): readonly string[] {
  if (Number.isInteger(value) && value >= least && value <= most) return [];
  return [`--${name} ${shown(value)}: A whole number from ${least} to ${most}.`];
}

function shown(value: number): string {
  return Number.isNaN(value) ? 'is no number' : String(value);
}

function twice(values: readonly string[]): string | undefined {
  return values.find((value, at) => values.indexOf(value) !== at);
}

function subnetFaults(subnets: readonly string[]): readonly string[] {
  if (subnets.length !== 3) {
    const found = subnets.length === 0 ? 'is missing' : `names ${subnets.length}`;
    return [
      `--subnets ${found}: three are needed, each in a zone of its own, so that the loss of a zone leaves a quorum.`,
    ];
  }
  const same = twice(subnets);
  if (same !== undefined) return [`--subnets names ${same} twice: three different ones are needed.`];
  return subnets.flatMap((subnet) => optional('subnets', subnet, limits.SUBNET_ID));
}

function sourceFaults({ sshsource, keyname, clientsource }: GivenOptions): readonly string[] {
  const faults = [
    ...(sshsource === undefined ? [] : sourceFault('sshsource', sshsource)),
    ...clientsource.flatMap((source) => sourceFault('clientsource', source)),
  ];
  if (sshsource !== undefined && keyname === undefined) {
    faults.push('--sshsource opens SSH, which needs a key: give --keyname too, or leave --sshsource out.');
  }
  const same = twice(clientsource);
  return same === undefined ? faults : [...faults, `--clientsource names ${same} twice.`];
}

function sourceFault(name: string, source: string): readonly string[] {
  if (source.startsWith('sg-')) return optional(name, source, limits.GROUP_ID);
  const fault = cidrFault(source);
  return fault === undefined ? [] : [`--${name} ${source} ${fault}.`];
}

function modeFaults(mode: string): readonly string[] {
  if (IDENTITY_MODES.some((one) => one === mode)) return [];
  const there = IDENTITY_MODES.join(', ');
  if (mode === 'network-interface') {
    return [`--mode ${mode} is not built yet: only ${there} is there.`];
  }
  return [`--mode ${mode}: there is no such mode; ${there} is there.`];
}

function addressFaults({ mode, addresses, maxhosts, numhosts, zone }: GivenOptions): readonly string[] {
  if (mode !== 'elastic-ip') {
    return addresses === undefined ? [] : [`--addresses ${shown(addresses)}: only --mode elastic-ip has addresses.`];
  }
  const faults = [
    ...(zone === undefined ? [] : ['--zone is not for --mode elastic-ip: the addresses stay as they are.']),
    ...(maxhosts === undefined
      ? []
      : ['--maxhosts is not for --mode elastic-ip: there are never more nodes than --addresses.']),
    ...(addresses === undefined
      ? []
      : wholeNumber('addresses', addresses, [limits.LEAST_ADDRESSES, limits.MOST_ADDRESSES])),
  ];
  if (addresses === undefined && numhosts > limits.MOST_ADDRESSES) {
    faults.push(`--numhosts ${numhosts}: --mode elastic-ip has room for ${limits.MOST_ADDRESSES} addresses.`);
  }
  if (addresses !== undefined && addresses < numhosts) {
    faults.push(`--addresses ${addresses} is less than --numhosts ${numhosts}: each node needs one.`);
  }
  return faults;
}

function instanceTypeFaults({ instancetype, architecture }: GivenOptions): readonly string[] {
  if (architecture !== 'x86_64' && architecture !== 'arm64') {
    return [`--architecture ${architecture}: there are images for x86_64 and arm64.`];
  }
  if (instancetype === undefined) return [];
  if (!fits(limits.INSTANCE_TYPE, instancetype)) {
    return [`--instancetype ${instancetype}: ${limits.INSTANCE_TYPE.sentence}`];
  }
  const needed = architectureOf(instancetype);
  if (needed === undefined) return [`--instancetype ${instancetype}: no image of x86_64 or arm64 runs on it.`];
  if (needed === architecture) return [];
  return [
    `--instancetype ${instancetype} is of the architecture ${needed}, the image of ${architecture}: change --instancetype, or give --architecture ${needed} with an image of it.`,
  ];
}

function sizeFaults({ numhosts, maxhosts }: GivenOptions): readonly string[] {
  const faults: string[] = [];
  if (!Number.isInteger(numhosts) || numhosts < 1 || numhosts > limits.HIGHEST_HOSTS) {
    faults.push(`--numhosts ${shown(numhosts)}: An odd number from 1 to ${limits.HIGHEST_HOSTS}.`);
  } else if (numhosts % 2 === 0) {
    faults.push(
      `--numhosts ${numhosts} is even: ${numhosts} nodes survive no more failures than ${numhosts - 1}. Take ${numhosts - 1} or ${numhosts + 1}.`,
    );
  }
  if (maxhosts === undefined) return faults;
  const outOfRange = wholeNumber('maxhosts', maxhosts, [1, limits.MOST_HOSTS]);
  if (outOfRange.length > 0) return [...faults, ...outOfRange];
  return maxhosts < numhosts ? [...faults, `--maxhosts ${maxhosts} is less than --numhosts ${numhosts}.`] : faults;
}

function volumeFaults({ volumesize, volumetype, volumeiops, rootdevice }: GivenOptions): readonly string[] {
  const faults = [
    ...wholeNumber('volumesize', volumesize, limits.VOLUME_GIB),
    ...optional('rootdevice', rootdevice, limits.ROOT_DEVICE),
  ];
  if (volumetype !== 'gp3' && volumetype !== 'io2') return [...faults, `--volumetype ${volumetype}: gp3 or io2.`];
  if (volumeiops !== undefined) {
    return [...faults, ...wholeNumber('volumeiops', volumeiops, limits.VOLUME_IOPS[volumetype])];
  }
  return volumetype === 'io2' ? [...faults, '--volumetype io2 needs --volumeiops.'] : faults;
}

function tagFaults(tags: readonly string[]): readonly string[] {
  const faults = tags.flatMap((tag) => {
    const [key, value] = pair(tag);
    if (value === undefined) return [`--tag ${tag}: KEY=VALUE is meant.`];
    if (RESERVED_TAGS.has(key) || key.startsWith('zookeeper_')) return [`--tag ${tag}: the stack sets ${key} itself.`];
    if (!fits(limits.TAG_KEY, key)) return [`--tag ${tag}: ${limits.TAG_KEY.sentence}`];
    return fits(limits.TAG_VALUE, value) ? [] : [`--tag ${tag}: ${limits.TAG_VALUE.sentence}`];
  });
  const same = twice(tags.map((tag) => pair(tag)[0]));
  if (same !== undefined) faults.push(`--tag sets ${same} twice.`);
  if (tags.length > limits.MOST_TAGS) faults.push(`--tag is given ${tags.length} times: at most ${limits.MOST_TAGS}.`);
  return faults;
}

function pair(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function settingFaults(answers: GivenOptions): readonly string[] {
  const settings = answers.setting;
  const faults = settings.flatMap((setting) => {
    const [key, value] = pair(setting);
    if (value === undefined) return [`--setting ${setting}: KEY=VALUE is meant.`];
    if (OWN_SETTINGS.has(key)) return [`--setting ${setting}: the stack sets ${key} itself.`];
    return /['\n\r\0]/.test(value) ? [`--setting ${key}: a value can't hold a single quote or a line break.`] : [];
  });
  const same = twice(settings.map((setting) => pair(setting)[0]));
  if (same !== undefined) return [...faults, `--setting sets ${same} twice.`];
  const bytes = Buffer.byteLength(settings.join('\n'));
  if (bytes > MOST_SETTINGS_BYTES) {
    faults.push(
      `--setting: ${bytes} bytes in all are more than the ${MOST_SETTINGS_BYTES} that user data has room for.`,
    );
  }
  return faults.length > 0 ? faults : agentFaults(answers);
}

/** Reads the settings as every node will. So what the agent would refuse at boot is refused here. */
function agentFaults(answers: GivenOptions): readonly string[] {
  const given = Object.fromEntries(
    answers.setting.map((setting): [string, string] => [pair(setting)[0], pair(setting)[1] ?? '']),
  );
  try {
    const text = formatSettings({ CLUSTER: 'x-00000000', BUCKET: 'bucket', ...given });
    return heartbeatFaults(answers, loadSettings({}, {}, text, 'agent.env').timings.heartbeatMs / 1_000);
  } catch (error) {
    if (error instanceof AgentError) return [`--setting: ${error.message} ${error.next}`];
    throw error;
  }
}

/** A hook that ends before the second heartbeat abandons healthy nodes. */
function heartbeatFaults(answers: GivenOptions, heartbeatSeconds: number): readonly string[] {
  const least = Math.ceil(2 * heartbeatSeconds);
  return (['launchheartbeat', 'terminateheartbeat'] as const)
    .filter((name) => answers[name] >= limits.HOOK_SECONDS[0] && answers[name] < least)
    .map(
      (name) => `--${name} ${answers[name]}: a node that waits says so every ${heartbeatSeconds} s; at least ${least}.`,
    );
}

function timeFaults(answers: GivenOptions): readonly string[] {
  const faults = [
    ...optional('creationtimeout', answers.creationtimeout, limits.DURATION),
    ...optional('updatetimeout', answers.updatetimeout, limits.DURATION),
    ...wholeNumber('launchheartbeat', answers.launchheartbeat, limits.HOOK_SECONDS),
    ...wholeNumber('terminateheartbeat', answers.terminateheartbeat, limits.HOOK_SECONDS),
  ];
  if (seconds(answers.creationtimeout) > 12 * 3_600) {
    faults.push(`--creationtimeout ${answers.creationtimeout}: CloudFormation waits at most PT12H.`);
  }
  if (seconds(answers.updatetimeout) > 3_600) {
    faults.push(`--updatetimeout ${answers.updatetimeout}: CloudFormation waits at most PT1H for each node.`);
  }
  return faults;
}

/** The seconds of a duration such as PT1H30M; 0 for anything else. */
function seconds(duration: string): number {
  const [, hours = '0', minutes = '0', rest = '0'] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration) ?? [];
  return Number(hours) * 3_600 + Number(minutes) * 60 + Number(rest);
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Makes the template's options from the answers to the option table; deploy.sh uses the same table and adds its own
 * options. Everything that needs no AWS is checked here at once, so that a person corrects the command line only once.
 */
import { AgentError } from '../src/errors.ts';
import { DEFAULT_INSTANCE_TYPE } from './instance-type.ts';
import { LEAST_ADDRESSES } from './limits.ts';
import { faultsOf } from './option-rules.ts';
import { answersOf, type GivenOptions } from './option-table.ts';
import { LARGEST_TEMPLATE_BYTES, template, templateText } from './template.ts';
import type { Architecture, IdentityMode, Source, TemplateOptions, VolumeType, Zone } from './template-options.ts';

/**
 * The template's options from yargs' answers, checked. `presentHosts` is the present size of the group, for an update.
 * Throws AgentError BAD_ARGUMENT, with a sentence for each problem.
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

/** Call this only with answers that were checked. */
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
    ...(answers.zone === undefined ? {} : { zone: zoneOf(answers.zone) }),
    ...(sshsource === undefined ? {} : { sshSource: sourceOf(sshsource) }),
    clientSources: answers.clientsource.toSorted().map(sourceOf),
    ...(instancerole === undefined ? {} : { instanceRole: instancerole }),
    ...poolOf(answers, present),
    hosts: numhosts,
    presentHosts: present,
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

export function zoneOf(text: string): Zone {
  const [id = '', name = ''] = text.split(':');
  return { id, name };
}

/** The group never has more nodes than there are addresses for them. */
function poolOf(
  { mode, numhosts, maxhosts, addresses }: GivenOptions,
  present: number,
): Pick<TemplateOptions, 'mode' | 'addresses' | 'mostHosts'> {
  if (mode === 'elastic-ip') {
    const pool = addresses ?? Math.max(numhosts, LEAST_ADDRESSES);
    return { mode, addresses: pool, mostHosts: pool - 1 };
  }
  return { mode: mode as IdentityMode, addresses: 0, mostHosts: Math.max(maxhosts ?? 2 * numhosts + 1, present) };
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

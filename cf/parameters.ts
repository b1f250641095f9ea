// SPDX-License-Identifier: Apache-2.0
/**
 * The parameters: what an operator may change by hand in the console. The options are their defaults. Changes of the
 * structure (a key or none, a role given or made, the clients) belong to the generator instead. So the template has no
 * conditions, and shows exactly the resources that will exist.
 */
import type { JsonObject, Parameter } from './cloudformation.ts';
import {
  DURATION,
  ENVIRONMENT,
  HIGHEST_HOSTS,
  HOOK_SECONDS,
  INSTANCE_TYPE,
  MOST_HOSTS,
  RETENTION_DAYS,
  ROLE_NAME,
  type Rule,
  VOLUME_GIB,
} from './limits.ts';
import type { TemplateOptions } from './template-options.ts';

interface Described {
  readonly group: 'Network' | 'Nodes' | 'Size' | 'Operation';
  readonly label: string;
  readonly parameter: Parameter;
}

function described(options: TemplateOptions): ReadonlyMap<string, Described> {
  const { keyName, instanceRole, sshSource } = options;
  const entries: [string, Described | undefined][] = [
    ...networkParameters(options),
    ['SshSource', sshSource && sshSourceParameter(sshSource)],
    ...nodeParameters(options),
    [
      'KeyName',
      keyName === undefined
        ? undefined
        : text('Nodes', 'Key pair', 'AWS::EC2::KeyPair::KeyName', keyName, 'Key pair for SSH as an administrator.'),
    ],
    ['InstanceRole', instanceRole === undefined ? undefined : instanceRoleParameter(instanceRole)],
    ...sizeParameters(options),
    ...operationParameters(options),
  ];
  return new Map(entries.flatMap(([name, entry]) => (entry === undefined ? [] : [[name, entry] as const])));
}

function networkParameters(options: TemplateOptions): [string, Described][] {
  const subnets =
    'Three private subnets of the VPC, each in a zone of its own, from which the AWS APIs can be reached.';
  return [
    ['VpcId', text('Network', 'VPC', 'AWS::EC2::VPC::Id', options.vpcId, 'The VPC of the subnets.')],
    [
      'Subnets',
      text('Network', 'Subnets', 'List<AWS::EC2::Subnet::Id>', options.subnets.toSorted().join(','), subnets),
    ],
  ];
}

function sshSourceParameter(source: NonNullable<TemplateOptions['sshSource']>): Described {
  const label = 'SSH from';
  if (source.kind === 'group') {
    return text('Network', label, 'AWS::EC2::SecurityGroup::Id', source.id, 'Security group that may open SSH.');
  }
  const parameter = text('Network', label, 'String', source.cidr, 'Network that may open SSH.');
  return ruled(parameter, {
    pattern: String.raw`(\d{1,3}\.){3}\d{1,3}/\d{1,2}`,
    sentence: 'A network in CIDR notation, such as 10.0.0.0/16.',
  });
}

function nodeParameters(options: TemplateOptions): [string, Described][] {
  return [
    ['ImageId', text('Nodes', 'Image', 'AWS::EC2::Image::Id', options.imageId, 'The image that build.sh made.')],
    [
      'InstanceType',
      ruled(
        text('Nodes', 'Instance type', 'String', options.instanceType, 'Of the architecture of the image.'),
        INSTANCE_TYPE,
      ),
    ],
    [
      'VolumeGib',
      number('Nodes', 'Root volume (GiB)', options.volumeGib, VOLUME_GIB, 'Holds the data too; encrypted.'),
    ],
  ];
}

function instanceRoleParameter(role: string): Described {
  return ruled(text('Nodes', 'Role', 'String', role, 'Name of the existing role of the nodes.'), ROLE_NAME);
}

function sizeParameters(options: TemplateOptions): [string, Described][] {
  const odd = Array.from({ length: (HIGHEST_HOSTS + 1) / 2 }, (_, index) => String(2 * index + 1));
  const hosts: Parameter = {
    Type: 'Number',
    Description: 'Nodes at first, and the least there may be. An odd number: an even one survives no more failures.',
    Default: String(options.hosts),
    AllowedValues: odd,
    ConstraintDescription: `An odd number from 1 to ${HIGHEST_HOSTS}.`,
  };
  const present = 'Nodes that the group has now; a rolling update keeps as many in service. deploy.sh fills it in.';
  const most = 'The most nodes that there may be for a moment: one more than the group is ever scaled to.';
  return [
    ['NumHosts', { group: 'Size', label: 'Nodes', parameter: hosts }],
    ['PresentHosts', number('Size', 'Nodes at present', options.presentHosts, [1, MOST_HOSTS], present)],
    ['MaxSize', number('Size', 'Maximum', options.mostHosts + 1, [2, MOST_HOSTS + 1], most)],
  ];
}

function operationParameters(options: TemplateOptions): [string, Described][] {
  const { times } = options;
  const creation = text('Operation', 'Creation timeout', 'String', times.creation, 'For all nodes to vote.');
  const update = text('Operation', 'Update timeout', 'String', times.update, 'For each new node to vote; up to PT1H.');
  const retention: Parameter = {
    Type: 'Number',
    Description: 'How long the logs of the nodes are kept, in days. The claims on ids are kept for good.',
    Default: String(options.logRetentionDays),
    AllowedValues: RETENTION_DAYS.map(String),
    ConstraintDescription: 'A retention that CloudWatch Logs has.',
  };
  const hook = 'Seconds without a heartbeat after which';
  return [
    [
      'Environment',
      ruled(text('Operation', 'Environment', 'String', options.environment, 'Tag of all resources.'), ENVIRONMENT),
    ],
    ['LogRetentionDays', { group: 'Operation', label: 'Log retention (days)', parameter: retention }],
    ['CreationTimeout', ruled(creation, DURATION)],
    ['UpdateTimeout', ruled(update, DURATION)],
    [
      'LaunchHookSeconds',
      number(
        'Operation',
        'Launch hook',
        times.launchHookSeconds,
        HOOK_SECONDS,
        `${hook} a launching node is given up.`,
      ),
    ],
    [
      'TerminateHookSeconds',
      number('Operation', 'Terminate hook', times.terminateHookSeconds, HOOK_SECONDS, `${hook} a leaving node goes.`),
    ],
  ];
}

function text(group: Described['group'], label: string, Type: string, Default: string, Description: string): Described {
  return { group, label, parameter: { Type, Description, Default } };
}

function number(
  group: Described['group'],
  label: string,
  value: number,
  [least, most]: readonly [number, number],
  Description: string,
): Described {
  const parameter: Parameter = {
    Type: 'Number',
    Description,
    Default: String(value),
    MinValue: least,
    MaxValue: most,
    ConstraintDescription: `A whole number from ${least} to ${most}.`,
  };
  return { group, label, parameter };
}

function ruled(entry: Described, rule: Rule): Described {
  const parameter = { ...entry.parameter, AllowedPattern: rule.pattern, ConstraintDescription: rule.sentence };
  return { ...entry, parameter };
}

export function parameters(options: TemplateOptions): { readonly [name: string]: Parameter } {
  return Object.fromEntries([...described(options)].map(([name, { parameter }]) => [name, parameter]));
}

/** How the console groups and names the parameters (`AWS::CloudFormation::Interface`). */
export function parameterInterface(options: TemplateOptions): JsonObject {
  const all = [...described(options)];
  const groups = ['Network', 'Nodes', 'Size', 'Operation'].map((group) => ({
    Label: { default: group },
    Parameters: all.filter(([, entry]) => entry.group === group).map(([name]) => name),
  }));
  const labels = Object.fromEntries(all.map(([name, { label }]) => [name, { default: label }]));
  return { ParameterGroups: groups, ParameterLabels: labels };
}

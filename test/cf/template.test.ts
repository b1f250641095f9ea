// SPDX-License-Identifier: Apache-2.0
/** What must hold for every template, whatever the options. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json, JsonObject, Resource, Template } from '../../cf/cloudformation.ts';
import { template, templateText } from '../../cf/template.ts';
import { settingsOfUserData } from '../../cf/user-data.ts';
import { parseEnvironmentFile } from '../../src/environment-file.ts';
import { COMBINATIONS, optionsOf, templateOf } from './combinations.ts';

const TEMPLATES = Object.keys(COMBINATIONS).map((name) => [name, templateOf(name)] as const);
const NODES = { 'Fn::GetAtt': ['NodeSecurityGroup', 'GroupId'] };
const CLIENTS = { 'Fn::GetAtt': ['ClientSecurityGroup', 'GroupId'] };

interface Rule {
  readonly name: string;
  readonly port: Json | undefined;
  readonly toPort: Json | undefined;
  readonly from: Json | undefined;
  readonly into: Json | undefined;
}

function resource(made: Template, logicalId: string): Resource {
  const found = made.Resources[logicalId];
  assert.ok(found, `there is no resource ${logicalId}`);
  return found;
}

/** Every rule that lets somebody in, inline ones too. */
function ingressRules(made: Template): readonly Rule[] {
  return Object.entries(made.Resources).flatMap(([name, { Type, Properties }]) => {
    const rule = (each: JsonObject, into: Json | undefined): Rule => {
      const from = each.SourceSecurityGroupId ?? each.CidrIp ?? each.CidrIpv6 ?? each.SourcePrefixListId;
      return { name, port: each.FromPort, toPort: each.ToPort, from, into };
    };
    if (Type === 'AWS::EC2::SecurityGroupIngress') return [rule(Properties, Properties.GroupId)];
    const inline = Type === 'AWS::EC2::SecurityGroup' ? (Properties.SecurityGroupIngress ?? []) : [];
    return (inline as readonly JsonObject[]).map((each) => rule(each, name));
  });
}

function everyTemplate(what: string, check: (made: Template, name: string) => void): void {
  test(what, () => {
    for (const [name, made] of TEMPLATES) check(made, name);
  });
}

/** The Elastic IPs of a template, each as the network of it alone. */
function addresses(made: Template): readonly Json[] {
  const ids = Object.entries(made.Resources).flatMap(([id, { Type }]) => (Type === 'AWS::EC2::EIP' ? [id] : []));
  return ids.map((id) => ({ 'Fn::Join': ['/', [{ Ref: id }, '32']] }));
}

/** Where the members are: in their security group, or at the addresses of the stack. */
function members(made: Template): readonly Json[] {
  const all = addresses(made);
  return all.length === 0 ? [NODES] : all;
}

const texts = (all: readonly (Json | undefined)[]): readonly string[] => all.map((one) => JSON.stringify(one)).sort();

everyTemplate('the ports of quorum and election are open to members alone, and to no range', (made, name) => {
  for (const rule of ingressRules(made)) {
    assert.equal(rule.port, rule.toPort, `${name} ${rule.name}`);
    assert.deepEqual(rule.into, NODES, `${name} ${rule.name}`);
  }
  for (const port of [2888, 3888]) {
    const from = ingressRules(made).flatMap((rule) => (rule.port === port ? [rule.from] : []));
    assert.deepEqual(texts(from), texts(members(made)), `${name} ${port}`);
  }
});

everyTemplate('clients come from their group, the members and the sources given', (made, name) => {
  const sources = COMBINATIONS[name]?.includes('--clientsource')
    ? optionsOf(...(COMBINATIONS[name] ?? [])).clientSources
    : [];
  const given = sources.map((source) => (source.kind === 'group' ? source.id : source.cidr));
  const from = ingressRules(made).flatMap((rule) => (rule.port === 2181 ? [rule.from] : []));
  assert.deepEqual(texts(from), texts([CLIENTS, ...members(made), ...given]), name);
});

everyTemplate('SSH is there with a key and a source only, from that source', (made, name) => {
  const words = COMBINATIONS[name] ?? [];
  const ssh = ingressRules(made).filter((rule) => rule.port === 22);
  assert.equal(ssh.length, words.includes('--sshsource') ? 1 : 0, name);
  for (const rule of ssh) assert.deepEqual(rule.from, { Ref: 'SshSource' });
  assert.equal('KeyName' in made.Parameters, words.includes('--keyname'), name);
});

everyTemplate('no other port is open', (made) => {
  for (const { port } of ingressRules(made)) assert.ok([22, 2181, 2888, 3888].includes(Number(port)));
});

everyTemplate('the nodes reach the members’ ports, AWS by HTTPS, and nothing else', (made, name) => {
  const out = Object.values(made.Resources).flatMap(({ Type, Properties }) =>
    Type === 'AWS::EC2::SecurityGroupEgress' ? [Properties] : [],
  );
  for (const port of [2181, 2888, 3888]) {
    const to = out.flatMap((rule) => (rule.FromPort === port && rule.ToPort === port ? [rule] : []));
    assert.deepEqual(
      texts(to.map((rule) => rule.CidrIp ?? rule.DestinationSecurityGroupId)),
      texts(members(made)),
      name,
    );
  }
  assert.equal(out.length, 3 * members(made).length);
  const [https, ...others] = resource(made, 'NodeSecurityGroup').Properties
    .SecurityGroupEgress as readonly JsonObject[];
  assert.deepEqual([https?.FromPort, https?.ToPort, others.length], [443, 443, 0]);
});

test('each Elastic IP has the tags of the cluster and of its id, and the settings name the mode', () => {
  const made = templateOf('elastic-ips-with-one-more');
  const tags = [1, 2, 3, 4].map((id) => resource(made, `Address${id}`).Properties.Tags as readonly JsonObject[]);
  for (const [index, each] of tags.entries()) {
    const tagged = (key: string) => each.find(({ Key }) => Key === key)?.Value;
    assert.equal(tagged('myid'), String(index + 1));
    assert.deepEqual(tagged('zookeeper_cluster'), made.Outputs.Cluster?.Value);
  }
  assert.equal(addresses(made).length, 4);
  assert.match(templateText(made, 'json'), /MODE='elastic-ip'/);
  assert.equal(addresses(templateOf('plain')).length, 0);
  assert.doesNotMatch(templateText(templateOf('plain'), 'json'), /MODE=/);
});

test('with Elastic IPs there are never more nodes than addresses; an update goes by whether one is to spare', () => {
  for (const [words, most, inService] of [
    [[], 3, 2],
    [['--addresses', '4'], 4, { Ref: 'PresentHosts' }],
    [['--numhosts', '1'], 2, { Ref: 'PresentHosts' }],
  ] as const) {
    const made = template(optionsOf('--mode', 'elastic-ip', ...words));
    assert.equal(made.Parameters.MaxSize?.Default, String(most));
    const rolling = resource(made, 'Group').UpdatePolicy?.AutoScalingRollingUpdate as JsonObject;
    assert.deepEqual(rolling.MinInstancesInService, inService);
    assert.equal(addresses(made).length, most);
  }
});

everyTemplate('ARNs are of the partition that the stack stands in', (made, name) => {
  assert.doesNotMatch(templateText(made, 'json'), /arn:(?!\$\{AWS::Partition\}:)/, name);
});

everyTemplate('everything that is named exists', (made, name) => {
  const known = new Set([...Object.keys(made.Parameters), ...Object.keys(made.Resources)]);
  for (const referred of references(JSON.parse(JSON.stringify(made)) as Json)) {
    assert.ok(referred.startsWith('AWS::') || known.has(referred), `${name} refers to ${referred}`);
  }
  for (const { DependsOn = [] } of Object.values(made.Resources)) for (const id of DependsOn) assert.ok(known.has(id));
});

function references(value: Json): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((part: Json) => references(part));
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': sub, ...others } = value as { [key: string]: Json };
  const text = Array.isArray(sub) ? sub[0] : sub;
  const variables = Array.isArray(sub) ? (sub[1] as JsonObject) : {};
  const inText =
    typeof text === 'string' ? [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].map((match) => match[1] ?? '') : [];
  return [
    ...(typeof Ref === 'string' ? [Ref] : []),
    ...(Array.isArray(attribute) ? [String(attribute[0])] : []),
    ...inText.flatMap((name) =>
      name in variables ? [] : [name.startsWith('AWS::') ? name : (name.split('.')[0] ?? '')],
    ),
    ...references(Object.values(variables)),
    ...references(Object.values(others)),
  ];
}

everyTemplate('every parameter is used, and described in a group of the console', (made, name) => {
  const { Resources, Outputs, Parameters } = made;
  const used = new Set(references(JSON.parse(JSON.stringify([Resources, Outputs])) as Json));
  const { ParameterGroups, ParameterLabels } = made.Metadata['AWS::CloudFormation::Interface'] as {
    ParameterGroups: { Parameters: string[] }[];
    ParameterLabels: object;
  };
  const parameters = Object.keys(Parameters).sort();
  assert.deepEqual(ParameterGroups.flatMap((group) => group.Parameters).sort(), parameters, name);
  assert.deepEqual(Object.keys(ParameterLabels).sort(), parameters, name);
  assert.deepEqual(
    parameters.filter((parameter) => !used.has(parameter)),
    [],
    name,
  );
});

everyTemplate('a default fits its own constraints', (made, name) => {
  for (const [parameter, { Default, AllowedPattern, AllowedValues, MinValue, MaxValue }] of Object.entries(
    made.Parameters,
  )) {
    const what = `${name} ${parameter}`;
    if (AllowedPattern !== undefined) assert.match(Default, new RegExp(`^(?:${AllowedPattern})$`), what);
    if (AllowedValues !== undefined) assert.ok(AllowedValues.includes(Default), what);
    if (MinValue !== undefined) assert.ok(Number(Default) >= MinValue, what);
    if (MaxValue !== undefined) assert.ok(Number(Default) <= MaxValue, what);
  }
});

everyTemplate('there is room for the one node more of an update, or it begins with one less', (made, name) => {
  const { MaxSize, PresentHosts, NumHosts } = made.Parameters;
  const present = Number(PresentHosts?.Default);
  const more = Number(MaxSize?.Default) - present;
  assert.equal(more > 0, name !== 'elastic-ips');
  assert.ok(Number(NumHosts?.Default) <= Number(PresentHosts?.Default));
  const rolling = resource(made, 'Group').UpdatePolicy?.AutoScalingRollingUpdate as JsonObject;
  assert.deepEqual(
    [rolling.MaxBatchSize, rolling.MinInstancesInService],
    [1, more > 0 ? { Ref: 'PresentHosts' } : present - 1],
  );
  assert.equal(rolling.WaitOnResourceSignals, true);
  const suspended = rolling.SuspendProcesses as readonly string[];
  for (const process of ['Launch', 'Terminate']) assert.ok(!suspended.includes(process));
});

everyTemplate('what a node needs from its first second to its last outlives the group', (made) => {
  const { DependsOn = [] } = resource(made, 'Group');
  const rules = Object.keys(made.Resources).filter((id) => /(From|To)(Members|Address\d+)$/.test(id));
  assert.equal(rules.length, 6 * members(made).length);
  for (const id of ['BucketPolicy', ...rules]) assert.ok(DependsOn.includes(id), id);
});

everyTemplate('state is kept when the stack goes', (made) => {
  assert.equal(resource(made, 'Bucket').DeletionPolicy, 'Retain');
  assert.equal(resource(made, 'ClaimsLogGroup').DeletionPolicy, 'RetainExceptOnCreate');
  assert.ok(!('RetentionInDays' in resource(made, 'ClaimsLogGroup').Properties));
  for (const id of ['Bucket', 'ClaimsLogGroup']) assert.equal(resource(made, id).UpdateReplacePolicy, 'Retain');
});

everyTemplate('everything that can carry tags carries the cluster’s', (made, name) => {
  const cluster = made.Outputs.Cluster?.Value;
  const taggable = ['Group', 'Bucket', 'ClaimsLogGroup', 'NodeLogGroup', 'NodeSecurityGroup', 'ClientSecurityGroup'];
  const lists: [string, Json | undefined][] = taggable.map((id) => [id, resource(made, id).Properties.Tags]);
  if (made.Resources.Role !== undefined) lists.push(['Role', made.Resources.Role.Properties.Tags]);
  const launch = resource(made, 'LaunchTemplate').Properties;
  for (const { Tags, ResourceType } of [
    ...(launch.TagSpecifications as readonly JsonObject[]),
    ...((launch.LaunchTemplateData as JsonObject).TagSpecifications as readonly JsonObject[]),
  ]) {
    lists.push([String(ResourceType), Tags]);
  }
  for (const [what, tags] of lists) {
    const values = (tags as readonly JsonObject[]).filter((tag) => tag.Key === 'zookeeper_cluster');
    assert.deepEqual(
      values.map((tag) => tag.Value),
      [cluster],
      `${name} ${what}`,
    );
  }
});

everyTemplate('instances: IMDSv2, one hop, an encrypted root volume of a stated size', (made) => {
  const data = resource(made, 'LaunchTemplate').Properties.LaunchTemplateData as JsonObject;
  const metadata = data.MetadataOptions as JsonObject;
  assert.deepEqual([metadata.HttpTokens, metadata.HttpPutResponseHopLimit], ['required', 1]);
  const [root] = data.BlockDeviceMappings as readonly JsonObject[];
  const volume = root?.Ebs as JsonObject;
  assert.deepEqual([volume.Encrypted, volume.VolumeSize], [true, { Ref: 'VolumeGib' }]);
});

test('a role is made unless one is given', () => {
  assert.ok(templateOf('plain').Resources.Role);
  const given = templateOf('given-role');
  assert.equal(given.Resources.Role, undefined);
  assert.deepEqual(resource(given, 'InstanceProfile').Properties.Roles, [{ Ref: 'InstanceRole' }]);
});

test('hooks stand in the group’s own list, with their results', () => {
  const hooks = resource(templateOf('plain'), 'Group').Properties
    .LifecycleHookSpecificationList as readonly JsonObject[];
  assert.deepEqual(
    hooks.map((hook) => [hook.LifecycleHookName, hook.LifecycleTransition, hook.DefaultResult]),
    [
      ['launch', 'autoscaling:EC2_INSTANCE_LAUNCHING', 'ABANDON'],
      ['terminate', 'autoscaling:EC2_INSTANCE_TERMINATING', 'CONTINUE'],
    ],
  );
});

test('the user data writes an agent.env that the agent reads, its own lines last', () => {
  const data = resource(templateOf('everything'), 'LaunchTemplate').Properties.LaunchTemplateData as JsonObject;
  const [text] = ((data.UserData as JsonObject)['Fn::Base64'] as JsonObject)['Fn::Sub'] as [string, JsonObject];
  const names: Readonly<Record<string, string>> = {
    'AWS::Region': 'eu-west-1',
    'AWS::StackId': 'arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/4f1c2a90-0000-0000-0000-000000000000',
    Cluster: 'orders-4f1c2a90',
    Bucket: 'orders-bucket-1abcdefghijkl',
    ClaimsLogGroup: '/zookeeper/orders-4f1c2a90',
    NodeLogGroup: '/zookeeper/orders-4f1c2a90/nodes',
  };
  const script = text.replace(/\$\{(!?)([^}]+)\}/g, (_, escaped: string, name: string) => {
    if (escaped === '!') return `\${${name}}`;
    assert.ok(names[name], `the user data names ${name}`);
    return names[name];
  });
  assert.deepEqual(Object.fromEntries(parseEnvironmentFile(settingsOfUserData(script), 'agent.env')), {
    REGION: names['AWS::Region'],
    CLUSTER: names.Cluster,
    BUCKET: names.Bucket,
    LOG_GROUP: names.ClaimsLogGroup,
    NODE_LOG_GROUP: names.NodeLogGroup,
    STACK: names['AWS::StackId'],
    SIGNAL_RESOURCE: 'Group',
    LAUNCH_HOOK: 'launch',
    TERMINATE_HOOK: 'terminate',
    AWS_ENDPOINT_URL: `http://127.0.0.1:4566/\${literal}`,
    SYNC_LIMIT: '10',
  });
});

test('a source of clients more or less leaves the other rules as they are', () => {
  const before = template(optionsOf('--clientsource', '10.1.0.0/16', '10.3.0.0/16')).Resources;
  const after = template(optionsOf('--clientsource', '10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16')).Resources;
  const added = Object.keys(after).filter((id) => !(id in before));
  assert.deepEqual(added, ['ClientIngressFrom10x2x0x0x16']);
  for (const [id, { Type, Properties }] of Object.entries(before)) {
    assert.deepEqual(after[id], { ...after[id], Type, Properties });
  }
});

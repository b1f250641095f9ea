// SPDX-License-Identifier: Apache-2.0
/** Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2". */
import { type Struct, structAt, structsAt, textAt, textsAt } from '../../value.ts';
import { type Context, contextOf, merged, tagContext } from '../context.ts';
import { type ResourceFacts, tagsOf } from '../facts.ts';
import { ec2Arn, specifiedTags } from './ec2-resources.ts';
import {
  type ActionRule,
  type ActionTable,
  type Element,
  onNothing,
  requestTags,
  TAGS_OF_REQUEST,
  TAGS_OF_RESOURCE,
} from './element.ts';
import { runInstancesElements } from './run-instances.ts';

const RESOURCE_KEYS = [
  ...TAGS_OF_RESOURCE,
  ...['ec2:ResourceTag/', 'ec2:Region', 'ec2:Vpc', 'ec2:AvailabilityZone'],
  ...['ec2:InstanceID', 'ec2:InstanceType', 'ec2:InstanceProfile'],
];

/** The kind of a resource, by the prefix of its id. */
const KINDS: Readonly<Record<string, string>> = {
  i: 'instance',
  vol: 'volume',
  eni: 'network-interface',
  eipalloc: 'elastic-ip',
  sg: 'security-group',
  sgr: 'security-group-rule',
  subnet: 'subnet',
  vpc: 'vpc',
  lt: 'launch-template',
  ami: 'image',
  snap: 'snapshot',
  key: 'key-pair',
};

/** An existing resource, with its tags and the other facts of its kind. */
async function existing(facts: ResourceFacts, action: string, id: string): Promise<Element> {
  const kind = KINDS[id.slice(0, id.lastIndexOf('-'))] ?? 'unknown';
  const tags = await facts.ec2Tags(id);
  const context = merged(
    contextOf({ 'ec2:Region': facts.region }),
    tagContext('aws:ResourceTag', tags),
    tagContext('ec2:ResourceTag', tags),
    kind === 'instance' ? instanceContext(id, facts.instance(id)) : contextOf({}),
  );
  return { action: `ec2:${action}`, resource: ec2Arn(facts, kind, id), context };
}

function instanceContext(id: string, instance: Struct | undefined): Context {
  return contextOf({
    'ec2:InstanceID': id,
    'ec2:InstanceType': textAt(instance, 'InstanceType'),
    'ec2:InstanceProfile': textAt(structAt(instance, 'IamInstanceProfile'), 'Arn'),
    'ec2:AvailabilityZone': textAt(structAt(instance, 'Placement'), 'AvailabilityZone'),
  });
}

/** A resource that the call makes. If it is made with tags, also CreateTags on it (`ec2:CreateAction`). */
function made(facts: ResourceFacts, action: string, kind: string, input: Struct): readonly Element[] {
  const tags = specifiedTags(input, kind);
  const resource = ec2Arn(facts, kind, '*');
  const context = merged(contextOf({ 'ec2:Region': facts.region }), requestTags(tags));
  const element: Element = { action: `ec2:${action}`, resource, context };
  const created = merged(context, contextOf({ 'ec2:CreateAction': action }));
  return tags.size === 0 ? [element] : [element, { action: 'ec2:CreateTags', resource, context: created }];
}

/** An action on the resources in these members of its input. */
function on(action: string, ...members: readonly string[]): ActionRule {
  return {
    action,
    keys: RESOURCE_KEYS,
    elements: (input, facts) => Promise.all(idsAt(input, members).map((id) => existing(facts, action, id))),
  };
}

function idsAt(input: Struct, members: readonly string[]): readonly string[] {
  return members.flatMap((name) => textAt(input, name) ?? textsAt(input, name));
}

function tagging(action: string): ActionRule {
  return {
    action,
    keys: [...RESOURCE_KEYS, ...TAGS_OF_REQUEST, 'ec2:CreateAction'],
    elements: async (input, facts) => {
      const tags = requestTags(tagsOf(structsAt(input, 'Tags')));
      const elements = await Promise.all(textsAt(input, 'Resources').map((id) => existing(facts, action, id)));
      return elements.map((element) => ({ ...element, context: merged(element.context ?? new Map(), tags) }));
    },
  };
}

/** Rules of a security group. If they are made with tags, also CreateTags on them. */
function groupRules(action: string): ActionRule {
  return {
    action,
    keys: [...RESOURCE_KEYS, ...TAGS_OF_REQUEST],
    elements: async (input, facts) => [
      await existing(facts, action, textAt(input, 'GroupId') ?? 'sg-*'),
      ...made(facts, action, 'security-group-rule', input).filter((element) => element.action === 'ec2:CreateTags'),
    ],
  };
}

/** A key pair is known by its name. */
function onKeyPair(action: string): ActionRule {
  return {
    action,
    keys: [...RESOURCE_KEYS, ...TAGS_OF_REQUEST],
    elements: (input, facts) => {
      const tags = specifiedTags(input, 'key-pair');
      const resource = ec2Arn(facts, 'key-pair', textAt(input, 'KeyName') ?? '*');
      const context = merged(contextOf({ 'ec2:Region': facts.region }), requestTags(tags));
      const element: Element = { action: `ec2:${action}`, resource, context };
      const created = merged(context, contextOf({ 'ec2:CreateAction': action }));
      return tags.size === 0 ? [element] : [element, { action: 'ec2:CreateTags', resource, context: created }];
    },
  };
}

/** The call may have the template's name instead of its id. */
function onTemplate(action: string): ActionRule {
  return {
    action,
    keys: RESOURCE_KEYS,
    elements: async (input, facts) => {
      const id = textAt(input, 'LaunchTemplateId') ?? (await facts.template(input))?.id ?? 'lt-*';
      return [await existing(facts, action, id)];
    },
  };
}

export const EC2_ACTIONS: ActionTable = {
  ...onNothing(
    'ec2',
    [
      ...['DescribeInstances', 'DescribeInstanceStatus', 'DescribeInstanceTypes', 'DescribeInstanceTypeOfferings'],
      ...['DescribeTags', 'DescribeVpcs', 'DescribeSubnets', 'DescribeImages', 'DescribeKeyPairs', 'DescribeRegions'],
      ...['DescribeSecurityGroups', 'DescribeSecurityGroupRules', 'DescribeLaunchTemplates', 'DescribeVolumes'],
      ...['DescribeLaunchTemplateVersions', 'DescribeNetworkInterfaces', 'DescribeAddresses', 'DescribeSnapshots'],
      ...['DescribeAvailabilityZones', 'DescribeRouteTables', 'DescribeVpcEndpoints'],
      'DescribeAccountAttributes',
    ],
    ['ec2:Region'],
  ),
  DescribeInstanceAttribute: on('DescribeInstanceAttribute', 'InstanceId'),
  CreateTags: tagging('CreateTags'),
  DeleteTags: tagging('DeleteTags'),
  RunInstances: {
    action: 'RunInstances',
    keys: [...RESOURCE_KEYS, ...TAGS_OF_REQUEST, 'ec2:LaunchTemplate', 'ec2:IsLaunchTemplateResource'],
    elements: runInstancesElements,
  },
  TerminateInstances: on('TerminateInstances', 'InstanceIds'),
  StopInstances: on('StopInstances', 'InstanceIds'),
  StartInstances: on('StartInstances', 'InstanceIds'),
  RebootInstances: on('RebootInstances', 'InstanceIds'),
  ModifyInstanceMetadataOptions: on('ModifyInstanceMetadataOptions', 'InstanceId'),
  CreateImage: {
    action: 'CreateImage',
    keys: [...RESOURCE_KEYS, ...TAGS_OF_REQUEST],
    elements: async (input, facts) => [
      await existing(facts, 'CreateImage', textAt(input, 'InstanceId') ?? ''),
      ...made(facts, 'CreateImage', 'image', input),
      ...made(facts, 'CreateImage', 'snapshot', input),
    ],
  },
  ModifyImageAttribute: on('ModifyImageAttribute', 'ImageId'),
  DeregisterImage: on('DeregisterImage', 'ImageId'),
  DeleteSnapshot: on('DeleteSnapshot', 'SnapshotId'),
  CreateKeyPair: onKeyPair('CreateKeyPair'),
  DeleteKeyPair: onKeyPair('DeleteKeyPair'),
  CreateSecurityGroup: {
    action: 'CreateSecurityGroup',
    keys: [...RESOURCE_KEYS, ...TAGS_OF_REQUEST],
    elements: async (input, facts) => {
      // Packer sends an empty one; EC2 takes the default VPC then.
      const vpc = textAt(input, 'VpcId') ?? '';
      const inVpc = vpc === '' ? [] : [await existing(facts, 'CreateSecurityGroup', vpc)];
      return [...made(facts, 'CreateSecurityGroup', 'security-group', input), ...inVpc];
    },
  },
  DeleteSecurityGroup: on('DeleteSecurityGroup', 'GroupId'),
  AuthorizeSecurityGroupIngress: groupRules('AuthorizeSecurityGroupIngress'),
  AuthorizeSecurityGroupEgress: groupRules('AuthorizeSecurityGroupEgress'),
  RevokeSecurityGroupIngress: groupRules('RevokeSecurityGroupIngress'),
  RevokeSecurityGroupEgress: groupRules('RevokeSecurityGroupEgress'),
  UpdateSecurityGroupRuleDescriptionsIngress: groupRules('UpdateSecurityGroupRuleDescriptionsIngress'),
  UpdateSecurityGroupRuleDescriptionsEgress: groupRules('UpdateSecurityGroupRuleDescriptionsEgress'),
  CreateLaunchTemplate: {
    action: 'CreateLaunchTemplate',
    keys: [...RESOURCE_KEYS, ...TAGS_OF_REQUEST],
    elements: (input, facts) => made(facts, 'CreateLaunchTemplate', 'launch-template', input),
  },
  CreateLaunchTemplateVersion: onTemplate('CreateLaunchTemplateVersion'),
  DeleteLaunchTemplate: onTemplate('DeleteLaunchTemplate'),
  AttachVolume: on('AttachVolume', 'InstanceId', 'VolumeId'),
  DetachVolume: on('DetachVolume', 'InstanceId', 'VolumeId'),
  AttachNetworkInterface: on('AttachNetworkInterface', 'InstanceId', 'NetworkInterfaceId'),
  AllocateAddress: {
    action: 'AllocateAddress',
    keys: [...RESOURCE_KEYS, ...TAGS_OF_REQUEST],
    elements: (input, facts) => made(facts, 'AllocateAddress', 'elastic-ip', input),
  },
  ReleaseAddress: on('ReleaseAddress', 'AllocationId'),
  AssociateAddress: on('AssociateAddress', 'AllocationId', 'InstanceId', 'NetworkInterfaceId'),
};

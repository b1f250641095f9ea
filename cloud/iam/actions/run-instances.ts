// SPDX-License-Identifier: Apache-2.0
/**
 * RunInstances needs rights for everything that it uses or makes (Service Authorization Reference, "RunInstances"; EC2
 * User Guide, "Example policies": launch instances). Creating or changing a group with a launch template needs the same
 * rights (Auto Scaling User Guide, "Control Amazon EC2 launch template usage in Auto Scaling groups").
 */
import { type Struct, structAt, structsAt, textAt, textsAt } from '../../value.ts';
import { type Context, contextOf, merged, tagContext } from '../context.ts';
import type { ResourceFacts } from '../facts.ts';
import { ec2Arn, specifiedTags } from './ec2-resources.ts';
import { type Element, requestTags } from './element.ts';

/** The values in the call replace those of its launch template. */
export async function runInstancesElements(input: Struct, facts: ResourceFacts): Promise<readonly Element[]> {
  const template = await facts.template(structAt(input, 'LaunchTemplate'));
  const data: Struct = { ...template?.data, ...input };
  const templateArn = template === undefined ? undefined : ec2Arn(facts, 'launch-template', template.id);
  const common = contextOf({
    'ec2:Region': facts.region,
    'ec2:LaunchTemplate': templateArn,
    'ec2:IsLaunchTemplateResource': templateArn === undefined ? undefined : true,
  });
  const used = [
    ['image', textAt(data, 'ImageId')] as const,
    ['key-pair', textAt(data, 'KeyName')] as const,
    ['launch-template', template?.id] as const,
    ...subnets(data).map((id) => ['subnet', id] as const),
    ...groups(data).map((id) => ['security-group', id] as const),
  ];
  const elements: Element[] = [];
  for (const [kind, id] of used) {
    if (id === undefined || id === '') continue;
    const tags = await facts.ec2Tags(id);
    const context = merged(common, tagContext('aws:ResourceTag', tags), tagContext('ec2:ResourceTag', tags));
    elements.push({ action: 'ec2:RunInstances', resource: ec2Arn(facts, kind, id), context });
  }
  const profile = structAt(data, 'IamInstanceProfile');
  const profileName = textAt(profile, 'Arn') || textAt(profile, 'Name') || undefined;
  const instance = contextOf({
    'ec2:InstanceType': textAt(data, 'InstanceType'),
    'ec2:InstanceProfile':
      profileName === undefined ? undefined : await facts.profileArn(profileName.split('/').at(-1) ?? ''),
  });
  for (const kind of ['instance', 'volume', 'network-interface']) {
    elements.push(...madeByRun(facts, kind, data, kind === 'instance' ? merged(common, instance) : common));
  }
  const role = profileName === undefined ? undefined : await facts.roleOfProfile(profileName);
  return role === undefined ? elements : [...elements, passRole(role)];
}

/** The right to pass a role to EC2. */
export function passRole(role: string): Element {
  const context = contextOf({ 'iam:PassedToService': 'ec2.amazonaws.com' });
  return { action: 'iam:PassRole', resource: role, context };
}

function madeByRun(facts: ResourceFacts, kind: string, data: Struct, common: Context): readonly Element[] {
  const tags = specifiedTags(data, kind);
  const resource = ec2Arn(facts, kind, '*');
  const context = merged(common, requestTags(tags));
  const run: Element = { action: 'ec2:RunInstances', resource, context };
  const created = merged(context, contextOf({ 'ec2:CreateAction': 'RunInstances' }));
  return tags.size === 0 ? [run] : [run, { action: 'ec2:CreateTags', resource, context: created }];
}

function subnets(data: Struct): readonly string[] {
  const ofCards = structsAt(data, 'NetworkInterfaces').flatMap((card) => textAt(card, 'SubnetId') ?? []);
  return [textAt(data, 'SubnetId') ?? [], textsAt(data, 'SubnetIds'), ofCards].flat().filter((id) => id !== '');
}

function groups(data: Struct): readonly string[] {
  const ofCards = structsAt(data, 'NetworkInterfaces').flatMap((card) => textsAt(card, 'Groups'));
  return [...new Set([...textsAt(data, 'SecurityGroupIds'), ...ofCards])];
}

// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsFailure } from '../../failure.ts';
import { type Struct, structsAt, textAt } from '../../value.ts';
import { physicalName } from '../stack/physical-names.ts';
import type { ExistingResource, ResourceContext, ResourceHandler } from './handler.ts';
import { permissionOf, RULE_PROPERTIES, rulesWithout } from './security-group-permission.ts';
import { keyed, surplusKeys, tagsOf } from './tags.ts';

/** EC2's default rule of a new group: all outgoing traffic is allowed. */
const EVERYWHERE = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

export const securityGroup: ResourceHandler = {
  type: 'AWS::EC2::SecurityGroup',
  supported: [
    'GroupDescription',
    'GroupName',
    'VpcId',
    'Tags.*',
    ...[...RULE_PROPERTIES, 'DestinationSecurityGroupId'].map((name) => `SecurityGroupEgress.${name}`),
    ...[...RULE_PROPERTIES, 'SourceSecurityGroupId', 'SourceSecurityGroupOwnerId'].map(
      (name) => `SecurityGroupIngress.${name}`,
    ),
  ],
  attributes: ['GroupId', 'Id', 'VpcId'],
  takesTags: 'with-system-tags',

  async create(context, properties) {
    const { stack, logicalId } = context;
    const tags = keyed(tagsOf(context, properties));
    const { VpcId } = properties;
    const { GroupId = '' } = await context.call('ec2', 'CreateSecurityGroup', {
      GroupName: textAt(properties, 'GroupName') ?? physicalName(stack.name, logicalId),
      Description: properties.GroupDescription ?? '',
      ...(VpcId === undefined ? {} : { VpcId }),
      ...(tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'security-group', Tags: tags }] }),
    });
    context.made(String(GroupId));
    const ingress = structsAt(properties, 'SecurityGroupIngress');
    await change(context, 'Authorize', String(GroupId), 'ingress', ingress);
    const egress = properties.SecurityGroupEgress;
    if (egress !== undefined) {
      await context.call('ec2', 'RevokeSecurityGroupEgress', { GroupId, IpPermissions: [EVERYWHERE] });
      await change(context, 'Authorize', String(GroupId), 'egress', structsAt(properties, 'SecurityGroupEgress'));
    }
    return attributes(context, String(GroupId));
  },

  async update(context, existing, properties) {
    const { physicalId: GroupId, properties: before } = existing;
    const was = outgoing(before);
    const willBe = outgoing(properties);
    const [had, wants] = [structsAt(before, 'SecurityGroupIngress'), structsAt(properties, 'SecurityGroupIngress')];
    await change(context, 'Authorize', GroupId, 'ingress', rulesWithout(wants, had));
    await change(context, 'Authorize', GroupId, 'egress', rulesWithout(willBe, was));
    await change(context, 'Revoke', GroupId, 'ingress', rulesWithout(had, wants));
    await change(context, 'Revoke', GroupId, 'egress', rulesWithout(was, willBe));
    await setTags(context, existing, properties);
    return attributes(context, GroupId);
  },

  /** Waits while something still uses the group, such as an interface of an instance that is terminating. */
  async remove(context, existing) {
    const limitAtMs = Date.now() + context.timings.dependencyMs;
    while (!(await removed(context, existing, Date.now() >= limitAtMs))) {
      await sleep(context.timings.pollMs, undefined, { signal: context.signal });
    }
  },
};

async function removed(context: ResourceContext, { physicalId }: ExistingResource, last: boolean): Promise<boolean> {
  try {
    await context.call('ec2', 'DeleteSecurityGroup', { GroupId: physicalId });
    return true;
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    if (error.code === 'InvalidGroup.NotFound') return true;
    if (error.code !== 'DependencyViolation' || last) throw error;
    return false;
  }
}

/** A group without its own egress rules has EC2's default rule. */
function outgoing(properties: Struct): readonly Struct[] {
  if (properties.SecurityGroupEgress !== undefined) return structsAt(properties, 'SecurityGroupEgress');
  return [{ IpProtocol: '-1', CidrIp: '0.0.0.0/0' }];
}

/** Allows what was not allowed, or takes it back. */
async function change(
  context: ResourceContext,
  verb: 'Authorize' | 'Revoke',
  GroupId: string,
  direction: 'ingress' | 'egress',
  rules: readonly Struct[],
): Promise<void> {
  if (rules.length === 0) return;
  const action = `${verb}SecurityGroup${direction === 'ingress' ? 'Ingress' : 'Egress'}`;
  await context.call('ec2', action, { GroupId, IpPermissions: rules.map((rule) => permissionOf(rule, direction)) });
}

async function setTags(context: ResourceContext, existing: ExistingResource, properties: Struct): Promise<void> {
  const wanted = tagsOf(context, properties);
  const surplus = surplusKeys(
    existing,
    wanted.map(({ key }) => key),
  );
  const Resources = [existing.physicalId];
  if (surplus.length > 0) {
    await context.call('ec2', 'DeleteTags', { Resources, Tags: surplus.map((Key) => ({ Key })) });
  }
  if (wanted.length > 0) await context.call('ec2', 'CreateTags', { Resources, Tags: keyed(wanted) });
}

async function attributes(context: ResourceContext, GroupId: string): Promise<Struct> {
  const { SecurityGroups = [] } = await context.call('ec2', 'DescribeSecurityGroups', { GroupIds: [GroupId] });
  const [found] = structsAt({ SecurityGroups }, 'SecurityGroups');
  return { GroupId, Id: GroupId, VpcId: textAt(found, 'VpcId') ?? '' };
}

// SPDX-License-Identifier: Apache-2.0
import { type Struct, structsAt, textAt } from '../../value.ts';
import { unlessGone } from './gone.ts';
import type { ResourceContext, ResourceHandler } from './handler.ts';
import { permissionOf, RULE_PROPERTIES } from './security-group-permission.ts';

export const securityGroupIngress: ResourceHandler = ruleHandler('ingress', 'AWS::EC2::SecurityGroupIngress', [
  'SourceSecurityGroupId',
  'SourceSecurityGroupOwnerId',
]);
export const securityGroupEgress: ResourceHandler = ruleHandler('egress', 'AWS::EC2::SecurityGroupEgress', [
  'DestinationSecurityGroupId',
]);

function ruleHandler(direction: 'ingress' | 'egress', type: string, others: readonly string[]): ResourceHandler {
  const word = direction === 'ingress' ? 'Ingress' : 'Egress';
  return {
    type,
    supported: ['GroupId', ...RULE_PROPERTIES, ...others],
    attributes: ['Id'],

    async create(context, properties) {
      const answer = await context.call('ec2', `AuthorizeSecurityGroup${word}`, ruleInput(properties, direction));
      const Id = textAt(structsAt(answer, 'SecurityGroupRules')[0], 'SecurityGroupRuleId') ?? '';
      context.made(Id);
      return { Id };
    },

    /** A change of anything except the description needs a new rule. */
    async update(context, { physicalId: Id }, properties) {
      const input = ruleInput(properties, direction);
      await context.call('ec2', `UpdateSecurityGroupRuleDescriptions${word}`, input);
      return { Id };
    },

    async remove(context, { physicalId, properties }) {
      await revoke(context, `RevokeSecurityGroup${word}`, physicalId, properties);
    },
  };
}

function ruleInput(properties: Struct, direction: 'ingress' | 'egress'): Struct {
  return { GroupId: properties.GroupId ?? '', IpPermissions: [permissionOf(properties, direction)] };
}

async function revoke(context: ResourceContext, action: string, rule: string, properties: Struct): Promise<void> {
  const input = { GroupId: properties.GroupId ?? '', SecurityGroupRuleIds: [rule] };
  const GONE = ['InvalidPermission.NotFound', 'InvalidSecurityGroupRuleId.NotFound', 'InvalidGroup.NotFound'];
  await unlessGone(context.call('ec2', action, input), ...GONE);
}

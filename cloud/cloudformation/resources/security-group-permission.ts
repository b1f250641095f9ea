// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { numberAt, type Struct, textAt } from '../../value.ts';

/**
 * A rule of a template as IpPermission of the EC2 API. The other side is a network, or a group: `Source…` in ingress
 * rules, `Destination…` in egress rules.
 */
export function permissionOf(rule: Struct, direction: 'ingress' | 'egress'): Struct {
  const [from, to] = [numberAt(rule, 'FromPort'), numberAt(rule, 'ToPort')];
  const described = rule.Description === undefined ? {} : { Description: rule.Description };
  const group = textAt(rule, direction === 'ingress' ? 'SourceSecurityGroupId' : 'DestinationSecurityGroupId');
  const owner = textAt(rule, 'SourceSecurityGroupOwnerId');
  const { CidrIp, CidrIpv6 } = rule;
  return {
    IpProtocol: textAt(rule, 'IpProtocol') ?? '-1',
    ...(from === undefined ? {} : { FromPort: from }),
    ...(to === undefined ? {} : { ToPort: to }),
    ...(CidrIp === undefined ? {} : { IpRanges: [{ CidrIp, ...described }] }),
    ...(CidrIpv6 === undefined ? {} : { Ipv6Ranges: [{ CidrIpv6, ...described }] }),
    ...(group === undefined
      ? {}
      : { UserIdGroupPairs: [{ GroupId: group, ...(owner === undefined ? {} : { UserId: owner }), ...described }] }),
  };
}

export const RULE_PROPERTIES = ['CidrIp', 'CidrIpv6', 'Description', 'FromPort', 'IpProtocol', 'ToPort'];

/** The rules of the first list that are not in the second. */
export function rulesWithout(rules: readonly Struct[], others: readonly Struct[]): readonly Struct[] {
  return rules.filter((rule) => !others.some((other) => isDeepStrictEqual(rule, other)));
}

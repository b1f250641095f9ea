// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt, structsAt, textAt } from '../value.ts';
import type { AskEc2 } from './attachment-target.ts';

/**
 * The launch with a subnet. As in EC2, an instance that is told none goes into a default subnet of the default VPC, and
 * whether it has a public address is that subnet's setting. (Moto leaves out the setting.)
 */
export async function inSubnet(ask: AskEc2, input: Struct): Promise<Struct> {
  const cards = structsAt(input, 'NetworkInterfaces');
  if ((textAt(input, 'SubnetId') ?? '') !== '' || cards.some(hasPlace)) return input;
  // What is empty counts as left out: Packer sends both so.
  const zone = textAt(structAt(input, 'Placement'), 'AvailabilityZone') ?? '';
  const filters = [{ Name: 'default-for-az', Values: ['true'] }];
  if (zone !== '') filters.push({ Name: 'availability-zone', Values: [zone] });
  const [subnet] = structsAt(await ask('DescribeSubnets', { Filters: filters }), 'Subnets');
  const SubnetId = textAt(subnet, 'SubnetId');
  if (SubnetId === undefined) throw new AwsFailure('VPCIdNotSpecified', 'No default VPC for this user.');
  if (cards.length === 0) return { ...input, SubnetId };
  const [first, ...others] = cards;
  return { ...input, NetworkInterfaces: [{ ...first, SubnetId }, ...others] };
}

function hasPlace(card: Struct): boolean {
  return textAt(card, 'SubnetId') !== undefined || textAt(card, 'NetworkInterfaceId') !== undefined;
}

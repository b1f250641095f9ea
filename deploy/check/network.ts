// SPDX-License-Identifier: Apache-2.0
/** The VPC and its subnets. */
import { DescribeSubnetsCommand, DescribeVpcsCommand, type Subnet } from '@aws-sdk/client-ec2';
import { call } from '../aws.ts';
import type { Check } from './problem.ts';

/** A rolling update needs one more node for a while, and a replacement may start before the old address is free. */
const SPARE_ADDRESSES = 2;

export const checkVpc: Check = async ({ aws, signal }, { vpcId }) => {
  const { Vpcs = [] } = await call('EC2 DescribeVpcs', signal, (options) =>
    aws.ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }), options),
  );
  const [vpc] = Vpcs;
  if (vpc === undefined) return [`The VPC ${vpcId} (--vpcid) does not exist in this region and account.`];
  if (vpc.State !== undefined && vpc.State !== 'available') {
    return [`The VPC ${vpcId} (--vpcid) is still ${vpc.State}.`];
  }
  return [];
};

export const checkSubnets: Check = async ({ aws, signal }, options) => {
  const { subnets, vpcId } = options;
  const { Subnets = [] } = await call('EC2 DescribeSubnets', signal, (sending) =>
    aws.ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'subnet-id', Values: [...subnets] }] }), sending),
  );
  const found = new Map(Subnets.map((subnet) => [subnet.SubnetId ?? '', subnet]));
  const missing = subnets.filter((id) => !found.has(id));
  const present = subnets.flatMap((id) => found.get(id) ?? []);
  const each = Math.ceil(options.presentHosts / subnets.length) + SPARE_ADDRESSES;
  return [
    ...missing.map((id) => `The subnet ${id} (--subnets) does not exist in this region and account.`),
    ...present.flatMap((subnet) => problemsOf(subnet, vpcId, each)),
    ...sharedZones(present),
  ];
};

function problemsOf(subnet: Subnet, vpcId: string, leastAddresses: number): readonly string[] {
  const { SubnetId, VpcId, Ipv6Native, AvailableIpAddressCount } = subnet;
  if (VpcId !== vpcId) return [`The subnet ${SubnetId} (--subnets) is in the VPC ${VpcId}, not in ${vpcId} (--vpcid).`];
  // It has no IPv4 address at all, so its number of free ones would be a riddle.
  if (Ipv6Native === true) {
    return [`The subnet ${SubnetId} (--subnets) has IPv6 addresses alone; the nodes need IPv4 addresses.`];
  }
  if ((AvailableIpAddressCount ?? leastAddresses) >= leastAddresses) return [];
  return [
    `The subnet ${SubnetId} (--subnets) has ${AvailableIpAddressCount} free addresses; its share of the nodes needs ${leastAddresses}.`,
  ];
}

/** The failure of one zone must never stop two of three nodes. */
function sharedZones(subnets: readonly Subnet[]): readonly string[] {
  const byZone = Map.groupBy(subnets, ({ AvailabilityZone = 'an unknown zone' }) => AvailabilityZone);
  return [...byZone]
    .filter(([, inZone]) => inZone.length > 1)
    .map(([zone, inZone]) => {
      const ids = inZone.map(({ SubnetId }) => SubnetId).join(' and ');
      return `The subnets ${ids} (--subnets) are both in ${zone}; each has to be in a zone of its own.`;
    });
}

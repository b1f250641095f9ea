// SPDX-License-Identifier: Apache-2.0
/** Whether Elastic IPs are possible: public subnets, a way to AWS before a node has its address, and the quota. */
import {
  DescribeAccountAttributesCommand,
  DescribeAddressesCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
} from '@aws-sdk/client-ec2';
import { call } from '../aws.ts';
import type { Check } from './problem.ts';
import { hasRouteOut, missingServices, tableOf } from './reachability.ts';

const QUOTA = 'vpc-max-elastic-ips';

/** An Elastic IP works only where an internet gateway is the way out. */
export const checkPublicSubnets: Check = async ({ aws, signal }, { mode, vpcId, subnets }) => {
  if (mode !== 'elastic-ip') return [];
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const { RouteTables = [] } = await call('EC2 DescribeRouteTables', signal, (options) =>
    aws.ec2.send(new DescribeRouteTablesCommand({ Filters }), options),
  );
  const closed = subnets.filter((subnet) => !hasRouteOut(tableOf(RouteTables, subnet), 'internet gateway'));
  return closed.map(
    (subnet) =>
      `The subnet ${subnet} (--subnets) has no route to an internet gateway: with --mode elastic-ip it has to be public.`,
  );
};

/** The stack's own addresses count as there already. */
export const checkQuota: Check = async ({ aws, signal }, { mode, stackName, addresses }) => {
  if (mode !== 'elastic-ip') return [];
  const [{ AccountAttributes = [] }, { Addresses = [] }] = await Promise.all([
    call('EC2 DescribeAccountAttributes', signal, (options) =>
      aws.ec2.send(new DescribeAccountAttributesCommand({}), options),
    ),
    call('EC2 DescribeAddresses', signal, (options) => aws.ec2.send(new DescribeAddressesCommand({}), options)),
  ]);
  const quota = Number(
    AccountAttributes.find(({ AttributeName }) => AttributeName === QUOTA)?.AttributeValues?.[0]?.AttributeValue ??
      Number.NaN,
  );
  const others = Addresses.filter(
    ({ Tags = [] }) => !Tags.some(({ Key, Value }) => Key === 'aws:cloudformation:stack-name' && Value === stackName),
  ).length;
  // An account that does not say its quota is asked by CloudFormation.
  if (!(others + addresses > quota)) return [];
  return [
    `--addresses ${addresses}: the account may have ${quota} Elastic IPs in this region, and has ${others} beside this stack. Release some, or ask for more in Service Quotas (EC2-VPC Elastic IPs).`,
  ];
};

/** Before its Elastic IP a node needs another way to AWS, or it can't get the address. Sentences for people. */
export const addressNotices: Check = async ({ aws, signal }, { mode, vpcId, subnets, addresses }) => {
  if (mode !== 'elastic-ip') return [];
  const [{ Subnets = [] }, { VpcEndpoints = [] }] = await Promise.all([
    call('EC2 DescribeSubnets', signal, (options) =>
      aws.ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'subnet-id', Values: [...subnets] }] }), options),
    ),
    call('EC2 DescribeVpcEndpoints', signal, (options) =>
      aws.ec2.send(new DescribeVpcEndpointsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }), options),
    ),
  ]);
  const missing = missingServices(VpcEndpoints);
  const stuck = Subnets.flatMap(({ SubnetId = '', MapPublicIpOnLaunch }) => (MapPublicIpOnLaunch ? [] : [SubnetId]));
  const costs = `The stack has ${addresses} Elastic IPs. AWS takes about 0.005 USD an hour for each, used or not.`;
  if (stuck.length === 0 || missing.length === 0) return [costs];
  return [
    costs,
    `New nodes in ${stuck.join(', ')} may not reach AWS to get their Elastic IPs: these subnets give no public address at launch (MapPublicIpOnLaunch), and the VPC has no endpoint for ${missing.join(', ')}. See docs/deploying.md.`,
  ];
};

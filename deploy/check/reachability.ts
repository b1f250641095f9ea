// SPDX-License-Identifier: Apache-2.0
/**
 * Whether nodes in private subnets would reach AWS: by a route out (NAT, transit gateway …) or by endpoints in the VPC.
 * Routes can be more than is looked at here, so what is missing is said, and refuses nothing.
 */
import {
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  type Route,
  type RouteTable,
} from '@aws-sdk/client-ec2';
import { call } from '../aws.ts';
import type { Check } from './problem.ts';

/** What the agent talks to. */
const SERVICES = ['autoscaling', 'cloudformation', 'ec2', 'logs', 's3'];

/** Sentences for people; none when every subnet has a way. */
export const reachabilityNotices: Check = async ({ aws, signal }, { vpcId, subnets }) => {
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const [{ RouteTables = [] }, { VpcEndpoints = [] }] = await Promise.all([
    call('EC2 DescribeRouteTables', signal, (options) =>
      aws.ec2.send(new DescribeRouteTablesCommand({ Filters }), options),
    ),
    call('EC2 DescribeVpcEndpoints', signal, (options) =>
      aws.ec2.send(new DescribeVpcEndpointsCommand({ Filters }), options),
    ),
  ]);
  const names = VpcEndpoints.map(({ ServiceName = '' }) => ServiceName.split('.').at(-1));
  const missing = SERVICES.filter((service) => !names.includes(service));
  if (missing.length === 0) return [];
  const stuck = subnets.filter((subnet) => !hasWayOut(tableOf(RouteTables, subnet)));
  if (stuck.length === 0) return [];
  return [
    `Nodes in ${stuck.join(', ')} may not reach AWS: there is no route out for a private subnet, and no endpoint for ${missing.join(', ')} in the VPC. See docs/deploying.md.`,
  ];
};

/** A subnet without a table of its own has the VPC's main one. */
function tableOf(tables: readonly RouteTable[], subnet: string): RouteTable | undefined {
  const own = tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet));
  return own ?? tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main === true));
}

function hasWayOut(table: RouteTable | undefined): boolean {
  return (table?.Routes ?? []).some(
    (route) => route.DestinationCidrBlock === '0.0.0.0/0' && route.State !== 'blackhole' && !isInternetGateway(route),
  );
}

/** It takes only those out who have a public address, which the nodes have not. */
function isInternetGateway({ GatewayId }: Route): boolean {
  return GatewayId?.startsWith('igw-') === true;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Whether nodes in private subnets would reach AWS: by a route out (NAT, transit gateway …) or by endpoints in the VPC.
 * There can be routes that this does not look at. So what seems missing is only reported, and does not stop the
 * deployment.
 */
import {
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  type Route,
  type RouteTable,
  type VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { call } from '../aws.ts';
import type { Check } from './problem.ts';

/** The services that the agent calls. */
const SERVICES = ['autoscaling', 'cloudformation', 'ec2', 'logs', 's3'];

/** Sentences for people; none when every subnet has a way to AWS and to Debian's packages. */
export const reachabilityNotices: Check = async ({ aws, signal }, { mode, vpcId, subnets, zone }) => {
  // Public subnets have rules of their own.
  if (mode === 'elastic-ip') return [];
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const [{ RouteTables = [] }, { VpcEndpoints = [] }] = await Promise.all([
    call('EC2 DescribeRouteTables', signal, (options) =>
      aws.ec2.send(new DescribeRouteTablesCommand({ Filters }), options),
    ),
    call('EC2 DescribeVpcEndpoints', signal, (options) =>
      aws.ec2.send(new DescribeVpcEndpointsCommand({ Filters }), options),
    ),
  ]);
  // Names alone need Route 53.
  const missing = missingServices(VpcEndpoints, zone === undefined ? [] : ['route53']);
  const stuck = subnets.filter((subnet) => !hasRouteOut(tableOf(RouteTables, subnet), 'any other'));
  if (stuck.length === 0) return [];
  if (missing.length === 0) {
    return [
      `Nodes in ${stuck.join(', ')} reach AWS by endpoints alone, and Debian's packages not at all: security updates do not install themselves there. Bake a new image and deploy it once a month. See docs/building.md.`,
    ];
  }
  return [
    `Nodes in ${stuck.join(', ')} may not reach AWS: there is no route out for a private subnet, and no endpoint for ${missing.join(', ')} in the VPC. See docs/deploying.md.`,
  ];
};

/** A subnet without its own route table uses the VPC's main table. */
export function tableOf(tables: readonly RouteTable[], subnet: string): RouteTable | undefined {
  const own = tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnet));
  return own ?? tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main === true));
}

/**
 * A route out by an internet gateway, or by anything else. An internet gateway works only for public addresses, which
 * nodes in private subnets do not have.
 */
export function hasRouteOut(table: RouteTable | undefined, by: 'internet gateway' | 'any other'): boolean {
  return (table?.Routes ?? []).some(
    (route) =>
      route.DestinationCidrBlock === '0.0.0.0/0' &&
      route.State !== 'blackhole' &&
      isInternetGateway(route) === (by === 'internet gateway'),
  );
}

function isInternetGateway({ GatewayId }: Route): boolean {
  return GatewayId?.startsWith('igw-') === true;
}

/** The services that the agent calls, and that have no endpoint in the VPC. */
export function missingServices(endpoints: readonly VpcEndpoint[], more: readonly string[] = []): readonly string[] {
  const names = endpoints.map(({ ServiceName = '' }) => ServiceName.split('.').at(-1));
  return [...SERVICES, ...more].filter((service) => !names.includes(service));
}

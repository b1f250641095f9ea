// SPDX-License-Identifier: Apache-2.0
/** The private hosted zone in which the nodes are to keep their names. */
import { GetHostedZoneCommand } from '@aws-sdk/client-route-53';
import { call } from '../aws.ts';
import type { Check } from './problem.ts';

export const checkZone: Check = async ({ aws, signal }, { zone, vpcId }) => {
  if (zone === undefined) return [];
  const what = `The hosted zone ${zone.id} (--zone)`;
  const { HostedZone, VPCs = [] } = await call(
    'Route 53 GetHostedZone',
    signal,
    (options) => aws.route53.send(new GetHostedZoneCommand({ Id: zone.id }), options),
    ({ code }) => (code === 'NoSuchHostedZone' ? { $metadata: {}, HostedZone: undefined, VPCs: [] } : undefined),
  );
  if (HostedZone === undefined) return [`${what} does not exist in this account.`];
  const name = HostedZone.Name?.replace(/\.$/, '');
  return [
    ...(name === zone.name ? [] : [`${what} is called ${name}, not ${zone.name}.`]),
    // The resolver of a VPC answers from the private zones that the VPC is associated with. A public zone is of no VPC.
    ...(VPCs.some(({ VPCId }) => VPCId === vpcId)
      ? []
      : [`${what} is no private zone of the VPC ${vpcId}: the VPC's resolver would not see its names.`]),
  ];
};

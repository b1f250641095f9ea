// SPDX-License-Identifier: Apache-2.0
/** The private hosted zone of a lab, in which its nodes keep their names. */
import { CreateHostedZoneCommand } from '@aws-sdk/client-route-53';
import type { AwsClients } from '../tools/aws-clients.ts';
import { REGION } from './aws-clients.ts';

const NAME = 'internal';

/** Makes the zone for this VPC. Resolves with `ID:NAME`, as deploy.sh takes it. */
export async function makeZone(aws: Pick<AwsClients, 'route53'>, vpc: string): Promise<string> {
  const command = new CreateHostedZoneCommand({
    Name: NAME,
    CallerReference: `lab-${vpc}`,
    VPC: { VPCId: vpc, VPCRegion: REGION },
  });
  const { HostedZone } = await aws.route53.send(command);
  const id = HostedZone?.Id?.replace(/^\/hostedzone\//, '');
  if (!id) throw new Error('CreateHostedZone answered without an id.');
  return `${id}:${NAME}`;
}

// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt, textAt } from '../value.ts';
import { compareNames, compareTexts, domainName } from './domain-name.ts';
import { firstSets, type HostedZone, type ZoneVpc } from './hosted-zone.ts';
import { type Route53, randomId } from './route53.ts';

/** The number of sets that each zone has by itself: NS and SOA. */
const OWN_SETS = 2;

/** Public zones are refused: nobody outside could ask this machine. */
export async function createHostedZone(route53: Route53, input: Struct): Promise<Struct> {
  const name = domainName(textAt(input, 'Name') ?? '');
  const callerReference = textAt(input, 'CallerReference') ?? '';
  const vpc = readVpc(structAt(input, 'VPC'));
  if (vpc === undefined) throw new AwsFailure('InvalidInput', 'The lab imitates private hosted zones only: give a VPC');
  if (input.DelegationSetId !== undefined) throw new AwsFailure('InvalidInput', 'Private zones have no delegation set');
  await route53.refuseUnknownVpc(vpc.id);
  const zones = [...route53.zones.values()];
  if (zones.some((zone) => zone.callerReference === callerReference)) {
    const used = `A hosted zone has already been created with the specified caller reference.`;
    throw new AwsFailure('HostedZoneAlreadyExists', used, 409);
  }
  refuseConflict(zones, name, vpc);
  const sets = firstSets(name);
  const zone: HostedZone = {
    ...{ id: randomId('Z'), name, callerReference, comment: textAt(structAt(input, 'HostedZoneConfig'), 'Comment') },
    ...{ vpcs: new Map([[vpc.id, vpc]]), tags: new Map(), sets, served: sets },
  };
  route53.zones.set(zone.id, zone);
  return {
    HostedZone: shownZone(zone),
    ChangeInfo: route53.submit(undefined, () => {}),
    VPC: shownVpc(vpc),
    Location: `https://route53.amazonaws.com/2013-04-01/hostedzone/${zone.id}`,
  };
}

/** A zone with records of others in it stays. */
export function deleteHostedZone(route53: Route53, input: Struct): Struct {
  const zone = route53.zone(textAt(input, 'Id') ?? '');
  if (zone.sets.size > OWN_SETS) {
    throw new AwsFailure(
      'HostedZoneNotEmpty',
      'The specified hosted zone contains non-required resource record sets and so cannot be deleted.',
    );
  }
  route53.zones.delete(zone.id);
  return { ChangeInfo: route53.submit(undefined, () => {}) };
}

export function getHostedZone(route53: Route53, input: Struct): Struct {
  const zone = route53.zone(textAt(input, 'Id') ?? '');
  return { HostedZone: shownZone(zone), VPCs: [...zone.vpcs.values()].map(shownVpc) };
}

export function updateComment(route53: Route53, input: Struct): Struct {
  const zone = route53.zone(textAt(input, 'Id') ?? '');
  zone.comment = textAt(input, 'Comment');
  return { HostedZone: shownZone(zone) };
}

export async function associateVpc(route53: Route53, input: Struct): Promise<Struct> {
  const zone = route53.zone(textAt(input, 'HostedZoneId') ?? '');
  const vpc = readVpc(structAt(input, 'VPC'));
  if (vpc === undefined) throw new AwsFailure('InvalidVPCId', 'The VPC ID is missing.');
  await route53.refuseUnknownVpc(vpc.id);
  refuseConflict([...route53.zones.values()], zone.name, vpc);
  zone.vpcs.set(vpc.id, vpc);
  return { ChangeInfo: route53.submit(textAt(input, 'Comment'), () => {}) };
}

export function disassociateVpc(route53: Route53, input: Struct): Struct {
  const zone = route53.zone(textAt(input, 'HostedZoneId') ?? '');
  const id = textAt(structAt(input, 'VPC'), 'VPCId') ?? '';
  if (!zone.vpcs.has(id)) {
    const text = `The specified VPC ${id} is not associated with the hosted zone ${zone.id}.`;
    throw new AwsFailure('VPCAssociationNotFound', text, 404);
  }
  if (zone.vpcs.size === 1) {
    throw new AwsFailure('LastVPCAssociation', 'The last VPC of a private hosted zone can not be disassociated.');
  }
  zone.vpcs.delete(id);
  return { ChangeInfo: route53.submit(textAt(input, 'Comment'), () => {}) };
}

/** By name and then by id, as ListHostedZonesByName has them. */
export function zonesByName(route53: Route53): readonly HostedZone[] {
  return [...route53.zones.values()].sort((a, b) => compareNames(a.name, b.name) || compareTexts(a.id, b.id));
}

export function shownZone(zone: HostedZone): Struct {
  const comment = zone.comment === undefined ? {} : { Comment: zone.comment };
  return {
    Id: `/hostedzone/${zone.id}`,
    Name: zone.name,
    CallerReference: zone.callerReference,
    Config: { ...comment, PrivateZone: true },
    ResourceRecordSetCount: zone.sets.size,
  };
}

/** Two zones of one name can't be seen in the same VPC. */
function refuseConflict(zones: readonly HostedZone[], name: string, vpc: ZoneVpc): void {
  if (!zones.some((zone) => zone.name === name && zone.vpcs.has(vpc.id))) return;
  throw new AwsFailure(
    'ConflictingDomainExists',
    `The VPC ${vpc.id} in region ${vpc.region} has already been associated with a hosted zone with the same domain name.`,
  );
}

function readVpc(struct: Struct | undefined): ZoneVpc | undefined {
  const id = textAt(struct, 'VPCId');
  return id === undefined ? undefined : { id, region: textAt(struct, 'VPCRegion') ?? '' };
}

function shownVpc({ id, region }: ZoneVpc): Struct {
  return { VPCId: id, VPCRegion: region };
}

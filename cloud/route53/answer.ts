// SPDX-License-Identifier: Apache-2.0
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt, structsAt, textAt, textsAt } from '../value.ts';
import { afterBatch } from './change-batch.ts';
import { listHostedZones, listHostedZonesByName, listHostedZonesByVpc, listRecordSets } from './pages.ts';
import type { Route53 } from './route53.ts';
import {
  associateVpc,
  createHostedZone,
  deleteHostedZone,
  disassociateVpc,
  getHostedZone,
  updateComment,
} from './zone-actions.ts';

const MOST_TAGS = 50;

/** Answers one call of Route 53. Calls that the lab does not imitate are refused. */
export async function answerRoute53(route53: Route53, action: string, input: Struct, account: string): Promise<Struct> {
  switch (action) {
    case 'ChangeResourceRecordSets':
      return changeRecordSets(route53, input);
    case 'ListResourceRecordSets':
      return listRecordSets(route53, input);
    case 'GetChange':
      return { ChangeInfo: route53.change(textAt(input, 'Id') ?? '') };
    case 'CreateHostedZone':
      return createHostedZone(route53, input);
    case 'DeleteHostedZone':
      return deleteHostedZone(route53, input);
    case 'GetHostedZone':
      return getHostedZone(route53, input);
    case 'ListHostedZones':
      return listHostedZones(route53, input);
    case 'ListHostedZonesByName':
      return listHostedZonesByName(route53, input);
    case 'ListHostedZonesByVPC':
      return listHostedZonesByVpc(route53, input, account);
    case 'AssociateVPCWithHostedZone':
      return associateVpc(route53, input);
    case 'DisassociateVPCFromHostedZone':
      return disassociateVpc(route53, input);
    case 'UpdateHostedZoneComment':
      return updateComment(route53, input);
    case 'ChangeTagsForResource':
      return changeTags(route53, input);
    case 'ListTagsForResource':
      return listTags(route53, input);
    default:
      throw new AwsFailure('InvalidInput', `The lab does not imitate ${action} of Route 53`);
  }
}

function changeRecordSets(route53: Route53, input: Struct): Struct {
  const zone = route53.zone(textAt(input, 'HostedZoneId') ?? '');
  const batch = structAt(input, 'ChangeBatch') ?? {};
  const sets = afterBatch(zone.name, zone.sets, batch);
  zone.sets = sets;
  const ChangeInfo = route53.submit(textAt(batch, 'Comment'), () => {
    zone.served = sets;
  });
  return { ChangeInfo };
}

function taggedZone(route53: Route53, input: Struct) {
  const type = textAt(input, 'ResourceType');
  if (type !== 'hostedzone') throw new AwsFailure('InvalidInput', `The lab has no tags on a ${type}`);
  return route53.zone(textAt(input, 'ResourceId') ?? '');
}

function changeTags(route53: Route53, input: Struct): Struct {
  const { tags } = taggedZone(route53, input);
  for (const key of textsAt(input, 'RemoveTagKeys')) tags.delete(key);
  for (const tag of structsAt(input, 'AddTags')) tags.set(textAt(tag, 'Key') ?? '', textAt(tag, 'Value') ?? '');
  if (tags.size > MOST_TAGS) throw new AwsFailure('InvalidInput', `A resource has at most ${MOST_TAGS} tags.`);
  return {};
}

function listTags(route53: Route53, input: Struct): Struct {
  const { id, tags } = taggedZone(route53, input);
  const shown = [...tags].map(([Key, Value]) => ({ Key, Value }));
  return {
    ResourceTagSet: { ResourceType: 'hostedzone', ResourceId: id, ...(shown.length === 0 ? {} : { Tags: shown }) },
  };
}

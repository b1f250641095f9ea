// SPDX-License-Identifier: Apache-2.0
import { type Struct, structAt, structsAt, textAt } from '../../value.ts';
import { randomSigns } from '../stack/physical-names.ts';
import { unlessGone } from './gone.ts';
import type { ExistingResource, ResourceContext, ResourceHandler } from './handler.ts';
import { keyed } from './tags.ts';

/** A private zone. Its deletion fails with HostedZoneNotEmpty while records of others are in it. */
export const hostedZone: ResourceHandler = {
  type: 'AWS::Route53::HostedZone',
  supported: ['Name', 'HostedZoneConfig.Comment', 'HostedZoneTags.*', 'VPCs.VPCId', 'VPCs.VPCRegion'],
  attributes: ['Id'],
  takesTags: 'without-system-tags',

  async create(context, properties) {
    const [first, ...others] = structsAt(properties, 'VPCs');
    if (first === undefined) throw new Error('The lab makes private zones only: give VPCs');
    const output = await context.call('route53', 'CreateHostedZone', {
      Name: properties.Name ?? '',
      VPC: first,
      CallerReference: `${context.stack.name}-${randomSigns(12)}`,
      ...(properties.HostedZoneConfig === undefined ? {} : { HostedZoneConfig: properties.HostedZoneConfig }),
    });
    const id = (textAt(structAt(output, 'HostedZone'), 'Id') ?? '').replace('/hostedzone/', '');
    context.made(id);
    for (const VPC of others) await context.call('route53', 'AssociateVPCWithHostedZone', { HostedZoneId: id, VPC });
    await setTags(context, id, [], zoneTags(context, properties));
    return { Id: id };
  },

  async update(context, existing, properties) {
    const { physicalId: Id, properties: before } = existing;
    const comment = textAt(structAt(properties, 'HostedZoneConfig'), 'Comment');
    if (comment !== textAt(structAt(before, 'HostedZoneConfig'), 'Comment')) {
      const Comment = comment === undefined ? {} : { Comment: comment };
      await context.call('route53', 'UpdateHostedZoneComment', { Id, ...Comment });
    }
    await moveVpcs(context, Id, structsAt(before, 'VPCs'), structsAt(properties, 'VPCs'));
    await setTags(context, Id, keysBefore(existing), zoneTags(context, properties));
    return { Id };
  },

  async remove(context, { physicalId: Id }) {
    await unlessGone(context.call('route53', 'DeleteHostedZone', { Id }), 'NoSuchHostedZone');
  },
};

/** The new ones first, since a private zone has always one. */
async function moveVpcs(
  context: ResourceContext,
  HostedZoneId: string,
  before: readonly Struct[],
  after: readonly Struct[],
) {
  const among = (vpcs: readonly Struct[], vpc: Struct) => vpcs.some(({ VPCId }) => VPCId === vpc.VPCId);
  for (const VPC of after) {
    if (!among(before, VPC)) await context.call('route53', 'AssociateVPCWithHostedZone', { HostedZoneId, VPC });
  }
  for (const VPC of before) {
    if (!among(after, VPC)) await context.call('route53', 'DisassociateVPCFromHostedZone', { HostedZoneId, VPC });
  }
}

/** The zone's own tags replace those of the stack. */
function zoneTags(context: ResourceContext, properties: Struct): ReadonlyMap<string, string> {
  const tags = new Map(context.tags.map(({ key, value }) => [key, value]));
  for (const tag of structsAt(properties, 'HostedZoneTags')) {
    tags.set(textAt(tag, 'Key') ?? '', String(tag.Value ?? ''));
  }
  return tags;
}

function keysBefore({ properties, tags }: ExistingResource): readonly string[] {
  const own = structsAt(properties, 'HostedZoneTags').map((tag) => textAt(tag, 'Key') ?? '');
  return [...own, ...tags.map(({ key }) => key)];
}

async function setTags(
  context: ResourceContext,
  ResourceId: string,
  before: readonly string[],
  wanted: ReadonlyMap<string, string>,
): Promise<void> {
  const RemoveTagKeys = [...new Set(before)].filter((key) => !wanted.has(key));
  const AddTags = keyed([...wanted].map(([key, value]) => ({ key, value })));
  if (RemoveTagKeys.length === 0 && AddTags.length === 0) return;
  await context.call('route53', 'ChangeTagsForResource', {
    ...{ ResourceType: 'hostedzone', ResourceId },
    ...(AddTags.length === 0 ? {} : { AddTags }),
    ...(RemoveTagKeys.length === 0 ? {} : { RemoveTagKeys }),
  });
}

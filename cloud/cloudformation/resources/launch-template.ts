// SPDX-License-Identifier: Apache-2.0
import { numberAt, type Struct, structAt, structsAt, textAt } from '../../value.ts';
import { randomSigns } from '../stack/physical-names.ts';
import { unlessGone } from './gone.ts';
import type { ResourceContext, ResourceHandler } from './handler.ts';
import { changedProperties } from './property-diff.ts';

const DATA = [
  'BlockDeviceMappings.*',
  'CreditSpecification.*',
  'EbsOptimized',
  'IamInstanceProfile.*',
  'ImageId',
  'InstanceInitiatedShutdownBehavior',
  'InstanceType',
  'KeyName',
  'MetadataOptions.*',
  'Monitoring.*',
  'NetworkInterfaces.*',
  'SecurityGroupIds',
  'TagSpecifications.*',
  'UserData',
];

export const launchTemplate: ResourceHandler = {
  type: 'AWS::EC2::LaunchTemplate',
  supported: [
    'LaunchTemplateName',
    'TagSpecifications.*',
    'VersionDescription',
    ...DATA.map((name) => `LaunchTemplateData.${name}`),
  ],
  attributes: ['DefaultVersionNumber', 'LatestVersionNumber', 'LaunchTemplateId'],
  movingAttributes: ['LatestVersionNumber'],

  async create(context, properties) {
    const { logicalId } = context;
    const { TagSpecifications, VersionDescription } = properties;
    const answer = await context.call('ec2', 'CreateLaunchTemplate', {
      LaunchTemplateName: textAt(properties, 'LaunchTemplateName') ?? `${logicalId}_${randomSigns(12)}`,
      LaunchTemplateData: properties.LaunchTemplateData ?? {},
      ...(TagSpecifications === undefined ? {} : { TagSpecifications }),
      ...(VersionDescription === undefined ? {} : { VersionDescription }),
    });
    const id = textAt(structAt(answer, 'LaunchTemplate'), 'LaunchTemplateId') ?? '';
    context.made(id);
    return attributes(context, id);
  },

  /** New data makes a new version; the default version stays the first. */
  async update(context, { physicalId: LaunchTemplateId, properties: before }, properties) {
    const changed = changedProperties(before, properties);
    if (changed.includes('TagSpecifications')) await setTags(context, LaunchTemplateId, before, properties);
    if (changed.includes('LaunchTemplateData') || changed.includes('VersionDescription')) {
      const { VersionDescription } = properties;
      await context.call('ec2', 'CreateLaunchTemplateVersion', {
        LaunchTemplateId,
        LaunchTemplateData: properties.LaunchTemplateData ?? {},
        ...(VersionDescription === undefined ? {} : { VersionDescription }),
      });
    }
    return attributes(context, LaunchTemplateId);
  },

  async remove(context, { physicalId: LaunchTemplateId }) {
    const deletion = context.call('ec2', 'DeleteLaunchTemplate', { LaunchTemplateId });
    await unlessGone(deletion, 'InvalidLaunchTemplateId.NotFound', 'InvalidLaunchTemplateName.NotFoundException');
  },
};

async function setTags(context: ResourceContext, id: string, before: Struct, after: Struct): Promise<void> {
  const [had, wanted] = [ownTags(before), ownTags(after)];
  const surplus = had.filter((tag) => !wanted.some((other) => textAt(other, 'Key') === textAt(tag, 'Key')));
  if (surplus.length > 0) {
    const Tags = surplus.map((tag) => ({ Key: textAt(tag, 'Key') ?? '' }));
    await context.call('ec2', 'DeleteTags', { Resources: [id], Tags });
  }
  if (wanted.length > 0) await context.call('ec2', 'CreateTags', { Resources: [id], Tags: wanted });
}

function ownTags(properties: Struct): readonly Struct[] {
  return structsAt(properties, 'TagSpecifications').flatMap((specification) => structsAt(specification, 'Tags'));
}

async function attributes(context: ResourceContext, id: string): Promise<Struct> {
  const answer = await context.call('ec2', 'DescribeLaunchTemplates', { LaunchTemplateIds: [id] });
  const [found] = structsAt(answer, 'LaunchTemplates');
  return {
    LaunchTemplateId: id,
    LatestVersionNumber: String(numberAt(found, 'LatestVersionNumber') ?? 1),
    DefaultVersionNumber: String(numberAt(found, 'DefaultVersionNumber') ?? 1),
  };
}

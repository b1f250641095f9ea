// SPDX-License-Identifier: Apache-2.0
import type { ApiModel } from '../api-model/model.ts';
import { shapeOf } from '../api-model/model.ts';
import { AwsFailure } from '../failure.ts';
import type { MotoClient } from '../moto-client.ts';
import { numberAt, type Struct, structAt, structsAt, textAt, textsAt } from '../value.ts';
import type { GroupTag, Place, TemplateReference } from './group.ts';

export interface TemplateVersion {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly data: Struct;
}

/** The version of a launch template to which a reference leads now. */
export async function resolveTemplate(
  moto: MotoClient,
  ec2: ApiModel,
  reference: TemplateReference,
): Promise<TemplateVersion> {
  const by = reference.id === '' ? { LaunchTemplateName: reference.name } : { LaunchTemplateId: reference.id };
  const output = await moto.ask(ec2, 'DescribeLaunchTemplateVersions', by);
  const versions = structsAt(output, 'LaunchTemplateVersions');
  const number = (version: Struct): number => numberAt(version, 'VersionNumber') ?? 0;
  const found =
    reference.version === '$Latest'
      ? versions.toSorted((a, b) => number(b) - number(a))[0]
      : reference.version === '$Default'
        ? versions.find((version) => version.DefaultVersion === true)
        : versions.find((version) => String(number(version)) === reference.version);
  if (found === undefined) {
    throw new AwsFailure(
      'ValidationError',
      `You must use a valid fully-formed launch template. Could not find launch template version ${reference.version} of ${reference.name || reference.id}.`,
    );
  }
  return {
    id: textAt(found, 'LaunchTemplateId') ?? '',
    name: textAt(found, 'LaunchTemplateName') ?? '',
    version: number(found),
    data: structAt(found, 'LaunchTemplateData') ?? {},
  };
}

/** The RunInstances call for one instance of a group, with everything from the launch template. */
export function runInstancesInput(
  ec2: ApiModel,
  template: TemplateVersion,
  place: Place,
  group: { readonly name: string; readonly tags: readonly GroupTag[] },
): Struct {
  const { NetworkInterfaces, TagSpecifications, ...data } = template.data;
  const known = shapeOf(ec2, { shape: 'RunInstancesRequest' }).members ?? {};
  const plain = Object.fromEntries(Object.entries(data).filter(([name, value]) => name in known && !isNothing(value)));
  return {
    ...plain,
    ...securityGroups(structsAt({ NetworkInterfaces: NetworkInterfaces ?? [] }, 'NetworkInterfaces')),
    MinCount: 1,
    MaxCount: 1,
    SubnetId: place.subnet,
    TagSpecifications: tagSpecifications(
      structsAt({ TagSpecifications: TagSpecifications ?? [] }, 'TagSpecifications'),
      group,
    ),
  };
}

/** A template may name its security groups on its network interface, but moto needs subnet and interfaces apart. */
function securityGroups(cards: readonly Struct[]): Struct {
  const groups = cards.flatMap((card) => textsAt(card, 'Groups'));
  return groups.length === 0 ? {} : { SecurityGroupIds: groups };
}

/** The group's tags replace the template's tags with the same key. */
function tagSpecifications(
  ofTemplate: readonly Struct[],
  group: { readonly name: string; readonly tags: readonly GroupTag[] },
): readonly Struct[] {
  const others = ofTemplate.filter((specification) => textAt(specification, 'ResourceType') !== 'instance');
  const tags = new Map<string, string>();
  for (const specification of ofTemplate.filter((one) => !others.includes(one))) {
    for (const tag of structsAt(specification, 'Tags')) tags.set(textAt(tag, 'Key') ?? '', textAt(tag, 'Value') ?? '');
  }
  for (const tag of group.tags) if (tag.propagateAtLaunch) tags.set(tag.key, tag.value);
  tags.set('aws:autoscaling:groupName', group.name);
  const instance = { ResourceType: 'instance', Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) };
  return [instance, ...others.filter((specification) => structsAt(specification, 'Tags').length > 0)];
}

/** Moto writes the missing parts of a template as empty elements. */
function isNothing(value: Struct[string]): boolean {
  if (value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

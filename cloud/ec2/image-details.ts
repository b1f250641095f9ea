// SPDX-License-Identifier: Apache-2.0
/**
 * Features of images that moto lacks: whether their instances accept IMDSv1, whether their disk is encrypted, unique
 * names, and a filter. Follows the EC2 API Reference: CreateImage, ModifyImageAttribute, DescribeImages.
 */
import { AwsFailure } from '../failure.ts';
import { flagAt, numberAt, type Struct, structAt, structsAt, textAt, textsAt } from '../value.ts';
import type { AskEc2 } from './attachment-target.ts';
import type { Images } from './images.ts';

/** The properties that a volume shares with its snapshot, and so with the image. */
type Disk = Readonly<{ Encrypted: boolean; VolumeSize?: number; VolumeType?: string }>;

export class ImageDetails {
  readonly #images: Images;
  readonly #ask: AskEc2;
  readonly #tokensOnly = new Set<string>();
  readonly #disks = new Map<string, Disk>();

  constructor(images: Images, ask: AskEc2) {
    this.#images = images;
    this.#ask = ask;
  }

  /** Undefined when moto's own answer is enough. */
  async answer(action: string, input: Struct): Promise<Struct | undefined> {
    switch (action) {
      case 'CreateImage':
        return this.#create(input);
      case 'DescribeImages':
        return this.#describe(input);
      case 'ModifyImageAttribute':
        return this.#modify(input);
      default:
        return this.#images.answer(action, input);
    }
  }

  async #create(input: Struct): Promise<Struct | undefined> {
    const name = textAt(input, 'Name') ?? '';
    const mine = { Owners: ['self'], Filters: [{ Name: 'name', Values: [name] }] };
    const [taken] = structsAt(await this.#ask('DescribeImages', mine), 'Images');
    if (taken !== undefined) {
      throw new AwsFailure(
        'InvalidAMIName.Duplicate',
        `AMI name ${name} is already in use by AMI ${textAt(taken, 'ImageId')}`,
      );
    }
    const disk = await this.#diskOf(textAt(input, 'InstanceId') ?? '');
    const specifications = structsAt(input, 'TagSpecifications');
    const ofSnapshots = specifications.filter((one) => textAt(one, 'ResourceType') === 'snapshot');
    const others = specifications.filter((one) => !ofSnapshots.includes(one));
    const { TagSpecifications: _, ...rest } = input;
    const output = await this.#images.answer('CreateImage', {
      ...rest,
      ...(others.length === 0 ? {} : { TagSpecifications: others }),
    });
    const image = textAt(output, 'ImageId') ?? '';
    if (disk !== undefined) this.#disks.set(image, disk);
    await this.#tagSnapshots(image, ofSnapshots);
    return output;
  }

  async #diskOf(instance: string): Promise<Disk | undefined> {
    const filter = { Name: 'attachment.instance-id', Values: [instance] };
    const [volume] = structsAt(await this.#ask('DescribeVolumes', { Filters: [filter] }), 'Volumes');
    if (volume === undefined) return undefined;
    const [size, type] = [numberAt(volume, 'Size'), textAt(volume, 'VolumeType')];
    return {
      Encrypted: flagAt(volume, 'Encrypted') ?? false,
      ...(size === undefined ? {} : { VolumeSize: size }),
      ...(type === undefined ? {} : { VolumeType: type }),
    };
  }

  /** Tags the snapshots after the call, because moto fails when the call itself has tags for them. */
  async #tagSnapshots(image: string, specifications: readonly Struct[]): Promise<void> {
    const Tags = specifications.flatMap((one) => structsAt(one, 'Tags'));
    if (Tags.length === 0) return;
    const [shown] = structsAt(await this.#ask('DescribeImages', { ImageIds: [image] }), 'Images');
    const Resources = structsAt(shown, 'BlockDeviceMappings').flatMap(
      (mapping) => textAt(structAt(mapping, 'Ebs'), 'SnapshotId') ?? [],
    );
    if (Resources.length > 0) await this.#ask('CreateTags', { Resources, Tags });
  }

  async #describe(input: Struct): Promise<Struct | undefined> {
    const filters = structsAt(input, 'Filters');
    const byRoot = filters.filter((filter) => textAt(filter, 'Name') === 'root-device-type');
    const Filters = filters.filter((filter) => !byRoot.includes(filter));
    const output = await this.#images.answer('DescribeImages', { ...input, Filters });
    const Images = structsAt(output, 'Images')
      .map((image) => this.#detailed(image))
      .filter((image) =>
        byRoot.every((filter) => textsAt(filter, 'Values').includes(textAt(image, 'RootDeviceType') ?? '')),
      );
    return { ...output, Images };
  }

  #detailed(image: Struct): Struct {
    const id = textAt(image, 'ImageId') ?? '';
    const disk = this.#disks.get(id);
    const mappings = structsAt(image, 'BlockDeviceMappings').map((mapping) => {
      const ebs = structAt(mapping, 'Ebs');
      return ebs === undefined || disk === undefined ? mapping : { ...mapping, Ebs: { ...ebs, ...disk } };
    });
    return {
      ...image,
      ...(mappings.length === 0 ? {} : { BlockDeviceMappings: mappings }),
      ...(this.#tokensOnly.has(id) ? { ImdsSupport: 'v2.0' } : {}),
    };
  }

  /** This setting can't be undone. */
  async #modify(input: Struct): Promise<Struct | undefined> {
    const support = structAt(input, 'ImdsSupport');
    if (support === undefined) return undefined;
    const value = textAt(support, 'Value') ?? '';
    if (value !== 'v2.0') {
      throw new AwsFailure('InvalidParameterValue', `Value (${value}) for parameter imdsSupport is invalid.`);
    }
    const image = textAt(input, 'ImageId') ?? '';
    await this.#ask('DescribeImages', { ImageIds: [image] });
    this.#tokensOnly.add(image);
    return {};
  }
}

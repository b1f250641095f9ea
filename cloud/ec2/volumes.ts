// SPDX-License-Identifier: Apache-2.0
/** Volumes have one holder at a time. Moto would silently give them to another holder. */
import { AwsFailure } from '../failure.ts';
import { flagAt, type Struct, structAt, structsAt, textAt, textsAt } from '../value.ts';
import { type AskEc2, instanceForAttachment, zoneOf } from './attachment-target.ts';
import { wildcards } from './filters.ts';
import type { Ec2World } from './world.ts';

/** The filters of DescribeVolumes that moto can't apply while an instance holds a volume. */
const ATTACHMENT_FILTERS: Readonly<Record<string, (volume: Struct) => readonly (string | undefined)[]>> = {
  status: (volume) => [textAt(volume, 'State')],
  'attachment.instance-id': (volume) => structsAt(volume, 'Attachments').map((one) => textAt(one, 'InstanceId')),
  'attachment.device': (volume) => structsAt(volume, 'Attachments').map((one) => textAt(one, 'Device')),
  'attachment.status': (volume) => structsAt(volume, 'Attachments').map((one) => textAt(one, 'State')),
};

export class Volumes {
  readonly #world: Ec2World;
  readonly #ask: AskEc2;
  /** The attachment of each held volume. Moto frees a terminated instance's volumes at once, EC2 after a while. */
  readonly #held = new Map<string, Struct>();

  constructor(world: Ec2World, ask: AskEc2) {
    this.#world = world;
    this.#ask = ask;
  }

  /** From now on this instance keeps its volumes, until `free`. */
  hold(instance: string, shown: Struct): void {
    for (const mapping of structsAt(shown, 'BlockDeviceMappings')) {
      const device = structAt(mapping, 'Ebs');
      const VolumeId = textAt(device, 'VolumeId');
      if (VolumeId === undefined || flagAt(device, 'DeleteOnTermination') === true) continue;
      const Device = textAt(mapping, 'DeviceName') ?? '';
      const attachment = { VolumeId, InstanceId: instance, Device, State: 'attached', DeleteOnTermination: false };
      this.#held.set(VolumeId, attachment);
    }
  }

  free(instance: string): void {
    for (const [volume, attachment] of this.#held) {
      if (textAt(attachment, 'InstanceId') === instance) this.#held.delete(volume);
    }
  }

  async attach(input: Struct): Promise<Struct> {
    const volume = textAt(input, 'VolumeId') ?? '';
    const instance = textAt(input, 'InstanceId') ?? '';
    const device = textAt(input, 'Device') ?? '';
    const [found] = structsAt(await this.describe({ VolumeIds: [volume] }), 'Volumes');
    const shown = instanceForAttachment(this.#world, instance);
    if (structsAt(found, 'Attachments').length > 0) {
      throw new AwsFailure('VolumeInUse', `${volume} is already attached to an instance`);
    }
    if (textAt(found, 'AvailabilityZone') !== zoneOf(shown)) {
      throw new AwsFailure(
        'InvalidVolume.ZoneMismatch',
        `The volume '${volume}' is not in the same availability zone as instance '${instance}'`,
      );
    }
    if (structsAt(shown, 'BlockDeviceMappings').some((mapping) => textAt(mapping, 'DeviceName') === device)) {
      throw new AwsFailure(
        'InvalidParameterValue',
        `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`,
      );
    }
    const output = await this.#ask('AttachVolume', input);
    await this.#world.refresh([instance]);
    return output;
  }

  /** A terminating instance keeps its volumes for its own delay, even after this call. */
  async detach(input: Struct): Promise<Struct> {
    const volume = textAt(input, 'VolumeId') ?? '';
    const held = this.#held.get(volume);
    if (held !== undefined) return { ...held, State: 'detaching' };
    const [found] = structsAt(await this.#ask('DescribeVolumes', { VolumeIds: [volume] }), 'Volumes');
    const [attachment] = structsAt(found, 'Attachments');
    const InstanceId = textAt(attachment, 'InstanceId');
    if (InstanceId === undefined) {
      throw new AwsFailure('IncorrectState', `Volume '${volume}' is in the 'available' state.`);
    }
    const meant = textAt(input, 'InstanceId');
    if (meant !== undefined && meant !== InstanceId) {
      throw new AwsFailure('InvalidAttachment.NotFound', `Volume '${volume}' is not attached to instance '${meant}'`);
    }
    // Moto needs both values, and EC2 knows them.
    const output = await this.#ask('DetachVolume', {
      Device: textAt(attachment, 'Device') ?? '',
      ...input,
      InstanceId,
    });
    await this.#world.refresh([InstanceId]);
    return output;
  }

  async describe(input: Struct): Promise<Struct> {
    const filters = structsAt(input, 'Filters');
    const ofAttachments = filters.filter((filter) => (textAt(filter, 'Name') ?? '') in ATTACHMENT_FILTERS);
    const Filters = filters.filter((filter) => !ofAttachments.includes(filter));
    const output = await this.#ask('DescribeVolumes', { ...input, Filters });
    const volumes = structsAt(output, 'Volumes').map((volume) => {
      const attachment = this.#held.get(textAt(volume, 'VolumeId') ?? '');
      return attachment === undefined ? volume : { ...volume, State: 'in-use', Attachments: [attachment] };
    });
    return { ...output, Volumes: volumes.filter((volume) => ofAttachments.every((filter) => fits(volume, filter))) };
  }

  /** Fails while a terminating instance holds the volume. */
  checkDelete(volume: string): void {
    const attachment = this.#held.get(volume);
    if (attachment === undefined) return;
    throw new AwsFailure(
      'VolumeInUse',
      `Volume ${volume} is currently attached to ${textAt(attachment, 'InstanceId')}`,
    );
  }
}

function fits(volume: Struct, filter: Struct): boolean {
  const values = ATTACHMENT_FILTERS[textAt(filter, 'Name') ?? '']?.(volume) ?? [];
  const patterns = textsAt(filter, 'Values').map(wildcards);
  return values.some((value) => value !== undefined && patterns.some((pattern) => pattern.test(value)));
}

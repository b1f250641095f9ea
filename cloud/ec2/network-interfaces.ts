// SPDX-License-Identifier: Apache-2.0
/** Network interfaces have one holder at a time. Moto would silently give them to another holder. */
import { AwsFailure } from '../failure.ts';
import { numberAt, type Struct, structAt, structsAt, textAt } from '../value.ts';
import { type AskEc2, instanceForAttachment, zoneOf } from './attachment-target.ts';
import type { Ec2World } from './world.ts';

export async function attachInterface(world: Ec2World, ask: AskEc2, input: Struct): Promise<Struct> {
  const id = textAt(input, 'NetworkInterfaceId') ?? '';
  const instance = textAt(input, 'InstanceId') ?? '';
  const index = numberAt(input, 'DeviceIndex');
  const card = await interfaceOf(ask, id);
  const shown = instanceForAttachment(world, instance);
  if (holderOf(card) !== undefined) throw new AwsFailure('InvalidNetworkInterface.InUse', `Interface: [${id}] in use.`);
  if (textAt(card, 'AvailabilityZone') !== zoneOf(shown)) {
    throw new AwsFailure(
      'InvalidParameterCombination',
      'You may not attach a network interface to an instance if they are not in the same availability zone',
    );
  }
  const taken = structsAt(shown, 'NetworkInterfaces').map((one) => structAt(one, 'Attachment')?.DeviceIndex);
  if (index !== undefined && taken.includes(index)) {
    throw new AwsFailure(
      'InvalidParameterValue',
      `Instance '${instance}' already has an interface attached at device index '${index}'.`,
    );
  }
  const output = await ask('AttachNetworkInterface', input);
  await world.refresh([instance]);
  return output;
}

/** Fails while an instance holds it. */
export async function checkDeleteInterface(ask: AskEc2, id: string): Promise<void> {
  if (holderOf(await interfaceOf(ask, id)) === undefined) return;
  throw new AwsFailure('InvalidParameterValue', `Network interface '${id}' is currently in use.`);
}

/**
 * Removes the interfaces that moto leaves with a terminated instance: all but the first, which ends with the instance.
 */
export async function freeInterfaces(ask: AskEc2, instance: Struct): Promise<void> {
  for (const card of structsAt(instance, 'NetworkInterfaces')) {
    const attachment = structAt(card, 'Attachment');
    const AttachmentId = textAt(attachment, 'AttachmentId');
    if (AttachmentId !== undefined && attachment?.DeviceIndex !== 0) {
      await ask('DetachNetworkInterface', { AttachmentId });
    }
  }
}

async function interfaceOf(ask: AskEc2, id: string): Promise<Struct> {
  const output = await ask('DescribeNetworkInterfaces', { NetworkInterfaceIds: [id] });
  return structsAt(output, 'NetworkInterfaces')[0] ?? {};
}

function holderOf(card: Struct): string | undefined {
  const holder = textAt(structAt(card, 'Attachment'), 'InstanceId');
  return holder === '' ? undefined : holder;
}

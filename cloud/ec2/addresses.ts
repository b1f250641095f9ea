// SPDX-License-Identifier: Apache-2.0
/** Elastic IP addresses: which instance has one, and which may take it. */
import { AwsFailure } from '../failure.ts';
import { flagAt, type Struct, structAt, structsAt, textAt } from '../value.ts';
import type { AskEc2 } from './attachment-target.ts';
import type { Ec2World } from './world.ts';

const LAST_HOST = 254;

/**
 * Moves an address to its new holder, unless AllowReassociation is false (moto: unless it is true). The address
 * replaces the one that the new holder had.
 */
export async function associateAddress(world: Ec2World, ask: AskEc2, input: Struct): Promise<Struct> {
  if (input.PrivateIpAddress !== undefined) {
    throw new AwsFailure('NotImplemented', 'The lab does not imitate PrivateIpAddress of AssociateAddress', 501);
  }
  const address = await addressOf(ask, input);
  const target = targetOf(world, input);
  const association = textAt(address, 'AssociationId');
  if (association !== undefined && association !== '') {
    if (textAt(address, 'NetworkInterfaceId') === target) return { AssociationId: association };
    if (flagAt(input, 'AllowReassociation') === false) {
      const id = textAt(address, 'AllocationId');
      throw new AwsFailure(
        'Resource.AlreadyAssociated',
        `resource ${id} is already associated with associate-id ${association}`,
      );
    }
  }
  await disassociate(ask, (other) => textAt(other, 'NetworkInterfaceId') === target);
  const output = await ask('AssociateAddress', { ...input, AllowReassociation: true });
  await world.refresh();
  return output;
}

/** Gives the lowest free address of this network, `198.51.100`. */
export async function allocateAddress(ask: AskEc2, prefix: string, input: Struct): Promise<Struct> {
  const taken = structsAt(await ask('DescribeAddresses', {}), 'Addresses').map((address) =>
    textAt(address, 'PublicIp'),
  );
  for (let host = 1; host <= LAST_HOST; host += 1) {
    const Address = `${prefix}.${host}`;
    if (!taken.includes(Address)) return ask('AllocateAddress', { ...input, Address });
  }
  throw new AwsFailure('InsufficientAddressCapacity', 'Insufficient address capacity.');
}

/** Fails while the address is associated. */
export async function checkRelease(ask: AskEc2, input: Struct): Promise<void> {
  const address = await addressOf(ask, input);
  if ((textAt(address, 'AssociationId') ?? '') === '') return;
  throw new AwsFailure('InvalidIPAddress.InUse', `Address ${textAt(address, 'PublicIp')} is in use.`);
}

/** Removes the addresses that moto leaves with a terminated instance. */
export function freeAddresses(ask: AskEc2, instance: Struct): Promise<void> {
  const cards = cardsOf(instance);
  return disassociate(ask, (address) => cards.includes(textAt(address, 'NetworkInterfaceId') ?? ''));
}

async function disassociate(ask: AskEc2, which: (address: Struct) => boolean): Promise<void> {
  for (const address of structsAt(await ask('DescribeAddresses', {}), 'Addresses').filter(which)) {
    const AssociationId = textAt(address, 'AssociationId');
    if (AssociationId !== undefined) await ask('DisassociateAddress', { AssociationId });
  }
}

async function addressOf(ask: AskEc2, input: Struct): Promise<Struct> {
  const id = textAt(input, 'AllocationId');
  const ip = textAt(input, 'PublicIp');
  if (id === undefined && ip === undefined) {
    throw new AwsFailure('MissingParameter', 'Either an allocation ID or a public IP address must be specified');
  }
  const by = id === undefined ? { PublicIps: [ip ?? ''] } : { AllocationIds: [id] };
  return structsAt(await ask('DescribeAddresses', by), 'Addresses')[0] ?? {};
}

/** The network interface that gets the address. */
function targetOf(world: Ec2World, input: Struct): string {
  const card = textAt(input, 'NetworkInterfaceId');
  const instance = textAt(input, 'InstanceId');
  if ((card === undefined) === (instance === undefined)) {
    throw new AwsFailure(
      'InvalidParameterCombination',
      'Either an instance ID or a network interface ID must be specified, and not both',
    );
  }
  if (instance === undefined) return card ?? '';
  const shown = world.seeOne(instance, { caller: 'gateway', atMs: Date.now() })?.instance ?? {};
  const state = textAt(structAt(shown, 'State'), 'Name');
  if (state !== 'running' && state !== 'stopped') {
    const why = `The ${state} instance '${instance}' is not in a valid state for this operation.`;
    throw new AwsFailure('InvalidInstanceID', why);
  }
  const [first = '', ...others] = cardsOf(shown);
  if (others.length > 0) {
    const why = `There are multiple interfaces attached to instance '${instance}'. Please specify an interface ID for the operation instead.`;
    throw new AwsFailure('InvalidInstanceID', why);
  }
  return first;
}

function cardsOf(instance: Struct): readonly string[] {
  return structsAt(instance, 'NetworkInterfaces').flatMap((card) => textAt(card, 'NetworkInterfaceId') ?? []);
}

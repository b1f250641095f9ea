// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsFailure } from '../../failure.ts';
import { type Struct, structsAt, textAt } from '../../value.ts';
import { unlessGone } from './gone.ts';
import type { ExistingResource, ResourceContext, ResourceHandler } from './handler.ts';
import { keyed, surplusKeys, tagsOf } from './tags.ts';

/** An Elastic IP that the stack allocates. Who associates it is not the stack's concern. */
export const elasticIp: ResourceHandler = {
  type: 'AWS::EC2::EIP',
  supported: ['Domain', 'Tags.*'],
  attributes: ['AllocationId', 'PublicIp'],
  takesTags: 'with-system-tags',

  async create(context, properties) {
    const { AllocationId = '', PublicIp = '' } = await context.call('ec2', 'AllocateAddress', {
      Domain: properties.Domain ?? 'vpc',
      TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: keyed(tagsOf(context, properties)) }],
    });
    context.made(String(PublicIp));
    return { AllocationId, PublicIp };
  },

  async update(context, existing, properties) {
    const AllocationId = await allocationOf(context, existing);
    const Resources = [AllocationId];
    const wanted = tagsOf(context, properties);
    const surplus = surplusKeys(
      existing,
      wanted.map(({ key }) => key),
    );
    if (surplus.length > 0) {
      await context.call('ec2', 'DeleteTags', { Resources, Tags: surplus.map((Key) => ({ Key })) });
    }
    if (wanted.length > 0) await context.call('ec2', 'CreateTags', { Resources, Tags: keyed(wanted) });
    return { AllocationId, PublicIp: existing.physicalId };
  },

  /** An address that an instance of the deleted group still has comes free a while after the instance's end. */
  async remove(context, existing) {
    const limitAtMs = Date.now() + context.timings.dependencyMs;
    while (!(await released(context, existing, Date.now() >= limitAtMs))) {
      await sleep(context.timings.pollMs, undefined, { signal: context.signal });
    }
  },
};

async function released(context: ResourceContext, existing: ExistingResource, last: boolean): Promise<boolean> {
  try {
    const AllocationId = await allocationOf(context, existing);
    await unlessGone(context.call('ec2', 'ReleaseAddress', { AllocationId }), 'InvalidAllocationID.NotFound');
    return true;
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    if (error.code === 'InvalidAddress.NotFound') return true;
    if (error.code !== 'InvalidIPAddress.InUse' || last) throw error;
    return false;
  }
}

async function allocationOf(context: ResourceContext, { physicalId }: ExistingResource): Promise<string> {
  const found: Struct = await context.call('ec2', 'DescribeAddresses', { PublicIps: [physicalId] });
  return textAt(structsAt(found, 'Addresses')[0], 'AllocationId') ?? '';
}

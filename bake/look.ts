// SPDX-License-Identifier: Apache-2.0
/** Checks what the options name in AWS before anything is launched, and reports all problems at once. */
import {
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import { call } from '../deploy/aws.ts';
import type { AwsClients } from '../tools/aws-clients.ts';
import { BakeError } from './errors.ts';
import type { BakeOptions } from './options.ts';
import { sourceImageProblems } from './source-image.ts';

export interface Ec2Access {
  readonly ec2: AwsClients['ec2'];
  readonly signal: AbortSignal;
}

interface Found {
  /** The root device of the given image; undefined when Debian's image is used. */
  readonly rootDevice?: string;
}

export async function lookAt(access: Ec2Access, options: BakeOptions): Promise<Found> {
  const [image, ...problems] = await Promise.all([
    sourceImage(access, options),
    instanceTypeProblem(access, options),
    subnetProblem(access, options),
  ]);
  const all = [...sourceImageProblems(image, options), ...problems.flatMap((problem) => problem ?? [])];
  if (all.length > 0) throw new BakeError('BAD_INPUT', all.join('\n'), 'Correct it. Nothing was launched.');
  return image?.RootDeviceName === undefined ? {} : { rootDevice: image.RootDeviceName };
}

async function sourceImage({ ec2, signal }: Ec2Access, { sourceImage: id }: BakeOptions): Promise<Image | undefined> {
  if (id === undefined) return undefined;
  const command = new DescribeImagesCommand({ Filters: [{ Name: 'image-id', Values: [id] }] });
  const { Images = [] } = await call('EC2 DescribeImages', signal, (options) => ec2.send(command, options));
  return Images.find(({ ImageId }) => ImageId === id);
}

async function instanceTypeProblem({ ec2, signal }: Ec2Access, { instanceType }: BakeOptions) {
  const command = new DescribeInstanceTypesCommand({ Filters: [{ Name: 'instance-type', Values: [instanceType] }] });
  const { InstanceTypes = [] } = await call('EC2 DescribeInstanceTypes', signal, (options) =>
    ec2.send(command, options),
  );
  if (InstanceTypes.length > 0) return undefined;
  return `The instance type ${instanceType} (--instancetype) does not exist in this region.`;
}

/** Without a subnet, EC2 itself chooses among the default ones. */
async function subnetProblem({ ec2, signal }: Ec2Access, options: BakeOptions): Promise<string | undefined> {
  const { subnet, instanceType, sshInterface } = options;
  const filter =
    subnet === undefined ? { Name: 'default-for-az', Values: ['true'] } : { Name: 'subnet-id', Values: [subnet] };
  const [{ Subnets = [] }, { InstanceTypeOfferings = [] }] = await Promise.all([
    call('EC2 DescribeSubnets', signal, (limits) =>
      ec2.send(new DescribeSubnetsCommand({ Filters: [filter] }), limits),
    ),
    call('EC2 DescribeInstanceTypeOfferings', signal, (limits) =>
      ec2.send(
        new DescribeInstanceTypeOfferingsCommand({
          LocationType: 'availability-zone',
          Filters: [{ Name: 'instance-type', Values: [instanceType] }],
        }),
        limits,
      ),
    ),
  ]);
  if (Subnets.length === 0) {
    return subnet === undefined
      ? 'This account has no default VPC in this region: name a subnet with --subnet.'
      : `The subnet ${subnet} (--subnet) does not exist in this region and account.`;
  }
  if (subnet !== undefined && Subnets[0]?.Ipv6Native === true) {
    return `The subnet ${subnet} (--subnet) has IPv6 addresses alone. Name one with IPv4 addresses: the bake reaches its instance by IPv4.`;
  }
  const zones = new Set(InstanceTypeOfferings.map(({ Location }) => Location));
  // A type that is nowhere is a problem of its own.
  if (zones.size > 0 && !Subnets.some(({ AvailabilityZone }) => zones.has(AvailabilityZone))) {
    const where =
      subnet === undefined ? 'any zone of a default subnet' : `${Subnets[0]?.AvailabilityZone}, the zone of ${subnet}`;
    return `The instance type ${instanceType} (--instancetype) is not offered in ${where}: name another subnet with --subnet.`;
  }
  const closed = Subnets.find(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch === false);
  if (subnet !== undefined || sshInterface !== 'public_ip' || closed === undefined) return undefined;
  return `The default subnet ${closed.SubnetId} gives no public address, at which the instance would be reached: name a subnet with --subnet, and a public address is asked for.`;
}

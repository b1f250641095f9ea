// SPDX-License-Identifier: Apache-2.0
/** The image, and the instance type that will run it. */
import { DescribeImagesCommand, DescribeInstanceTypesCommand, type Image } from '@aws-sdk/client-ec2';
import type { TemplateOptions } from '../../cf/template-options.ts';
import { call } from '../aws.ts';
import type { DeployContext } from '../context.ts';
import type { Check } from './problem.ts';

/** Undefined when the image does not exist, or this account may not use it. */
export async function describeImage({ aws, signal }: DeployContext, imageId: string): Promise<Image | undefined> {
  const { Images = [] } = await call('EC2 DescribeImages', signal, (options) =>
    aws.ec2.send(new DescribeImagesCommand({ Filters: [{ Name: 'image-id', Values: [imageId] }] }), options),
  );
  return Images.find(({ ImageId }) => ImageId === imageId);
}

export function imageProblems(image: Image | undefined, options: TemplateOptions): readonly string[] {
  const { imageId, architecture, rootDevice, volumeGib } = options;
  if (image === undefined) {
    return [`The image ${imageId} (--ami) does not exist in this region, or is not shared with this account.`];
  }
  if (image.State !== undefined && image.State !== 'available') {
    return [`The image ${imageId} (--ami) is in the state ${image.State}, not available.`];
  }
  const problems: string[] = [];
  if (image.Architecture !== undefined && image.Architecture !== architecture) {
    problems.push(
      `The image ${imageId} (--ami) is made for ${image.Architecture}, not for ${architecture} (--architecture).`,
    );
  }
  if (rootDevice !== undefined && image.RootDeviceName !== rootDevice) {
    // Encryption and size would apply to a second volume, and the root volume would stay as in the image.
    problems.push(
      `The image ${imageId} (--ami) names its root device ${image.RootDeviceName}, not ${rootDevice} (--rootdevice); without that option the image's own name is taken.`,
    );
  }
  if (image.RootDeviceType === 'instance-store') {
    problems.push(`The image ${imageId} (--ami) has its root on an instance store; it has to be on EBS.`);
  }
  const root = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === image.RootDeviceName);
  const leastGib = root?.Ebs?.VolumeSize ?? 0;
  if (leastGib > volumeGib) {
    problems.push(
      `The image ${imageId} (--ami) needs a volume of at least ${leastGib} GiB; --volumesize says ${volumeGib}.`,
    );
  }
  return problems;
}

const DAY_MS = 86_400_000;
const OLD_DAYS = 60;

/** A sentence for people about an image that lacks months of Debian's updates; none otherwise. */
export function imageAgeNotices({ ImageId, CreationDate }: Image, nowMs: number): readonly string[] {
  const days = Math.floor((nowMs - Date.parse(CreationDate ?? '')) / DAY_MS);
  if (!(days > OLD_DAYS)) return [];
  return [
    `The image ${ImageId} (--ami) is ${days} days old. Java and the kernel are updated by a new image alone: bake one with ./build.sh. docs/building.md says how often.`,
  ];
}

export const checkInstanceType: Check = async ({ aws, signal }, { instanceType, architecture }) => {
  const command = new DescribeInstanceTypesCommand({ Filters: [{ Name: 'instance-type', Values: [instanceType] }] });
  const { InstanceTypes = [] } = await call('EC2 DescribeInstanceTypes', signal, (options) =>
    aws.ec2.send(command, options),
  );
  const found = InstanceTypes.find(({ InstanceType }) => InstanceType === instanceType);
  if (found === undefined) return [`The instance type ${instanceType} (--instancetype) does not exist in this region.`];
  const supported = found.ProcessorInfo?.SupportedArchitectures ?? [architecture];
  if (supported.includes(architecture)) return [];
  return [
    `The instance type ${instanceType} (--instancetype) runs ${supported.join(' and ')}, not ${architecture} (--architecture).`,
  ];
};

// SPDX-License-Identifier: Apache-2.0
/** The image that a bake starts from, as far as EC2 tells about it. */
import type { Image } from '@aws-sdk/client-ec2';
import type { BakeOptions } from './options.ts';

/** How the makers of other systems begin the names of their images. */
const OTHER_SYSTEMS: readonly (readonly [name: RegExp, system: string])[] = [
  [/^(?:al20\d\d-|amzn)/i, 'Amazon Linux'],
  [/^ubuntu/i, 'Ubuntu'],
  [/^bottlerocket/i, 'Bottlerocket'],
  [/^rhel/i, 'Red Hat Enterprise Linux'],
  [/^(?:suse|sles|opensuse)/i, 'SUSE Linux'],
  [/^(?:centos|rocky|almalinux|fedora|oracle-?linux|ol\d)/i, 'a relative of Red Hat’s Linux'],
  [/^windows/i, 'Windows'],
];

/** EC2 says this of Debian, and of other free systems too. */
const PLATFORM_OF_DEBIAN = 'Linux/UNIX';

/** What is wrong with an image that was named; none when it fits, or when none was named. */
export function sourceImageProblems(image: Image | undefined, options: BakeOptions): readonly string[] {
  const { sourceImage: id, architecture, volumeGib } = options;
  if (id === undefined) return [];
  if (image === undefined) return [`The image ${id} (--ami) does not exist in this region, or is not shared with you.`];
  const problems: string[] = [];
  const system = otherSystemOf(image);
  if (system !== undefined) {
    problems.push(`The image ${id} (--ami) is of ${system}. Only Debian 12 and 13 can be baked on.`);
  }
  if (image.State !== 'available') problems.push(`The image ${id} (--ami) is in the state ${image.State}.`);
  if (image.Architecture !== undefined && image.Architecture !== architecture) {
    problems.push(`The image ${id} (--ami) is for ${image.Architecture}, not for ${architecture} (--architecture).`);
  }
  if (image.RootDeviceType === 'instance-store') problems.push(`The image ${id} (--ami) has no root on EBS.`);
  const root = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === image.RootDeviceName);
  const leastGib = root?.Ebs?.VolumeSize ?? 0;
  if (leastGib > volumeGib) {
    problems.push(`The image ${id} (--ami) needs a volume of ${leastGib} GiB; --volumesize says ${volumeGib}.`);
  }
  return problems;
}

/**
 * The system that an image surely has, when it is not Debian. A name alone can't prove Debian: what is not known here
 * is looked at on the instance itself, before anything is changed there (ansible/playbook.yml).
 */
function otherSystemOf({ Name = '', PlatformDetails, Platform }: Image): string | undefined {
  if (/^windows/i.test(Platform ?? '')) return 'Windows';
  if (PlatformDetails !== undefined && PlatformDetails !== PLATFORM_OF_DEBIAN) return PlatformDetails;
  if (/debian/i.test(Name)) return undefined;
  return OTHER_SYSTEMS.find(([name]) => name.test(Name.replace(/^.*\//, '')) || name.test(Name))?.[1];
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Machines that boot their image in containers. The lab's process is in the lab's network namespace. Gateway, moto and
 * metadata service have their addresses there, and nothing in it has a way out.
 */
import { join } from 'node:path';
import { CopyImageCommand } from '@aws-sdk/client-ec2';
import { debianImages } from '../../cloud/index.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { REGION } from '../aws-clients.ts';
import { CONTAINER_LAB_ADDRESS, CONTAINER_PREFIX, PUBLIC_PREFIX } from '../container/addresses.ts';
import { joinNetwork } from '../container/network.ts';
import { ContainerMachines } from '../hypervisor/container-machines.ts';
import { ImageDisks } from '../hypervisor/image-disks.ts';
import { startLinkLocalMetadata } from '../metadata/link-local-service.ts';
import { bakeImage } from './bake.ts';
import type { Ground } from './ground.ts';
import type { StateDirectory } from './state-directory.ts';

/** Parts that were made earlier, outside the lab's network namespace, because that has no way out. */
export interface ImageParts {
  readonly release: 12 | 13;
  /** The root directory of the Debian release. */
  readonly base: string;
  /** The official ZooKeeper archive. */
  readonly archive: { readonly file: string; readonly sha512: string };
}

interface ContainerGroundOptions {
  readonly name: string;
  readonly state: StateDirectory;
  readonly parts: ImageParts;
  /** The environment of the scripts. */
  readonly environment: Readonly<Record<string, string>>;
  /** The size of each instance's own disk, for tests in which one runs full. */
  readonly diskMib?: number;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Cron runs only once a minute, so a shorter hook could end before the next heartbeat. */
const HEARTBEAT_SECONDS = 180;

export async function containerGround(
  options: ContainerGroundOptions,
  disposables: AsyncDisposableStack,
): Promise<Ground> {
  const { name, state, parts, environment, diskMib, progress, signal } = options;
  const network = disposables.use(joinNetwork(name));
  const metadata = disposables.adopt(await startLinkLocalMetadata(), (service) => service.close());
  const images = new ImageDisks(join(state.path, 'images'), basesOf(parts));
  const disk = diskMib === undefined ? {} : { diskMib };
  return {
    block: { prefix: CONTAINER_PREFIX, ownAddress: CONTAINER_LAB_ADDRESS, [Symbol.asyncDispose]: async () => {} },
    cloudOptions: { withDebianImages: true, reusesAddresses: true, publicPrefix: PUBLIC_PREFIX },
    heartbeatSeconds: HEARTBEAT_SECONDS,
    network,
    makeMachines: () =>
      new ContainerMachines({ lab: name, directory: state.machines, network, metadata, images, ...disk }),
    processMachines: () => undefined,
    settings: (cloud) => ({ AWS_ENDPOINT_URL: cloud.aws.url }),
    firstImage: (cloud, { subnets }) => {
      progress(`baking the image on Debian ${parts.release} with build.sh`);
      const { release, archive } = parts;
      const [subnet = ''] = subnets;
      return bakeImage({ release, subnet, archive, builder: cloud.builder, environment, hear: progress, signal });
    },
    anotherImage: (cloud, deployed) => copyOf(cloud.operator, deployed, `${name} ${Date.now()}`),
  };
}

/** An image for another architecture has no disk, since this machine could not run it. */
function basesOf({ release, base }: ImageParts): ReadonlyMap<string, readonly string[]> {
  const own = process.arch === 'arm64' ? 'arm64' : 'x86_64';
  const images = debianImages().filter((image) => image.release === release && image.architecture === own);
  return new Map(images.map(({ imageId }) => [imageId, [base]]));
}

/** An update needs another id, not another disk. A second bake would take minutes and make the same disk. */
async function copyOf(aws: AwsClients, image: string, label: string): Promise<string> {
  const { ImageId } = await aws.ec2.send(
    new CopyImageCommand({ SourceImageId: image, SourceRegion: REGION, Name: `zookeeper-on-aws ${label}` }),
  );
  if (ImageId === undefined) throw new Error("The lab's AWS answered CopyImage without ImageId.");
  return ImageId;
}

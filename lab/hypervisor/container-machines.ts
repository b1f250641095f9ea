// SPDX-License-Identifier: Apache-2.0
/**
 * Makes the machines that boot their image in a container. Each is in its own network namespace of the lab's network.
 */
import { join } from 'node:path';
import type { LabNetwork } from '../container/network.ts';
import type { MetadataOptions } from '../metadata/instance-metadata.ts';
import type { LinkLocalMetadata } from '../metadata/link-local-service.ts';
import type { MetadataEndpoint } from '../metadata/metadata-service.ts';
import { ContainerMachine } from './container-machine.ts';
import type { ImageDisks } from './image-disks.ts';
import type { Machine } from './machine.ts';
import { type LaunchedInstance, type MachineMaker, NoMachineError } from './machine-maker.ts';

interface ContainerMachinesOptions {
  readonly lab: string;
  /** Contains a directory for each instance. */
  readonly directory: string;
  readonly network: LabNetwork;
  readonly metadata: LinkLocalMetadata;
  readonly images: ImageDisks;
  /** The size of each instance's own disk, for tests in which one runs full. Such an instance can't become an image. */
  readonly diskMib?: number;
}

/** The memory of a t3.small, the stack's default; a busy laptop has room for five. */
const MEMORY_MIB = 2_048;

export class ContainerMachines implements MachineMaker {
  readonly #options: ContainerMachinesOptions;

  constructor(options: ContainerMachinesOptions) {
    this.#options = options;
  }

  async startMetadata(options: MetadataOptions): Promise<MetadataEndpoint> {
    return this.#options.metadata.add(options);
  }

  async make({ instance, address, imageId }: LaunchedInstance): Promise<Machine> {
    const { lab, directory, network, images, diskMib } = this.#options;
    const layers = images.layersOf(imageId);
    if (layers === undefined) {
      throw new NoMachineError(`the image ${imageId} has no disk here that this machine's processor could run`);
    }
    if (!address.startsWith(`${network.prefix}.`)) {
      throw new NoMachineError(`its address ${address} is outside of the lab's network; launch it into a subnet`);
    }
    return new ContainerMachine({
      lab,
      instance,
      directory: join(directory, instance),
      address,
      layers,
      memoryMib: MEMORY_MIB,
      ...(diskMib === undefined ? {} : { diskMib }),
      network,
    });
  }

  async capture(machine: Machine, imageId: string): Promise<void> {
    if (!(machine instanceof ContainerMachine)) throw new Error(`${machine.instance} has no disk of layers.`);
    // Only the machine itself sees what it has written.
    if (this.#options.diskMib !== undefined) throw new Error(`${machine.instance} has a disk of a size of its own.`);
    await this.#options.images.capture(imageId, machine.upperDirectory, machine.layers);
  }

  async copyImage(source: string, imageId: string): Promise<void> {
    this.#options.images.copy(source, imageId);
  }
}

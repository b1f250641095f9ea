// SPDX-License-Identifier: Apache-2.0
/** How instances get their machines: each kind of machine has a maker. */
import type { MetadataOptions } from '../metadata/instance-metadata.ts';
import type { MetadataEndpoint } from '../metadata/metadata-service.ts';
import type { Machine } from './machine.ts';

/** The facts of EC2 about an instance that has been launched. */
export interface LaunchedInstance {
  readonly instance: string;
  readonly address: string;
  readonly zone: string;
  readonly imageId: string;
  readonly userData: string;
}

/** The instance can't have a machine now or later. */
export class NoMachineError extends Error {
  override readonly name = 'NoMachineError';
}

export interface MachineMaker {
  /** The metadata service as the instance's machine reaches it. */
  startMetadata(options: MetadataOptions): Promise<MetadataEndpoint>;
  /** Makes the machine, switched off. Rejects with NoMachineError when the instance can have none. */
  make(launched: LaunchedInstance, metadata: MetadataEndpoint): Promise<Machine>;
  /** Stores the disk of a machine that is off as the disk of an image. */
  capture(machine: Machine, imageId: string): Promise<void>;
  /** Gives an image the disk of another image. */
  copyImage(source: string, imageId: string): Promise<void>;
}

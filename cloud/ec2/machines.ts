// SPDX-License-Identifier: Apache-2.0
/** The machines of the instances, if they have any. Without machines, instances are only entries of a table. */
export interface Machines {
  /** Shuts the instance's machine down and resolves when it is off; its disk stays. */
  shutDown(instance: string): Promise<void>;
  /** Cuts the power of the instance's machine and turns it on again. */
  reboot(instance: string): Promise<void>;
  /** Stores the disk of a stopped instance as the disk of an image. */
  capture(instance: string, image: string): Promise<void>;
  /** Gives an image the disk of another image. */
  copy(source: string, image: string): Promise<void>;
}

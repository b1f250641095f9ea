// SPDX-License-Identifier: Apache-2.0
/** What stands behind the instances, where something does: without it they are entries of a table alone. */
export interface Machines {
  /** Shuts the instance's machine down and resolves when it is off; its disk stays. */
  shutDown(instance: string): Promise<void>;
  /** Pulls the plug of the instance's machine and puts it in again. */
  reboot(instance: string): Promise<void>;
  /** Keeps the disk of a stopped instance as that of an image. */
  capture(instance: string, image: string): Promise<void>;
  /** Gives an image the disk of another one. */
  copy(source: string, image: string): Promise<void>;
}

// SPDX-License-Identifier: Apache-2.0
/** The basis of a lab: its addresses, its kind of machines, and the source of its images. */
import type { CloudOptions } from '../../cloud/index.ts';
import type { Network } from '../account.ts';
import type { LabNetwork } from '../container/network.ts';
import type { MachineMaker } from '../hypervisor/machine-maker.ts';
import type { ProcessMachines } from '../hypervisor/process-machines.ts';
import type { AddressBlock } from './address-block.ts';
import type { LocalCloud } from './local-cloud.ts';

export interface Ground {
  /** When it is left out, the lab takes a free block of loopback. */
  readonly block?: AddressBlock;
  /** Extra options of the cloud. */
  readonly cloudOptions: Pick<CloudOptions, 'withDebianImages' | 'reusesAddresses' | 'publicPrefix'>;
  /** The heartbeat of the stack's hooks, when the lab has its short waits. */
  readonly heartbeatSeconds?: number;
  /** The network in which links can be cut, if there is one. */
  readonly network?: LabNetwork;
  makeMachines(cloud: LocalCloud): MachineMaker;
  /** The result of makeMachines, when the machines are processes. */
  processMachines(): ProcessMachines | undefined;
  /** The lines of agent.env that the machines need. */
  settings(cloud: LocalCloud): Readonly<Record<string, string>>;
  /** Makes the image of the first deployment. Resolves with its id. */
  firstImage(cloud: LocalCloud, network: Network): Promise<string>;
  /** Makes an equivalent image, for an update. */
  anotherImage(cloud: LocalCloud, deployed: string): Promise<string>;
}

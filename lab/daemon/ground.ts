// SPDX-License-Identifier: Apache-2.0
/** What a lab stands on: where it has its addresses, what its machines are, and where its images come from. */
import type { CloudOptions } from '../../cloud/index.ts';
import type { Network } from '../account.ts';
import type { LabNetwork } from '../container/network.ts';
import type { MachineMaker } from '../hypervisor/machine-maker.ts';
import type { ProcessMachines } from '../hypervisor/process-machines.ts';
import type { AddressBlock } from './address-block.ts';
import type { LocalCloud } from './local-cloud.ts';

export interface Ground {
  /** A free block of loopback's when it is left out. */
  readonly block?: AddressBlock;
  /** What its cloud has beyond the usual. */
  readonly cloudOptions: Pick<CloudOptions, 'withDebianImages' | 'reusesAddresses'>;
  /** Of the stack's hooks, when the lab has its short waits. */
  readonly heartbeatSeconds?: number;
  /** The network in which links can be cut, when there is one. */
  readonly network?: LabNetwork;
  makeMachines(cloud: LocalCloud): MachineMaker;
  /** What makeMachines made, when the machines are processes. */
  processMachines(): ProcessMachines | undefined;
  /** Lines of agent.env that the machines need. */
  settings(cloud: LocalCloud): Readonly<Record<string, string>>;
  /** Makes the image that is deployed at first, and resolves with its id. */
  firstImage(cloud: LocalCloud, network: Network): Promise<string>;
  /** Makes another one for an update, as good as the one that is deployed. */
  anotherImage(cloud: LocalCloud, deployed: string): Promise<string>;
}

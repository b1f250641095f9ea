// SPDX-License-Identifier: Apache-2.0
/** Machines that are processes, at addresses of the loopback network. They need no root and no bake. */
import { resolve } from 'node:path';
import { bundleProgram } from '../../build/bundle.ts';
import { registerImage } from '../account.ts';
import type { LabNetwork } from '../container/network.ts';
import type { BootPlan } from '../hypervisor/machine-messages.ts';
import { ProcessMachines } from '../hypervisor/process-machines.ts';
import { zookeeperHome } from '../zookeeper/fetch.ts';
import type { Ground } from './ground.ts';

export interface ProcessGroundOptions {
  readonly name: string;
  /** Contains a directory for each instance. */
  readonly directory: string;
  readonly agentCommand: readonly string[];
  readonly jvm: 'fast' | 'production';
  readonly bootPlan: BootPlan;
  /** With this, each machine has a network namespace of its own in it. */
  readonly network?: LabNetwork;
  /** The environment of every process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly progress: (line: string) => void;
}

const MACHINE = resolve(import.meta.dirname, '../hypervisor/process-machine-program.ts');
/** Plain JavaScript: Node starts it three times as fast as the TypeScript source. */
const MACHINE_PROGRAM = resolve(import.meta.dirname, '../../dist/lab-machine.cjs');

export async function processGround(options: ProcessGroundOptions): Promise<Ground> {
  const { name, directory, agentCommand, jvm, bootPlan, network, environment, progress } = options;
  const distribution = await zookeeperHome(progress);
  await bundleProgram({ entry: MACHINE, outfile: MACHINE_PROGRAM });
  let machines: ProcessMachines | undefined;
  return {
    cloudOptions: {},
    makeMachines: (cloud) => {
      machines = new ProcessMachines({
        endpoint: cloud.aws.url,
        listenAddress: cloud.block.ownAddress,
        directory,
        program: MACHINE_PROGRAM,
        agentCommand,
        serverCommand: (javaOptions) => distribution.command(jvm, [`@${javaOptions}`]),
        bootPlan,
        ...(network === undefined ? {} : { network }),
        environment,
      });
      return machines;
    },
    processMachines: () => machines,
    // Each machine has its own metadata service, so its own settings file names it.
    settings: () => ({}),
    firstImage: (cloud) => registerImage(cloud.operator, name),
    anotherImage: (cloud) => registerImage(cloud.operator, `${name} ${Date.now()}`),
  };
}

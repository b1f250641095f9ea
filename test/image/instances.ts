// SPDX-License-Identifier: Apache-2.0
/** A cloud whose instances are containers, without a stack; for programs in a lab's network namespace. */
import { containerGround, type ImageParts } from '../../lab/daemon/container-ground.ts';
import { type LocalCloud, startLocalCloud } from '../../lab/daemon/local-cloud.ts';
import { StateDirectory } from '../../lab/daemon/state-directory.ts';
import { Hypervisor } from '../../lab/hypervisor/hypervisor.ts';

export interface InstancesPlan {
  readonly lab: string;
  /** Of the lab's state. */
  readonly directory: string;
  readonly parts: ImageParts;
  /** Of each instance's own disk; as large as the host's by default. */
  readonly diskMib?: number;
}

export interface Instances {
  readonly cloud: LocalCloud;
  readonly hypervisor: Hypervisor;
  /** What the hypervisor has said, a line each. */
  readonly reported: readonly string[];
}

/** They end with `ends`. */
export async function startInstances(plan: InstancesPlan, ends: AsyncDisposableStack): Promise<Instances> {
  const { lab, directory, parts, diskMib } = plan;
  const state = new StateDirectory(directory);
  state.make();
  const common = { progress: () => {}, signal: new AbortController().signal };
  const disk = diskMib === undefined ? {} : { diskMib };
  const ground = await containerGround({ name: lab, state, parts, environment: {}, ...disk, ...common }, ends);
  const { block, cloudOptions } = ground;
  const cloud = ends.use(
    await startLocalCloud({
      processEnvironment: {},
      cloudOptions,
      ...common,
      ...(block === undefined ? {} : { block }),
    }),
  );
  const reported: string[] = [];
  const hypervisor = ends.adopt(
    new Hypervisor({
      ec2: cloud.lab.ec2,
      maker: ground.makeMachines(cloud),
      targetLifecycleState: () => undefined,
      role: 'none',
      rightsOf: (instance) => cloud.aws.rightsOf(instance),
      registerCaller: (key, instance) => cloud.aws.registerCaller(key, instance),
      report: (line) => reported.push(line),
    }),
    (running) => running.close(),
  );
  cloud.aws.serve(hypervisor);
  cloud.aws.onInstanceChange(() => hypervisor.nudge());
  hypervisor.start();
  return { cloud, hypervisor, reported };
}

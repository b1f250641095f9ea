// SPDX-License-Identifier: Apache-2.0
/** Builds a lab: local AWS, hypervisor, then the stack, each on top of the one before. */
import { appendFileSync, writeFileSync } from 'node:fs';
import type { IdentityMode } from '../../cf/template-options.ts';
import type { CloudOptions } from '../../cloud/index.ts';
import { makeAccount } from '../account.ts';
import { createBareGroup } from '../bare-group.ts';
import { Hypervisor } from '../hypervisor/hypervisor.ts';
import type { MachineMaker } from '../hypervisor/machine-maker.ts';
import { makeZone } from '../zone.ts';
import { containerGround, type ImageParts } from './container-ground.ts';
import { DeployedStack } from './deployed-stack.ts';
import { type ElasticIps, followElasticIps } from './elastic-ips.ts';
import type { Ground } from './ground.ts';
import { labEnvironment } from './lab-environment.ts';
import { type LocalCloud, startLocalCloud } from './local-cloud.ts';
import { namespaceGround } from './namespace-ground.ts';
import { type ProcessGroundOptions, processGround } from './process-ground.ts';
import { Lab } from './running-lab.ts';
import type { StateDirectory } from './state-directory.ts';

interface LabOptions {
  /** Part of the cluster's id. */
  readonly name: string;
  readonly state: StateDirectory;
  readonly nodes: number;
  /** Uses the image's waits, ticks and JVM flags instead of the lab's fast ones. */
  readonly productionTiming?: boolean;
  /** Seconds between two cron ticks of a machine. Default 5, and 60 with production timing. */
  readonly tickSeconds?: number | 'never';
  /** Whether machines run `bootstrap` at boot (default). */
  readonly bootstrap?: boolean;
  /** The agent's command on machines that are processes. */
  readonly agentCommand: readonly string[];
  /** The machines are containers instead of processes. They boot an image that build.sh bakes from these parts. */
  readonly image?: ImageParts;
  /** How nodes come by their ids and addresses. With Elastic IPs this process is in the lab's network namespace. */
  readonly mode?: IdentityMode;
  /** Other callers see new instances late, as in EC2. When left out, they see them at once. */
  readonly lateVisibility?: CloudOptions['lateVisibility'];
  readonly ec2Timings?: CloudOptions['timings'];
  /**
   * The group is part of a stack, with hooks, signals and a role, instead of a bare group without these. With `here`
   * the code of deploy.sh runs in this process, with `script` deploy.sh runs.
   */
  readonly deployed?: 'here' | 'script';
  /** The nodes of a deployed stack keep names in a private hosted zone. */
  readonly zone?: boolean;
  /** More lines of the nodes' agent.env. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

const LAB_TICK_SECONDS = 5;
const PRODUCTION_TICK_SECONDS = 60;

/** Returns once the stack is made and its instances are launched. Use untilHealthy to wait for the ensemble. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { name, state, progress = () => {}, signal = new AbortController().signal } = options;
  await using started = new AsyncDisposableStack();
  state.make();
  const environment = labEnvironment(state);
  const ground = await groundOf(options, environment, progress, signal, started);
  const cloud = started.use(
    await startLocalCloud({
      processEnvironment: environment,
      cloudOptions: ground.cloudOptions,
      progress,
      signal,
      ...(ground.block === undefined ? {} : { block: ground.block }),
      ...(options.ec2Timings === undefined ? {} : { ec2Timings: options.ec2Timings }),
      ...(options.lateVisibility === undefined ? {} : { lateVisibility: options.lateVisibility }),
    }),
  );
  const elasticIps = await elasticIpsOf(options, ground, cloud, started);
  const hypervisor = started.adopt(newHypervisor(options, cloud, ground.makeMachines(cloud), elasticIps), (running) =>
    running.close(),
  );
  cloud.aws.serve(hypervisor);
  cloud.aws.onInstanceChange(() => hypervisor.nudge());
  hypervisor.start();
  const parts = { name, state, cloud, hypervisor, ground, ...(elasticIps === undefined ? {} : { elasticIps }) };
  if (options.deployed === undefined) {
    progress('creating network, bucket, log group and group');
    const stack = await createBareGroup(cloud.operator, {
      name,
      networkPrefix: cloud.block.prefix,
      nodes: options.nodes,
      productionTiming: options.productionTiming ?? false,
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    });
    signal.throwIfAborted();
    return new Lab({ ...parts, stack, disposables: started.move() });
  }
  const deployed = started.use(await deployStack(options, cloud, ground, environment, progress, signal));
  signal.throwIfAborted();
  return new Lab({ ...parts, stack: deployed.facts, deployed, disposables: started.move() });
}

function groundOf(
  options: LabOptions,
  environment: Readonly<Record<string, string>>,
  progress: (line: string) => void,
  signal: AbortSignal,
  disposables: AsyncDisposableStack,
): Promise<Ground> {
  const { name, state, image, mode, agentCommand, productionTiming = false, bootstrap = true, tickSeconds } = options;
  if (image !== undefined) {
    return containerGround({ name, state, parts: image, environment, progress, signal }, disposables);
  }
  const plan: ProcessGroundOptions = {
    name,
    directory: state.machines,
    agentCommand,
    jvm: productionTiming ? 'production' : 'fast',
    bootPlan: {
      tickSeconds: tickSeconds ?? (productionTiming ? PRODUCTION_TICK_SECONDS : LAB_TICK_SECONDS),
      bootstrap,
    },
    environment,
    progress,
  };
  return mode === 'elastic-ip' ? namespaceGround(plan, disposables) : processGround(plan);
}

async function elasticIpsOf(
  { mode, state }: LabOptions,
  { network }: Ground,
  cloud: LocalCloud,
  disposables: AsyncDisposableStack,
): Promise<ElasticIps | undefined> {
  if (mode !== 'elastic-ip' || network === undefined) return undefined;
  return disposables.use(await followElasticIps(cloud.lab.ec2, network, (line) => log(state, line)));
}

function log(state: StateDirectory, line: string): void {
  appendFileSync(state.log, `${new Date().toISOString()} ${line}\n`);
}

async function deployStack(
  options: LabOptions,
  cloud: LocalCloud,
  ground: Ground,
  environment: Readonly<Record<string, string>>,
  hear: (line: string) => void,
  signal: AbortSignal,
): Promise<DeployedStack> {
  const { name, state, nodes, mode = 'dynamic', productionTiming = false, settings = {} } = options;
  hear('making the account: network, key pair, image');
  const account = await makeAccount(cloud.operator, cloud.block.prefix, mode, (network) =>
    ground.firstImage(cloud, network),
  );
  writeFileSync(state.privateKey, account.privateKey, { mode: 0o600 });
  const zone = options.zone === true ? await makeZone(cloud.operator, account.vpc) : undefined;
  hear('deploying the stack');
  const { heartbeatSeconds } = ground;
  return DeployedStack.begin(
    {
      stackName: name,
      account,
      nodes,
      mode,
      productionTiming,
      ...(zone === undefined ? {} : { zone }),
      settings: { ...ground.settings(cloud), ...settings },
      byScript: options.deployed === 'script',
      ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
      environment,
      deployer: cloud.deployer,
      lab: cloud.labAccess,
      hear,
    },
    signal,
  );
}

function newHypervisor(
  { name, state }: LabOptions,
  cloud: LocalCloud,
  maker: MachineMaker,
  elasticIps: ElasticIps | undefined,
): Hypervisor {
  return new Hypervisor({
    ec2: cloud.lab.ec2,
    maker,
    targetLifecycleState: (instance) => cloud.aws.membership(instance)?.target,
    role: `${name}-node`,
    rightsOf: (instance) => cloud.aws.rightsOf(instance),
    registerCaller: (key, instance) => cloud.aws.registerCaller(key, instance),
    report: (line) => log(state, line),
    ...(elasticIps === undefined ? {} : { publicAddress: (instance) => elasticIps.of(instance) }),
  });
}

/** Puts a lab together: local AWS, hypervisor, then the stack, each on top of the one before. */
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { bundleProgram } from '../../build/bundle.ts';
import { makeAccount } from '../account.ts';
import { createBareGroup } from '../bare-group.ts';
import type { Ec2Timings, LateVisibility } from '../gateway/ec2/lifetime.ts';
import { Hypervisor } from '../hypervisor/hypervisor.ts';
import type { MachineMaker } from '../hypervisor/machine-maker.ts';
import { ProcessMachines } from '../hypervisor/process-machines.ts';
import { type ZookeeperDistribution, zookeeperHome } from '../zookeeper/fetch.ts';
import { DeployedStack } from './deployed-stack.ts';
import { type LocalCloud, startLocalCloud } from './local-cloud.ts';
import { Lab } from './running-lab.ts';
import { LAB_VARIABLE, type StateDirectory } from './state-directory.ts';

export interface LabOptions {
  /** Part of the cluster's id. */
  readonly name: string;
  readonly state: StateDirectory;
  readonly nodes: number;
  /** The image's waits, ticks and JVM flags instead of the lab's fast ones. */
  readonly productionTiming?: boolean;
  /** Seconds between two cron ticks of a machine. Default 5, and 60 with production timing. */
  readonly tickSeconds?: number | 'never';
  /** Whether machines run `bootstrap` at boot (default). */
  readonly bootstrap?: boolean;
  readonly agentCommand: readonly string[];
  /** New instances are seen late by others, as EC2's are; at once when it is left out. */
  readonly lateVisibility?: LateVisibility;
  readonly ec2Timings?: Partial<Ec2Timings>;
  /**
   * The group is part of a stack, with hooks, signals and a role, instead of a bare group without any: `here` deploys in
   * this process, `script` by deploy.sh.
   */
  readonly deployed?: 'here' | 'script';
  /** Further lines of the nodes' agent.env. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

const MACHINE = resolve(import.meta.dirname, '../hypervisor/process-machine-program.ts');
/** Plain JavaScript: Node starts it in a third of the time that the TypeScript source takes. */
const MACHINE_PROGRAM = resolve(import.meta.dirname, '../../dist/lab-machine.cjs');
const LAB_TICK_SECONDS = 5;
const PRODUCTION_TICK_SECONDS = 60;
/** Returns once the stack is made and its instances are launched; use untilHealthy to wait for the ensemble. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { state, progress = () => {}, signal = new AbortController().signal } = options;
  await using started = new AsyncDisposableStack();
  state.make();
  const environment = machineEnvironment(state);
  const distribution = await zookeeperHome(progress);
  await bundleProgram({ entry: MACHINE, outfile: MACHINE_PROGRAM });
  const cloud = started.use(
    await startLocalCloud({
      environment,
      progress,
      signal,
      ...(options.ec2Timings === undefined ? {} : { ec2Timings: options.ec2Timings }),
      ...(options.lateVisibility === undefined ? {} : { lateVisibility: options.lateVisibility }),
    }),
  );
  const machines = processMachines(options, cloud, environment, distribution);
  const hypervisor = started.adopt(newHypervisor(options, cloud, machines), (running) => running.close());
  cloud.gateway.serve(hypervisor);
  cloud.gateway.onInstanceChange(() => hypervisor.nudge());
  hypervisor.start();
  const parts = { name: options.name, state, cloud, hypervisor, processMachines: machines };
  if (options.deployed === undefined) {
    progress('creating network, bucket, log group and group');
    const stack = await createBareGroup(cloud.operator, {
      name: options.name,
      networkPrefix: cloud.block.prefix,
      nodes: options.nodes,
      productionTiming: options.productionTiming ?? false,
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    });
    signal.throwIfAborted();
    return new Lab({ ...parts, stack, disposables: started.move() });
  }
  progress('making the account: network, key pair, image');
  const account = await makeAccount(cloud.operator, cloud.block.prefix, options.name);
  progress('deploying the stack');
  const deployed = started.use(
    await DeployedStack.begin(
      {
        stackName: options.name,
        account,
        nodes: options.nodes,
        productionTiming: options.productionTiming ?? false,
        settings: options.settings ?? {},
        byScript: options.deployed === 'script',
        environment,
        deployer: cloud.deployer,
        lab: cloud.labAccess,
        hear: progress,
      },
      signal,
    ),
  );
  signal.throwIfAborted();
  return new Lab({ ...parts, stack: deployed.facts, deployed, disposables: started.move() });
}

function newHypervisor({ name, state }: LabOptions, cloud: LocalCloud, maker: MachineMaker): Hypervisor {
  return new Hypervisor({
    ec2: cloud.lab.ec2,
    maker,
    targetLifecycleState: (instance) => cloud.gateway.membership(instance)?.target,
    role: `${name}-node`,
    identityOf: (instance) => cloud.gateway.identityOf(instance),
    registerCaller: (key, instance) => cloud.gateway.registerCaller(key, instance),
    report: (line) => appendFileSync(state.log, `${new Date().toISOString()} ${line}\n`),
  });
}

function processMachines(
  options: LabOptions,
  cloud: LocalCloud,
  environment: Readonly<Record<string, string>>,
  distribution: ZookeeperDistribution,
): ProcessMachines {
  const { state, tickSeconds, bootstrap = true, agentCommand } = options;
  const kind = options.productionTiming === true ? 'production' : 'fast';
  return new ProcessMachines({
    endpoint: cloud.gateway.url,
    listenAddress: cloud.block.ownAddress,
    directory: state.machines,
    program: MACHINE_PROGRAM,
    agentCommand,
    serverCommand: (javaOptions) => distribution.command(kind, [`@${javaOptions}`]),
    bootPlan: {
      tickSeconds: tickSeconds ?? (options.productionTiming ? PRODUCTION_TICK_SECONDS : LAB_TICK_SECONDS),
      bootstrap,
    },
    environment,
  });
}

/** Nothing of the caller's own AWS settings reaches a machine. */
function machineEnvironment(state: StateDirectory): Readonly<Record<string, string>> {
  const environment: Record<string, string> = { [LAB_VARIABLE]: state.path };
  for (const name of ['PATH', 'HOME', 'LANG', 'JAVA_HOME', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * A lab in this process: local AWS, hypervisor and the deployed stack. Its methods do everything that can be done to a
 * lab. The daemon offers them over its control socket; tests call them directly.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { type Cloud, FAULT_KINDS, type Fault } from '../../cloud/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import type { LineageRecord } from '../../src/model/records.ts';
import type { Servers } from '../../src/ports.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { zookeeperServers } from '../../src/zookeeper/servers.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import type { Host, Hypervisor } from '../hypervisor/hypervisor.ts';
import type { AgentRun, AgentRunOptions, Killable, Machine } from '../hypervisor/machine.ts';
import type { ProcessMachines } from '../hypervisor/process-machines.ts';
import type { LinuxProcess } from '../hypervisor/processes.ts';
import type { LabDeployment } from '../lab-deployment.ts';
import { type ClaimView, readBucket, readClaimViews, readLineage } from './bucket-view.ts';
import type { DeployedStack } from './deployed-stack.ts';
import type { ElasticIps } from './elastic-ips.ts';
import { viewEnsemble } from './ensemble-view.ts';
import type { Ground } from './ground.ts';
import type { LabStatus, NamedCut, NodeView } from './lab-status.ts';
import type { LocalCloud } from './local-cloud.ts';
import { mustHaveNetwork, type PartitionOrder, partition } from './partition.ts';
import { type ChangedLimits, scaleGroup } from './scale.ts';
import type { StateDirectory } from './state-directory.ts';
import { nodesMeant, TargetError } from './targets.ts';

interface LabParts {
  readonly name: string;
  readonly state: StateDirectory;
  readonly stack: LabDeployment;
  readonly cloud: LocalCloud;
  readonly hypervisor: Hypervisor;
  readonly ground: Ground;
  /** Absent where a member stands at the address of its instance. */
  readonly elasticIps?: ElasticIps;
  /** Absent for a bare group. */
  readonly deployed?: DeployedStack;
  /** Disposing of it ends the whole lab. */
  readonly disposables: AsyncDisposableStack;
}

/**
 * A status asks AWS and every server, which takes time from the nodes that start. So the pause grows with the wait. Its
 * end is noticed at most a tenth later.
 */
const STATUS_POLL_MS = 100;
const STATUS_POLL_PART = 0.1;
/** A rolling update starts one more node before it removes one. */
const SPARE_FOR_UPDATES = 1;
/** Of one status: a busy machine is slow, and a status that failed would end what waits for it. */
const STATUS_LIMIT_MS = 60_000;

export class Lab implements AsyncDisposable {
  readonly name: string;
  readonly state: StateDirectory;
  readonly aws: Cloud;
  readonly hypervisor: Hypervisor;
  /** Changes for machines that are processes; undefined when they are containers. */
  readonly processMachines: ProcessMachines | undefined;
  /** The AWS clients of the operator. */
  readonly operator: AwsClients;
  /** Asks servers as any client can, without a secret. */
  readonly servers: Servers;
  readonly cloud: LocalCloud;
  /** Undefined for a bare group. */
  readonly deployedStack: DeployedStack | undefined;
  readonly #ground: Ground;
  readonly #elasticIps: ElasticIps | undefined;
  readonly #stack: LabDeployment;
  readonly #disposables: AsyncDisposableStack;

  /** Takes the parts that startLab has made, and owns them from here on. */
  constructor(parts: LabParts) {
    this.name = parts.name;
    this.state = parts.state;
    this.#stack = parts.stack;
    this.aws = parts.cloud.aws;
    this.hypervisor = parts.hypervisor;
    this.processMachines = parts.ground.processMachines();
    this.#ground = parts.ground;
    this.#elasticIps = parts.elasticIps;
    this.operator = parts.cloud.operator;
    this.servers = clientServers();
    this.cloud = parts.cloud;
    this.deployedStack = parts.deployed;
    this.#disposables = parts.disposables;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposables.disposeAsync();
  }

  /** The facts change when the stack is deleted and deployed again. */
  get stack(): LabDeployment {
    return this.deployedStack?.facts ?? this.#stack;
  }

  status(signal: AbortSignal = AbortSignal.timeout(STATUS_LIMIT_MS)): Promise<LabStatus> {
    const { name, stack, servers, hypervisor } = this;
    const cuts = () => this.#ground.network?.cuts ?? [];
    const publicAddress = ({ instance }: Host) => this.#elasticIps?.of(instance);
    const hosts = () => hypervisor.hosts;
    return viewEnsemble({ name, aws: this.cloud.lab, stack, servers, hosts, publicAddress, cuts }, signal);
  }

  /** Polls the status until every desired node votes. `report` is called with each status. Rejects after the limit. */
  async untilHealthy(
    limitMs: number,
    signal: AbortSignal,
    report: (status: LabStatus) => void = () => {},
  ): Promise<LabStatus> {
    const startedMs = performance.now();
    const deadline = startedMs + limitMs;
    for (;;) {
      const status = await this.status(AbortSignal.any([signal, AbortSignal.timeout(STATUS_LIMIT_MS)]));
      report(status);
      if (status.healthy) return status;
      if (performance.now() > deadline) {
        const lines = status.nodes.map(
          (node) => `${node.instance} ${node.state} ${node.role ?? ''}: ${node.said ?? ''}`,
        );
        throw new Error(`Not every node votes after ${limitMs / 1000} s.\n${lines.join('\n')}`);
      }
      const pauseMs = Math.max(STATUS_POLL_MS, (performance.now() - startedMs) * STATUS_POLL_PART);
      await sleep(pauseMs, undefined, { signal });
    }
  }

  async nodesMeant(target: string): Promise<readonly NodeView[]> {
    return nodesMeant(await this.status(), target);
  }

  async #hostsMeant(target: string): Promise<readonly Host[]> {
    const nodes = await this.nodesMeant(target);
    return nodes.map((node) => {
      const host = this.hypervisor.host(node.instance);
      if (host === undefined) throw new TargetError(`${node.instance} is ${node.state}; it has no machine any more.`);
      return host;
    });
  }

  /**
   * Terminates through EC2, as an operator in a hurry would; the group replaces the missing nodes. Returns the
   * instances.
   */
  async terminate(target: string): Promise<readonly string[]> {
    const instances = (await this.nodesMeant(target)).map((node) => node.instance);
    await this.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [...instances] }));
    return instances;
  }

  /**
   * Resolves when CloudFormation is done with the stack, after the nodes' signals. For a bare group it resolves at
   * once.
   */
  async deployed(signal: AbortSignal): Promise<void> {
    if (this.deployedStack === undefined) return;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.race([this.deployedStack.settled(), aborted]);
  }

  /**
   * Deploys the stack with another image: this one, or a new one when none is named. Resolves with the image when
   * CloudFormation is done and every node has been replaced.
   */
  async update(
    imageId: string | undefined,
    hear: (line: string) => void,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<string> {
    const deployedStack = this.#deployable();
    await deployedStack.mustStand(signal);
    for (const { instance } of this.hypervisor.hosts.filter(({ machine }) => machine.state === 'paused')) {
      hear(`${instance} is paused: the update may wait for it, until ./lab.sh resume all`);
    }
    const image = imageId ?? (await this.#ground.anotherImage(this.cloud, this.stack.imageId));
    await deployedStack.update(image, hear, signal);
    return image;
  }

  /** Deploys the deleted stack again, which makes a new cluster. Resolves when CloudFormation is done. */
  async deploy(hear: (line: string) => void, signal: AbortSignal): Promise<void> {
    await this.#deployable().create(hear, signal);
    await this.deployed(signal);
  }

  /** Deletes the stack; with `withData` also what it leaves behind. Resolves when that is done. */
  async delete(withData: boolean, hear: (line: string) => void, signal: AbortSignal): Promise<void> {
    await this.#deployable().remove(hear, signal, withData ? ['--with-data'] : []);
  }

  #deployable(): DeployedStack {
    if (this.deployedStack === undefined) throw new TargetError('This lab has a bare group and no stack.');
    return this.deployedStack;
  }

  /** Sets the group's desired size. Changes its minimum and maximum only where necessary. */
  scale(nodes: number): Promise<ChangedLimits> {
    const spare = this.deployedStack === undefined ? 0 : SPARE_FOR_UPDATES;
    return scaleGroup(this.operator.autoScaling, this.stack.group, nodes, spare);
  }

  pause(target: string): Promise<readonly string[]> {
    return this.#onEach(target, (machine) => machine.pause());
  }

  resume(target: string): Promise<readonly string[]> {
    return this.#onEach(target, (machine) => machine.resume());
  }

  async #onEach(target: string, change: (machine: Machine) => Promise<void>): Promise<readonly string[]> {
    const hosts = await this.#hostsMeant(target);
    await Promise.all(hosts.map(({ machine }) => change(machine)));
    return hosts.map(({ instance }) => instance);
  }

  /** Kills -9 ZooKeeper, the agent's runs, or both on these nodes. */
  async kill(
    target: string,
    what: Killable,
  ): Promise<readonly { instance: string; killed: readonly LinuxProcess[] }[]> {
    return (await this.#hostsMeant(target)).map(({ instance, machine }) => ({ instance, killed: machine.kill(what) }));
  }

  /** Cuts the power of these nodes and turns it on again; the disks stay. */
  async reboot(target: string): Promise<readonly string[]> {
    const hosts = await this.#hostsMeant(target);
    await Promise.all(hosts.map((host) => host.machine.powerOff()));
    await Promise.all(hosts.map((host) => host.machine.boot()));
    return hosts.map((host) => host.instance);
  }

  /** Cuts links between machines. Returns all present cuts. */
  async partition(order: PartitionOrder): Promise<readonly NamedCut[]> {
    return partition(mustHaveNetwork(this.#ground.network), await this.status(), order);
  }

  /** Restores every link. */
  async heal(): Promise<void> {
    await mustHaveNetwork(this.#ground.network).heal();
  }

  /** Runs the agent on one node. */
  async agent(target: string, args: readonly string[], options: AgentRunOptions = {}): Promise<AgentRun> {
    const [host, ...others] = await this.#hostsMeant(target);
    if (host === undefined || others.length > 0) {
      throw new TargetError(`The agent runs on one node at a time; "${target}" means ${others.length + 1}.`);
    }
    if (host.machine.state === 'paused') {
      throw new TargetError(`${host.instance} is paused, so nothing runs on it; let it go on with ./lab.sh resume.`);
    }
    return host.machine.runAgent(args, options);
  }

  /** Makes EC2 forget these terminated instances now, instead of an hour after their end. */
  async forget(instance: string): Promise<void> {
    this.aws.forget(instance);
  }

  /** The lineage records in the bucket, oldest first. */
  records(): Promise<readonly LineageRecord[]> {
    return readLineage(this.cloud.lab, this.stack);
  }

  claims(): Promise<readonly ClaimView[]> {
    return readClaimViews(this.cloud.lab, this.stack);
  }

  /** The objects of the cluster under this prefix (`reports/`), by key. */
  bucket(prefix: string): Promise<ReadonlyMap<string, string>> {
    return readBucket(this.cloud.lab, this.stack, prefix);
  }

  /** Returns the fault's id. Throws for an impossible kind, service or number. */
  addFault({ kind, ...where }: FaultArguments): string {
    if (!isFaultKind(kind)) throw new TargetError(`There is no fault "${kind}". There are: ${FAULT_KINDS.join(', ')}.`);
    return this.aws.faults.add({ kind, ...where });
  }

  /** The network namespace in which a client reaches the machines' addresses; undefined on loopback. */
  get namespace(): string | undefined {
    return this.#ground.network?.namespace;
  }

  /** `address:port,…` of all machines that are on, for any ZooKeeper client. */
  connectionString(): string {
    return this.hypervisor.hosts
      .filter((host) => host.machine.state !== 'off')
      .map(({ instance, address }) => `${this.#elasticIps?.of(instance) ?? address}:${CLIENT_PORT}`)
      .join(',');
  }
}

export interface FaultArguments {
  readonly kind: string;
  readonly service?: string;
  readonly action?: string;
  readonly caller?: string;
  readonly count?: number;
  readonly seconds?: number;
}

function isFaultKind(kind: string): kind is Fault['kind'] {
  return FAULT_KINDS.some((each) => each === kind);
}

function clientServers(): Servers {
  return zookeeperServers({
    timings: LAB_TIMINGS,
    readSecret: () => Promise.reject(new Error('The lab asks servers as any client does and has no secret of theirs.')),
  });
}

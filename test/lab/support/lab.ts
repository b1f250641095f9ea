// SPDX-License-Identifier: Apache-2.0
/**
 * A lab for one test: local AWS, machines, the real agent and real ZooKeeper servers, all of this process and gone with
 * it.
 *
 *     await using lab = await startLab({ nodes: 3 });
 *     await lab.healthy();
 *     const leader = await lab.leader();
 *     await lab.terminate('leader');
 *     await lab.healthy();
 *     assert.equal((await lab.records()).length, 1);
 *
 * `nodes` are NodeViews (instance, id, address, role, what the agent said last). A target is what the command line
 * takes: an instance, a ZooKeeper id as text, `leader`, `minority`, `majority`, `all`. Time passes quickly with the
 * lab's timings; a test waits for conditions with waitFor, never for a time.
 *
 * With `ticks: 'never'` cron does not run: take each tick by hand with `lab.agent(target, ['recovery'])`. With
 * `bootstrap: false` machines that boot do nothing by themselves; `lab.setBootPlan` changes both for later boots. Crash
 * tests give the agent an environment: `lab.agent('1', ['recovery'], { environment: { NODE_OPTIONS: … } })`.
 *
 * Disks: `lab.directoryOf(instance)` holds data, conf, run and log; switch the machine off (`lab.powerOff`) before its
 * files are touched and on again (`lab.powerOn`) afterwards. Faults of AWS: `lab.fault({ kind: 'outage', seconds: 5
 * })`. What everybody called: `lab.callsOf(instance)`. Servers by hand: lab/zookeeper/by-hand.ts.
 *
 * Set LAB_KEEP=1 to keep the directory of the lab; its path is printed.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { CloudOptions, Fault, LoggedCall } from '../../../cloud/index.ts';
import { agentCommand } from '../../../lab/daemon/agent-program.ts';
import type { ClaimView } from '../../../lab/daemon/bucket-view.ts';
import { readConfig } from '../../../lab/daemon/ensemble-view.ts';
import type { LabStatus, NodeView } from '../../../lab/daemon/lab-status.ts';
import type { Lab } from '../../../lab/daemon/running-lab.ts';
import { startLab as startRealLab } from '../../../lab/daemon/start-lab.ts';
import { StateDirectory } from '../../../lab/daemon/state-directory.ts';
import { sweep } from '../../../lab/daemon/sweep.ts';
import type { Host } from '../../../lab/hypervisor/hypervisor.ts';
import type { AgentRun, AgentRunOptions, Killable } from '../../../lab/hypervisor/machine.ts';
import type { MetadataEndpoint } from '../../../lab/metadata/metadata-service.ts';
import { ZookeeperClient } from '../../../src/client/index.ts';
import type { EnsembleConfig } from '../../../src/model/member.ts';
import type { LineageRecord, Report } from '../../../src/model/records.ts';
import type { ServerAnswer } from '../../../src/model/server.ts';
import { instancesMeant } from './instances-meant.ts';
import { waitFor } from './wait-for.ts';

export { staysSo, waitFor } from './wait-for.ts';

export interface TestLabOptions {
  readonly nodes: number;
  /** Seconds between two cron ticks (default 5), or `never`. */
  readonly ticks?: number | 'never';
  readonly bootstrap?: boolean;
  /** A whole stack, deployed in this process, instead of a bare group. */
  readonly deployed?: boolean;
  /** Of a deployed stack: the nodes have names. */
  readonly zone?: boolean;
  readonly productionTiming?: boolean;
  readonly lateVisibility?: CloudOptions['lateVisibility'];
  /** How long EC2 takes to start and to end an instance. */
  readonly ec2Timings?: CloudOptions['timings'];
  /** Further lines of the nodes' agent.env. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Another agent than the bundled source. */
  readonly agentCommand?: readonly string[];
}

const HEALTHY_LIMIT_MS = 150_000;
const LIMIT_MS = 60_000;
/** A status asks AWS and every server, which takes time from the nodes that are waited for. */
const STATUS_POLL_MS = 250;

/** Returns once the instances are launched. */
export async function startLab(options: TestLabOptions): Promise<TestLab> {
  const directory = await mkdtemp(join(tmpdir(), 'zk-lab-'));
  const state = new StateDirectory(directory);
  try {
    const lab = await startRealLab({
      name: `t${randomBytes(3).toString('hex')}`,
      state,
      nodes: options.nodes,
      agentCommand: options.agentCommand ?? (await agentCommand()),
      ...(options.ticks === undefined ? {} : { tickSeconds: options.ticks }),
      ...(options.deployed === true ? { deployed: 'here' } : {}),
      ...(options.zone === undefined ? {} : { zone: options.zone }),
      ...(options.bootstrap === undefined ? {} : { bootstrap: options.bootstrap }),
      ...(options.productionTiming === undefined ? {} : { productionTiming: options.productionTiming }),
      ...(options.lateVisibility === undefined ? {} : { lateVisibility: options.lateVisibility }),
      ...(options.ec2Timings === undefined ? {} : { ec2Timings: options.ec2Timings }),
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    });
    return new TestLab(lab);
  } catch (error) {
    await clearAway(state);
    throw error;
  }
}

async function clearAway(state: StateDirectory): Promise<void> {
  await sweep(state);
  if (process.env.LAB_KEEP === '1') process.stderr.write(`The lab's directory is kept: ${state.path}\n`);
  else await rm(state.path, { recursive: true, force: true });
}

export class TestLab implements AsyncDisposable {
  /** Everything that has no shorter way here: cloud, hypervisor, operator's AWS clients. */
  readonly lab: Lab;

  constructor(lab: Lab) {
    this.lab = lab;
  }

  get cluster(): string {
    return this.lab.stack.cluster;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.lab[Symbol.asyncDispose]();
    } finally {
      await clearAway(this.lab.state);
    }
  }

  // What there is.

  status(): Promise<LabStatus> {
    return this.lab.status();
  }

  /** Nodes that have a machine, whatever their state. */
  async nodes(): Promise<readonly NodeView[]> {
    return (await this.status()).nodes.filter((node) => node.machine !== undefined);
  }

  /** Every desired node votes, and nobody else. */
  healthy(limitMs = HEALTHY_LIMIT_MS): Promise<LabStatus> {
    return this.lab.untilHealthy(limitMs, AbortSignal.timeout(limitMs + LIMIT_MS));
  }

  /** The node that leads, waiting for an election that is under way. */
  leader(): Promise<NodeView> {
    return this.nodeWhere('a node leads', (node) => node.role === 'leader');
  }

  /** Those that follow, waiting until there are so many: on a busy machine a server may be late with an answer. */
  async followers(count: number): Promise<readonly [NodeView, ...NodeView[]]> {
    return waitFor(
      async () => {
        const [first, ...others] = (await this.nodes()).filter((node) => node.role === 'follower');
        return first !== undefined && others.length + 1 >= count ? ([first, ...others] as const) : undefined;
      },
      { limitMs: LIMIT_MS, why: `${count} nodes follow`, pollMs: STATUS_POLL_MS },
    );
  }

  /** The node with this ZooKeeper id on its disk. */
  node(id: number): Promise<NodeView> {
    return this.nodeWhere(`a node has id ${id}`, (node) => node.id === id);
  }

  nodeWhere(why: string, fits: (node: NodeView) => boolean, limitMs = LIMIT_MS): Promise<NodeView> {
    return waitFor(async () => (await this.nodes()).find(fits), { limitMs, why, pollMs: STATUS_POLL_MS });
  }

  /** Throws for an instance without a machine. */
  host(instance: string): Host {
    const host = this.lab.hypervisor.host(instance);
    if (host === undefined) throw new Error(`${instance} has no machine.`);
    return host;
  }

  /** To take a node's credentials away, or to break its metadata service down. */
  metadataOf(instance: string): MetadataEndpoint {
    return this.host(instance).metadata;
  }

  // What the servers say.

  srvr(address: string): Promise<ServerAnswer> {
    return this.lab.servers.srvr(address, AbortSignal.timeout(LIMIT_MS));
  }

  /** `/zookeeper/config` as this very server has it; rejects unless it serves now. */
  configNow(address: string): Promise<EnsembleConfig> {
    return readConfig(this.lab.servers, address, AbortSignal.timeout(LIMIT_MS));
  }

  /** The same, waiting for an election that is under way: on a busy machine there may be one at any time. */
  configOf(address: string): Promise<EnsembleConfig> {
    return waitFor(() => this.configNow(address), { limitMs: LIMIT_MS, why: `${address} serves` });
  }

  /** A client of these addresses, of all machines that are on when left out. */
  client(addresses?: readonly string[]): Promise<ZookeeperClient> {
    const servers = addresses?.map((address) => `${address}:2181`).join(',') ?? this.lab.connectionString();
    return ZookeeperClient.connect({ servers, sessionTimeoutMs: 6_000, connectLimitMs: LIMIT_MS });
  }

  // What the nodes have written down.

  records(): Promise<readonly LineageRecord[]> {
    return this.lab.records();
  }

  claims(): Promise<readonly ClaimView[]> {
    return this.lab.claims();
  }

  /** The standing reports; those that were withdrawn are none. */
  async reports(): Promise<readonly Report[]> {
    const bodies = [...(await this.lab.bucket('reports/')).values()];
    return bodies.flatMap((body) => (JSON.parse(body) as { readonly report?: Report }).report ?? []);
  }

  /** Objects of the cluster's bucket by key, `dead/` for example. */
  bucket(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.lab.bucket(prefix);
  }

  /** The lines of the agent's log on a node, also of one that is terminated; lines that are no JSON as `{ text }`. */
  agentLog(instance: string): readonly Readonly<Record<string, unknown>>[] {
    const lines = readFileSync(join(this.directoryOf(instance), 'log', 'agent.log'), 'utf8').split('\n');
    return lines.filter((line) => line !== '').map(parsed);
  }

  /** The calls to AWS that the instance has made, oldest first. */
  callsOf(instance: string): readonly LoggedCall[] {
    return this.lab.aws.calls.list({ caller: instance });
  }

  /** Holds data, conf, run and log of the machine; stays after the instance has gone. */
  directoryOf(instance: string): string {
    return join(this.lab.state.machines, instance);
  }

  // What is done to it.

  /** Several instances are terminated at once, by one call. */
  async terminate(target: string | readonly string[]): Promise<readonly string[]> {
    const instances = typeof target === 'string' ? await instancesMeant(this.lab, target) : target;
    await this.lab.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [...instances] }));
    return instances;
  }

  /** Returns once the machines of these instances are gone. */
  async untilGone(instances: readonly string[], limitMs = LIMIT_MS): Promise<void> {
    await waitFor(() => instances.every((instance) => this.lab.hypervisor.host(instance) === undefined), {
      limitMs,
      why: `the machines of ${instances.join(', ')} are gone`,
      pollMs: 20,
    });
  }

  async scale(nodes: number): Promise<void> {
    await this.lab.scale(nodes);
  }

  pause(target: string): Promise<readonly string[]> {
    return this.lab.pause(target);
  }

  resume(target: string): Promise<readonly string[]> {
    return this.lab.resume(target);
  }

  kill(target: string, what: Killable): Promise<readonly { instance: string; killed: readonly { pid: number }[] }[]> {
    return this.lab.kill(target, what);
  }

  reboot(target: string): Promise<readonly string[]> {
    return this.lab.reboot(target);
  }

  powerOff(instance: string): Promise<void> {
    return this.host(instance).machine.powerOff();
  }

  powerOn(instance: string): Promise<void> {
    return this.host(instance).machine.boot();
  }

  /** For machines that boot from now on, whether for the first time or again. */
  setBootPlan(boot: { readonly ticks?: number | 'never'; readonly bootstrap?: boolean }): void {
    this.lab.processMachines?.setBootPlan({
      ...(boot.ticks === undefined ? {} : { tickSeconds: boot.ticks }),
      ...(boot.bootstrap === undefined ? {} : { bootstrap: boot.bootstrap }),
    });
  }

  agent(target: string, args: readonly string[], options: AgentRunOptions = {}): Promise<AgentRun> {
    return this.lab.agent(target, args, options);
  }

  /** Returns the fault's id. */
  fault(fault: Fault): string {
    return this.lab.aws.faults.add(fault);
  }

  clearFaults(): void {
    this.lab.aws.faults.clear();
  }

  forget(instance: string): Promise<void> {
    return this.lab.forget(instance);
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { text: line };
  }
}

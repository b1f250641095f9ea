/**
 * Gives every running instance of EC2 a machine, and pulls the plug of a machine whose instance shuts down. It looks
 * at EC2 as everybody does, through the gateway; an instance that is missing in an answer proves nothing and changes
 * nothing.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeInstanceAttributeCommand,
  type EC2Client,
  type Instance,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { formatSettings, settingsOfUserData } from '../../cf/user-data.ts';
import { REGION } from '../aws-clients.ts';
import type { InstanceIdentity } from '../gateway/iam/instance-identity.ts';
import { type AttachedRole, type MetadataService, startMetadataService } from '../metadata/metadata-service.ts';
import { Machine } from './machine-handle.ts';
import type { BootPlan } from './machine-messages.ts';

export interface HypervisorOptions {
  /** Made by the daemon for itself; its calls are not the operator's. */
  readonly ec2: EC2Client;
  /** Where the instance's group wants it to be; undefined while it is in none. */
  readonly targetLifecycleState: (instance: string) => string | undefined;
  readonly endpoint: string;
  /** Where the metadata services listen. */
  readonly listenAddress: string;
  /** Holds a directory for each instance. */
  readonly directory: string;
  /** Of instances that have no profile and yet all rights, as the gateway may be told. */
  readonly role: string;
  /** Whose rights an instance has, which its metadata service shows. */
  readonly identityOf: (instance: string) => Promise<InstanceIdentity>;
  readonly program: string;
  readonly agentCommand: readonly string[];
  /** The java command of a server but its last argument, zoo.cfg; `javaOptions` is a file with further options. */
  readonly serverCommand: (javaOptions: string) => readonly string[];
  readonly bootPlan: BootPlan;
  readonly environment: Readonly<Record<string, string>>;
  readonly registerCaller: (accessKeyId: string, instance: string) => void;
  /** Told of everything that is worth a line in the daemon's log. */
  readonly report: (line: string) => void;
}

/** An instance as the hypervisor keeps it. */
export interface Host {
  readonly instance: string;
  readonly address: string;
  readonly zone: string;
  readonly machine: Machine;
  readonly metadata: MetadataService;
  /** When its first boot began, by performance.now(); undefined before. */
  bootedAtMs?: number;
}

const SLOW_POLL_MS = 1_000;
/** The states of instances pass within less than a second; while one is under way the next look comes soon. */
const BUSY_POLL_MS = 50;
const RETRY_MS = 500;
const ACCOUNT = '123456789012';

export class Hypervisor {
  readonly #options: HypervisorOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #preparing = new Map<string, Promise<Host>>();
  /** Instances that went off for good; they never come back. */
  readonly #ended = new Set<string>();
  readonly #stop = new AbortController();
  #nudge = Promise.withResolvers<void>();
  #watching: Promise<void> | undefined;
  #bootPlan: BootPlan;
  /** Of the images that have another agent than the rest. */
  readonly #agentOfImage = new Map<string, readonly string[]>();

  constructor(options: HypervisorOptions) {
    this.#options = options;
    this.#bootPlan = options.bootPlan;
  }

  /** Applies to machines that boot from now on, whether for the first time or again. */
  setBootPlan(changed: Partial<BootPlan>): void {
    this.#bootPlan = { ...this.#bootPlan, ...changed };
  }

  /** Instances of this image that are launched from now on have this agent instead: the image has a fault, say. */
  setAgentOfImage(imageId: string, agentCommand: readonly string[]): void {
    this.#agentOfImage.set(imageId, agentCommand);
  }

  /** The instances that have a machine, in the order in which they were seen. */
  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  host(instance: string): Host | undefined {
    return this.#hosts.get(instance);
  }

  start(): void {
    this.#watching ??= this.#watch(this.#stop.signal);
  }

  /** An instance may have changed: look at once. */
  nudge(): void {
    this.#nudge.resolve();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.nudge();
    await this.#watching;
    await Promise.allSettled(this.#preparing.values());
    await Promise.all(this.hosts.map((host) => this.#end(host)));
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = SLOW_POLL_MS;
      try {
        const busy = await this.#look(signal);
        if (busy) pauseMs = BUSY_POLL_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.#options.report(`The hypervisor could not look at the instances: ${String(error)}`);
        pauseMs = RETRY_MS;
      }
      await Promise.race([sleep(pauseMs, undefined, { ref: false }), this.#nudge.promise]);
      this.#nudge = Promise.withResolvers<void>();
    }
  }

  /** True while an instance is between two states. */
  async #look(signal: AbortSignal): Promise<boolean> {
    let busy = false;
    const work: Promise<void>[] = [];
    for await (const page of paginateDescribeInstances({ client: this.#options.ec2 }, {}, { abortSignal: signal })) {
      for (const instance of (page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? [])) {
        const state = instance.State?.Name;
        busy ||= state === 'pending' || state === 'shutting-down';
        work.push(this.#follow(instance, state));
      }
    }
    await Promise.all(work);
    return busy;
  }

  async #follow(instance: Instance, state: string | undefined): Promise<void> {
    const id = instance.InstanceId;
    if (id === undefined || this.#ended.has(id)) return;
    if (state === 'pending' || state === 'running') {
      const host = await this.#prepared(id, instance);
      if (state === 'running' && host !== undefined && host.bootedAtMs === undefined && !this.#stop.signal.aborted) {
        host.bootedAtMs = performance.now();
        host.machine.boot();
        this.#options.report(`${id} runs at ${host.address} in ${host.zone}`);
      }
    } else if (state === 'shutting-down' || state === 'terminated') {
      await this.#terminated(id);
    }
  }

  async #terminated(id: string): Promise<void> {
    const host = this.#hosts.get(id);
    if (host === undefined) return;
    this.#ended.add(id);
    await this.#end(host);
    this.#options.report(`${id} at ${host.address} is gone`);
  }

  async #end(host: Host): Promise<void> {
    await host.machine.powerOff();
    await host.metadata.close();
    this.#hosts.delete(host.instance);
  }

  /** The host of the instance, made once; undefined while EC2 does not say enough about it. */
  async #prepared(id: string, instance: Instance): Promise<Host | undefined> {
    const existing = this.#hosts.get(id);
    if (existing !== undefined) return existing;
    if (instance.PrivateIpAddress === undefined) return undefined;
    let preparing = this.#preparing.get(id);
    if (preparing === undefined) {
      preparing = this.#prepare(id, instance.PrivateIpAddress, instance).finally(() => this.#preparing.delete(id));
      this.#preparing.set(id, preparing);
    }
    return preparing;
  }

  async #prepare(id: string, address: string, instance: Instance): Promise<Host> {
    const { UserData } = await this.#options.ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'userData' }),
    );
    const userData = Buffer.from(UserData?.Value ?? '', 'base64').toString();
    const zone = instance.Placement?.AvailabilityZone ?? `${REGION}a`;
    const metadata = await this.#startMetadata(id, address, zone, userData, instance);
    const machine = this.#machine(id, metadata.url, userData, this.#agentOfImage.get(instance.ImageId ?? ''));
    const host: Host = { instance: id, address, zone, machine, metadata };
    // Not after the end has begun: nobody would switch it off.
    if (!this.#stop.signal.aborted) machine.prepare();
    this.#hosts.set(id, host);
    return host;
  }

  #startMetadata(
    id: string,
    address: string,
    zone: string,
    userData: string,
    instance: Instance,
  ): Promise<MetadataService> {
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    this.#options.registerCaller(accessKeyId, id);
    return startMetadataService({
      listenAddress: this.#options.listenAddress,
      facts: {
        instance: id,
        address,
        zone,
        userData,
        region: REGION,
        accountId: ACCOUNT,
        role: this.#options.role,
        imageId: instance.ImageId ?? 'ami-00000000',
        instanceType: instance.InstanceType ?? 't3.small',
        tags: Object.fromEntries((instance.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
      },
      credentials: {
        accessKeyId,
        secretAccessKey: randomBytes(30).toString('base64'),
        token: randomBytes(60).toString('base64'),
      },
      attachedRole: async () => attachedRole(await this.#options.identityOf(id), this.#options.role),
      targetLifecycleState: async () => this.#options.targetLifecycleState(id),
    });
  }

  #machine(
    id: string,
    metadataUrl: string,
    userData: string,
    agentCommand: readonly string[] = this.#options.agentCommand,
  ): Machine {
    const directory = join(this.#options.directory, id);
    const agentEnv = settingsOfUserData(userData) + formatSettings(this.#machineSettings(directory, metadataUrl));
    return new Machine({
      instance: id,
      directory,
      program: this.#options.program,
      agentCommand,
      bootPlan: () => this.#bootPlan,
      agentEnv,
      environment: {
        ...this.#options.environment,
        ZK_AGENT_ENV_FILE: join(directory, 'agent.env'),
        AWS_ENDPOINT_URL: this.#options.endpoint,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: metadataUrl,
        AWS_REGION: REGION,
      },
    });
  }

  /** What differs between a machine of the lab and an instance of the image: the paths, and who runs the server. */
  #machineSettings(directory: string, metadataUrl: string): Readonly<Record<string, string>> {
    const javaOptions = join(directory, 'data', 'zk-agent', 'java-options');
    return {
      CONF_DIR: join(directory, 'conf'),
      DATA_DIR: join(directory, 'data'),
      LOCK_FILE: join(directory, 'run', 'zk-agent.lock'),
      SERVICE: 'process',
      SERVICE_COMMAND: JSON.stringify([
        ...this.#options.serverCommand(javaOptions),
        join(directory, 'conf', 'zoo.cfg'),
      ]),
      SERVICE_PID_FILE: join(directory, 'run', 'zookeeper.pid'),
      SERVICE_LOG_FILE: join(directory, 'log', 'zookeeper.log'),
      AWS_ENDPOINT_URL: this.#options.endpoint,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: metadataUrl,
    };
  }
}

function attachedRole(identity: InstanceIdentity, withoutProfile: string): AttachedRole | undefined {
  switch (identity.kind) {
    case 'role':
      return { name: identity.role.name, assumable: true };
    case 'not-assumable':
      return { name: identity.role, assumable: false };
    case 'all-rights':
      return { name: withoutProfile, assumable: true };
    case 'no-credentials':
      return undefined;
  }
}

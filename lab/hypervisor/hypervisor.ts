// SPDX-License-Identifier: Apache-2.0
/**
 * Gives every running instance of EC2 a machine, and cuts the power of a machine whose instance shuts down. It looks at
 * EC2 through the gateway, like every other caller. An instance that is missing in an answer proves nothing and changes
 * nothing.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EC2Client, type Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import type { InstanceRights, Machines } from '../../cloud/index.ts';
import { REGION } from '../aws-clients.ts';
import type { InstanceFacts } from '../metadata/instance-facts.ts';
import type { AttachedRole } from '../metadata/instance-metadata.ts';
import type { MetadataEndpoint } from '../metadata/metadata-service.ts';
import { KeyPairs, userDataOf } from './launch-facts.ts';
import type { Machine } from './machine.ts';
import { type LaunchedInstance, type MachineMaker, NoMachineError } from './machine-maker.ts';

interface HypervisorOptions {
  /** Made by the daemon for itself; its calls do not count as the operator's. */
  readonly ec2: EC2Client;
  readonly maker: MachineMaker;
  /** The state that the instance's group wants for it; undefined while it is in no group. */
  readonly targetLifecycleState: (instance: string) => string | undefined;
  /** The Elastic IP that the instance has now. */
  readonly publicAddress?: (instance: string) => string | undefined;
  /** The role of instances without a profile. They have all rights, if the gateway is set to that. */
  readonly role: string;
  /** The rights of an instance, which its metadata service shows. */
  readonly rightsOf: (instance: string) => Promise<InstanceRights>;
  readonly registerCaller: (accessKeyId: string, instance: string) => void;
  /** Called with everything that belongs in the daemon's log. */
  readonly report: (line: string) => void;
}

/** An instance, as the hypervisor stores it. */
export interface Host {
  readonly instance: string;
  readonly address: string;
  readonly zone: string;
  readonly machine: Machine;
  readonly metadata: MetadataEndpoint;
  /** When its first boot began, by performance.now(); undefined before. */
  bootedAtMs?: number;
  /** EC2 runs the instance: from its first boot on, except while it is stopped. */
  switchedOn: boolean;
}

const SLOW_POLL_MS = 1_000;
/** An instance changes its state in less than a second. While one is changing, the next look comes soon. */
const BUSY_POLL_MS = 50;
const RETRY_MS = 500;
const ACCOUNT = '123456789012';

export class Hypervisor implements Machines {
  readonly #options: HypervisorOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #preparing = new Map<string, Promise<Host>>();
  readonly #keyPairs: KeyPairs;
  /** Instances that went off for good; they never come back. */
  readonly #ended = new Set<string>();
  readonly #stop = new AbortController();
  #nudge = Promise.withResolvers<void>();
  #watching: Promise<void> | undefined;

  constructor(options: HypervisorOptions) {
    this.#options = options;
    this.#keyPairs = new KeyPairs(options.ec2);
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

  /** An instance may have changed, so this looks at once. */
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
      if (state === 'running' && host !== undefined && !host.switchedOn && !this.#stop.signal.aborted) {
        await this.#switchOn(host);
      }
    } else if (state === 'shutting-down' || state === 'terminated') {
      await this.#terminated(id);
    }
  }

  async #switchOn(host: Host): Promise<void> {
    host.switchedOn = true;
    host.bootedAtMs ??= performance.now();
    try {
      await host.machine.boot();
      this.#options.report(`${host.instance} runs at ${host.address} in ${host.zone}`);
    } catch (error) {
      // EC2 would keep running it: an instance that does not boot only does not answer.
      this.#options.report(`${host.instance} at ${host.address} does not boot: ${String(error)}`);
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
    await host.machine.remove();
    await host.metadata.close();
    this.#hosts.delete(host.instance);
  }

  /**
   * The host of the instance, made once. Undefined while EC2's facts about it are incomplete, or its address is in use.
   */
  async #prepared(id: string, instance: Instance): Promise<Host | undefined> {
    const existing = this.#hosts.get(id);
    if (existing !== undefined) return existing;
    const { PrivateIpAddress: address } = instance;
    // The last instance with this address is not off yet. A later look finds the address free.
    if (address === undefined || this.hosts.some((host) => host.address === address)) return undefined;
    let preparing = this.#preparing.get(id);
    if (preparing === undefined) {
      preparing = this.#prepare(id, address, instance).finally(() => this.#preparing.delete(id));
      this.#preparing.set(id, preparing);
    }
    try {
      return await preparing;
    } catch (error) {
      if (!(error instanceof NoMachineError)) throw error;
      if (!this.#ended.has(id)) this.#options.report(`${id} gets no machine: ${error.message}`);
      this.#ended.add(id);
      return undefined;
    }
  }

  async #prepare(id: string, address: string, instance: Instance): Promise<Host> {
    const [userData, publicKeys] = await Promise.all([
      userDataOf(this.#options.ec2, id),
      this.#keyPairs.publicKeys(instance.KeyName),
    ]);
    const zone = instance.Placement?.AvailabilityZone ?? `${REGION}a`;
    const imageId = instance.ImageId ?? 'ami-00000000';
    const launched = { instance: id, address, zone, imageId, userData };
    const metadata = await this.#startMetadata(launched, {
      instanceType: instance.InstanceType ?? 't3.small',
      publicKeys,
      tags: Object.fromEntries((instance.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
    });
    const machine = await this.#options.maker.make(launched, metadata);
    const host: Host = { instance: id, address, zone, machine, metadata, switchedOn: false };
    // Not after the end has begun, because nothing would switch the machine off then.
    if (!this.#stop.signal.aborted) await machine.prepare();
    this.#hosts.set(id, host);
    return host;
  }

  #startMetadata(
    { instance, address, zone, imageId, userData }: LaunchedInstance,
    further: Pick<InstanceFacts, 'instanceType' | 'publicKeys' | 'tags'>,
  ): Promise<MetadataEndpoint> {
    const { role, rightsOf, maker, registerCaller, targetLifecycleState, publicAddress } = this.#options;
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    registerCaller(accessKeyId, instance);
    return maker.startMetadata({
      facts: {
        ...{ ...further, instance, address, zone, imageId, userData, region: REGION, accountId: ACCOUNT, role },
        publicAddress: async () => publicAddress?.(instance),
      },
      credentials: {
        accessKeyId,
        secretAccessKey: randomBytes(30).toString('base64'),
        token: randomBytes(60).toString('base64'),
      },
      attachedRole: async () => attachedRole(await rightsOf(instance), role),
      targetLifecycleState: async () => targetLifecycleState(instance),
    });
  }

  /** EC2 stopped the instance, so its machine shuts down. */
  async shutDown(instance: string): Promise<void> {
    const host = this.#hosts.get(instance);
    if (host === undefined) return;
    await shutDown(host.machine);
    host.switchedOn = false;
    this.#options.report(`${instance} at ${host.address} is stopped`);
  }

  async reboot(instance: string): Promise<void> {
    const host = this.#hosts.get(instance);
    if (host === undefined) return;
    await shutDown(host.machine);
    await host.machine.boot();
  }

  async capture(instance: string, imageId: string): Promise<void> {
    const host = this.#hosts.get(instance);
    if (host === undefined) throw new Error(`${instance} has no machine, and so no disk to make an image of.`);
    await this.#reported(`the image ${imageId} of ${instance}`, this.#options.maker.capture(host.machine, imageId));
  }

  copy(source: string, imageId: string): Promise<void> {
    return this.#reported(`the copy ${imageId} of ${source}`, this.#options.maker.copyImage(source, imageId));
  }

  async #reported(what: string, work: Promise<void>): Promise<void> {
    try {
      await work;
      this.#options.report(`${what} is made`);
    } catch (error) {
      this.#options.report(`${what} could not be made: ${String(error)}`);
      throw error;
    }
  }
}

/** The machine is always off afterwards. */
async function shutDown(machine: Machine): Promise<void> {
  try {
    await machine.shutDown();
  } catch {
    await machine.powerOff();
  }
}

function attachedRole(rights: InstanceRights, withoutProfile: string): AttachedRole | undefined {
  switch (rights.kind) {
    case 'role':
      return { name: rights.role.name, assumable: true };
    case 'not-assumable':
      return { name: rights.role, assumable: false };
    case 'all-rights':
      return { name: withoutProfile, assumable: true };
    case 'no-credentials':
      return undefined;
  }
}

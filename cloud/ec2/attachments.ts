// SPDX-License-Identifier: Apache-2.0
/**
 * What only one instance can hold at a time: volumes, network interfaces, Elastic IP addresses. They become free a
 * while after the instance is terminated. Codes and rules follow the EC2 API Reference (AttachVolume,
 * AttachNetworkInterface, AssociateAddress, "Error codes"). The messages follow reports of users.
 */
import { type Struct, textAt } from '../value.ts';
import { allocateAddress, associateAddress, checkRelease, freeAddresses } from './addresses.ts';
import type { AskEc2 } from './attachment-target.ts';
import { attachInterface, checkDeleteInterface, freeInterfaces } from './network-interfaces.ts';
import { Volumes } from './volumes.ts';
import type { Ec2World } from './world.ts';

export class Attachments {
  readonly #world: Ec2World;
  readonly #ask: AskEc2;
  readonly #publicPrefix: string | undefined;
  readonly #volumes: Volumes;
  /** Instances that were told to terminate, in their earlier state, until what they hold is free. */
  readonly #ending = new Map<string, Struct>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(world: Ec2World, ask: AskEc2, publicPrefix?: string) {
    this.#world = world;
    this.#publicPrefix = publicPrefix;
    this.#ask = ask;
    this.#volumes = new Volumes(world, ask);
    world.onChange(() => this.#freeEnded());
  }

  /** Undefined when moto's own answer is enough. */
  async answer(action: string, input: Struct): Promise<Struct | undefined> {
    switch (action) {
      case 'AttachVolume':
        return this.#inTurn(() => this.#volumes.attach(input));
      case 'DetachVolume':
        return this.#inTurn(() => this.#volumes.detach(input));
      case 'AttachNetworkInterface':
        return this.#inTurn(() => attachInterface(this.#world, this.#ask, input));
      case 'AllocateAddress': {
        const prefix = this.#publicPrefix;
        return prefix === undefined ? undefined : this.#inTurn(() => allocateAddress(this.#ask, prefix, input));
      }
      case 'AssociateAddress':
        return this.#inTurn(() => associateAddress(this.#world, this.#ask, input));
      case 'DescribeVolumes':
        return this.#volumes.describe(input);
      case 'DeleteVolume':
        this.#volumes.checkDelete(textAt(input, 'VolumeId') ?? '');
        return undefined;
      case 'DeleteNetworkInterface':
        await checkDeleteInterface(this.#ask, textAt(input, 'NetworkInterfaceId') ?? '');
        return undefined;
      case 'ReleaseAddress':
        await checkRelease(this.#ask, input);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Terminates instances with `terminate`. They keep what they hold until a while after their end. */
  terminating(ids: readonly string[], terminate: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const nowMs = Date.now();
      const before = ids.map(
        (id) => [id, this.#world.seeOne(id, { caller: 'gateway', atMs: nowMs })?.instance] as const,
      );
      const begun = before.filter(
        ([id]) => !['shutting-down', 'terminated', undefined].includes(this.#world.state(id)),
      );
      for (const [id, shown] of begun) this.#volumes.hold(id, shown ?? {});
      try {
        await terminate();
      } catch (error) {
        for (const [id] of begun) this.#volumes.free(id);
        throw error;
      }
      for (const [id, shown] of begun) this.#ending.set(id, shown ?? {});
    });
  }

  #freeEnded(): void {
    for (const [id, before] of this.#ending) {
      if (!this.#world.isFreed(id)) continue;
      this.#ending.delete(id);
      this.#volumes.free(id);
      void this.#inTurn(() => this.#takeBack(before));
    }
  }

  /** Failures are ignored. Moto refuses to detach what is detached already, and at the end of the lab moto is gone. */
  async #takeBack(instance: Struct): Promise<void> {
    await freeInterfaces(this.#ask, instance).catch(() => {});
    await freeAddresses(this.#ask, instance).catch(() => {});
  }

  /** Runs one after the other, so that no other call comes between a check and its change. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

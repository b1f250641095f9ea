// SPDX-License-Identifier: Apache-2.0
/** Stopping, starting and rebooting of instances. Moto does these at once and without a machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsFailure } from '../failure.ts';
import { type Struct, structAt } from '../value.ts';
import type { AskEc2 } from './attachment-target.ts';
import type { Machines } from './machines.ts';
import { instanceIds } from './rules.ts';
import type { Ec2World } from './world.ts';

const STOP_MS = 300;

export class Stopping {
  readonly #world: Ec2World;
  readonly #ask: AskEc2;
  readonly #machines: () => Machines | undefined;

  constructor(world: Ec2World, ask: AskEc2, machines: () => Machines | undefined) {
    this.#world = world;
    this.#ask = ask;
    this.#machines = machines;
  }

  /** Undefined when moto's own answer is enough. */
  async answer(action: string, input: Struct): Promise<Struct | undefined> {
    switch (action) {
      case 'StopInstances':
        return { StoppingInstances: await this.#stop(instanceIds(input)) };
      case 'StartInstances':
        return { StartingInstances: await this.#start(instanceIds(input)) };
      case 'RebootInstances':
        await this.#reboot(instanceIds(input));
        return undefined;
      default:
        return undefined;
    }
  }

  /** An instance is `stopping` until its machine is off. */
  async #stop(ids: readonly string[]): Promise<readonly Struct[]> {
    this.#allow(ids, ['pending', 'running', 'stopping', 'stopped'], 'stopped');
    const begun = ids.filter((id) => !this.#world.state(id)?.startsWith('stop'));
    const changes = await this.#change(ids, async () => {
      this.#world.stopping(begun);
      await this.#ask('StopInstances', { InstanceIds: ids });
    });
    for (const id of begun) void this.#untilOff(id);
    return changes;
  }

  async #untilOff(id: string): Promise<void> {
    const machines = this.#machines();
    // If a machine can't shut down in order, its power is cut. So it is off in either case.
    await (machines === undefined ? sleep(STOP_MS, undefined, { ref: false }) : machines.shutDown(id).catch(() => {}));
    this.#world.stopped(id);
  }

  async #start(ids: readonly string[]): Promise<readonly Struct[]> {
    this.#allow(ids, ['running', 'pending', 'stopped'], 'started');
    const begun = ids.filter((id) => this.#world.state(id) === 'stopped');
    return this.#change(ids, async () => {
      await this.#ask('StartInstances', { InstanceIds: ids });
      this.#world.starting(begun);
    });
  }

  async #reboot(ids: readonly string[]): Promise<void> {
    this.#allow(ids, ['running'], 'rebooted');
    // The call only requests the reboot, and gets its answer before the reboot is done.
    for (const id of ids) {
      void this.#machines()
        ?.reboot(id)
        .catch(() => {});
    }
  }

  async #change(ids: readonly string[], change: () => Promise<void>): Promise<readonly Struct[]> {
    const before = ids.map((id) => this.#state(id));
    await change();
    await this.#world.refresh(ids);
    return ids.map((id, at) => ({
      InstanceId: id,
      PreviousState: before[at] ?? {},
      CurrentState: this.#state(id),
    }));
  }

  #state(id: string): Struct {
    return structAt(this.#world.seeOne(id, { caller: 'gateway', atMs: Date.now() })?.instance, 'State') ?? {};
  }

  #allow(ids: readonly string[], states: readonly string[], done: string): void {
    if (ids.length === 0) throw new AwsFailure('MissingParameter', 'The request must contain the parameter InstanceId');
    const other = ids.find((id) => !states.includes(this.#world.state(id) ?? ''));
    if (other === undefined) return;
    throw new AwsFailure(
      'IncorrectInstanceState',
      `The instance '${other}' is not in a state from which it can be ${done}.`,
    );
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { ApiModel } from '../api-model/model.ts';
import { AwsFailure } from '../failure.ts';
import type { MotoClient } from '../moto-client.ts';
import { type Struct, structAt, structsAt, textAt } from '../value.ts';
import { Attachments } from './attachments.ts';
import { inSubnet } from './default-subnet.ts';
import { describeInstances, visibleTags } from './describe.ts';
import { checkFilterNames } from './filter-names.ts';
import { ImageDetails } from './image-details.ts';
import { Images } from './images.ts';
import type { Viewer } from './lifetime.ts';
import type { Machines } from './machines.ts';
import { checkEc2Rules, checkMetadataTags, instanceIds, launchCount } from './rules.ts';
import { refuseUsedGroup } from './security-groups.ts';
import { Stopping } from './stopping.ts';
import type { Ec2World } from './world.ts';

/** EC2: moto's, with the rules and the delays of AWS. */
export class Ec2 {
  readonly world: Ec2World;
  readonly #moto: MotoClient;
  readonly #model: ApiModel;
  readonly #attachments: Attachments;
  readonly #images: ImageDetails;
  readonly #stopping: Stopping;
  /** Absent while instances are only entries of a table. */
  machines: Machines | undefined;
  /** Zones in which EC2 has no room for another instance. */
  readonly fullZones = new Set<string>();

  constructor(world: Ec2World, moto: MotoClient, model: ApiModel, publicPrefix?: string) {
    this.world = world;
    this.#moto = moto;
    this.#model = model;
    const ask = (action: string, input: Struct): Promise<Struct> => this.#ask(action, input);
    this.#attachments = new Attachments(world, ask, publicPrefix);
    this.#images = new ImageDetails(new Images(world, ask, () => this.machines), ask);
    this.#stopping = new Stopping(world, ask, () => this.machines);
  }

  /**
   * The answer to a call that the gateway answers itself. Undefined when moto's own answer is enough; `before` and
   * `after` then run around it.
   */
  async answer(action: string, input: Struct, viewer: Viewer): Promise<Struct | undefined> {
    checkFilterNames(this.#model, action, input);
    checkEc2Rules(this.world, action, input, viewer);
    switch (action) {
      case 'DescribeInstances':
        return describeInstances(this.world, input, viewer);
      case 'DescribeTags':
        return visibleTags(this.world, await this.#ask(action, input), viewer);
      case 'DescribeInstanceStatus':
        return this.#visibleStatuses(await this.#ask(action, input), viewer);
      case 'RunInstances':
        return this.run(input);
      case 'TerminateInstances':
        return this.terminate(instanceIds(input));
      case 'DeleteSecurityGroup':
        await refuseUsedGroup(this.world, (asked, parameters) => this.#ask(asked, parameters), input);
        return undefined;
      default:
        return (
          (await this.#attachments.answer(action, input)) ??
          (await this.#images.answer(action, input)) ??
          (await this.#stopping.answer(action, input))
        );
    }
  }

  /** Runs after a call that moto answered by itself. */
  async after(action: string, input: Struct): Promise<void> {
    if (/^(Describe|Get|List)/.test(action)) return;
    const ids = instanceIds(input);
    if (ids.length > 0) await this.world.refresh(ids);
    else if (/(Instance|Volume|Address|NetworkInterface)/.test(action)) await this.world.refresh();
  }

  async run(input: Struct): Promise<Struct> {
    checkMetadataTags(input);
    const placed = await inSubnet((action, asked) => this.#ask(action, asked), input);
    if (this.fullZones.size > 0) await this.#refuseFullZone(placed);
    const output = await this.#ask('RunInstances', launchCount(placed));
    await this.world.refresh(
      structsAt(output, 'Instances').flatMap((instance) => textAt(instance, 'InstanceId') ?? []),
    );
    return output;
  }

  async #refuseFullZone(input: Struct): Promise<void> {
    const SubnetIds = [textAt(input, 'SubnetId') ?? ''];
    const [subnet] = structsAt(await this.#ask('DescribeSubnets', { SubnetIds }), 'Subnets');
    const zone = textAt(subnet, 'AvailabilityZone') ?? '';
    if (!this.fullZones.has(zone)) return;
    throw new AwsFailure(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${textAt(input, 'InstanceType')} capacity in the Availability Zone you requested (${zone}).`,
      500,
    );
  }

  async terminate(ids: readonly string[]): Promise<Struct> {
    if (ids.length === 0) throw new AwsFailure('MissingParameter', 'The request must contain the parameter InstanceId');
    const before = this.#states(ids);
    await this.#attachments.terminating(ids, async () => {
      await this.#ask('TerminateInstances', { InstanceIds: ids });
      await this.world.refresh(ids);
    });
    const after = this.#states(ids);
    const changes = ids.map((id, at) => ({
      InstanceId: id,
      PreviousState: before[at] ?? {},
      CurrentState: after[at] ?? {},
    }));
    return { TerminatingInstances: changes };
  }

  #states(ids: readonly string[]): readonly Struct[] {
    const viewer = { caller: 'gateway', atMs: Date.now() };
    return ids.map((id) => structAt(this.world.seeOne(id, viewer)?.instance, 'State') ?? {});
  }

  #ask(action: string, input: Struct): Promise<Struct> {
    return this.#moto.ask(this.#model, action, input);
  }

  #visibleStatuses(output: Struct, viewer: Viewer): Struct {
    const statuses = structsAt(output, 'InstanceStatuses').flatMap((status) => {
      const seen = this.world.seeOne(textAt(status, 'InstanceId') ?? '', viewer);
      const state = structAt(seen?.instance, 'State');
      return state === undefined ? [] : [{ ...status, InstanceState: state }];
    });
    return { ...output, InstanceStatuses: statuses };
  }
}

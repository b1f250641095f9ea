// SPDX-License-Identifier: Apache-2.0
/**
 * Images made from instances and from other images. Moto loses their root device and makes them at once. Here an image
 * is pending until its disk is stored.
 */
import { AwsFailure } from '../failure.ts';
import { type Struct, structsAt, textAt } from '../value.ts';
import type { AskEc2 } from './attachment-target.ts';
import type { Machines } from './machines.ts';
import type { Ec2World } from './world.ts';

/** The properties that an image gets from its source. */
type Inherited = Pick<Struct, 'RootDeviceName' | 'RootDeviceType' | 'Architecture' | 'BlockDeviceMappings'>;

export class Images {
  readonly #world: Ec2World;
  readonly #ask: AskEc2;
  readonly #machines: () => Machines | undefined;
  readonly #inherited = new Map<string, Inherited>();
  readonly #states = new Map<string, 'pending' | 'failed'>();

  constructor(world: Ec2World, ask: AskEc2, machines: () => Machines | undefined) {
    this.#world = world;
    this.#ask = ask;
    this.#machines = machines;
  }

  /** Undefined when moto's own answer is enough. */
  async answer(action: string, input: Struct): Promise<Struct | undefined> {
    switch (action) {
      case 'CreateImage':
        return this.#create(input);
      case 'CopyImage':
        return this.#copy(input);
      case 'DescribeImages':
        return this.#describe(input);
      default:
        return undefined;
    }
  }

  async #create(input: Struct): Promise<Struct> {
    const instance = textAt(input, 'InstanceId') ?? '';
    const machines = this.#machines();
    const state = this.#world.state(instance);
    if (machines !== undefined && state !== 'stopped') {
      throw new AwsFailure(
        'IncorrectInstanceState',
        `The instance '${instance}' is ${state ?? 'unknown'}; the lab makes images of stopped instances only.`,
      );
    }
    const source = textAt(this.#world.seeOne(instance, { caller: 'gateway', atMs: Date.now() })?.instance, 'ImageId');
    const output = await this.#ask('CreateImage', input);
    await this.#keep(output, source, (image) => machines?.capture(instance, image));
    return output;
  }

  async #copy(input: Struct): Promise<Struct> {
    const source = textAt(input, 'SourceImageId') ?? '';
    const output = await this.#ask('CopyImage', input);
    await this.#keep(output, source, (image) => this.#machines()?.copy(source, image));
    return output;
  }

  /** The image looks like its source, and is pending until its disk is stored. */
  async #keep(output: Struct, source: string | undefined, keep: (image: string) => Promise<void> | undefined) {
    const image = textAt(output, 'ImageId') ?? '';
    const [shown] = source === undefined ? [] : structsAt(await this.#describe({ ImageIds: [source] }), 'Images');
    if (shown !== undefined) this.#inherited.set(image, inheritedFrom(shown));
    this.#states.set(image, 'pending');
    Promise.resolve(keep(image)).then(
      () => this.#states.delete(image),
      () => this.#states.set(image, 'failed'),
    );
  }

  async #describe(input: Struct): Promise<Struct> {
    const output = await this.#ask('DescribeImages', input);
    // Only Windows images have a platform, and EC2's model writes it with a capital letter.
    const Images = structsAt(output, 'Images').map(({ Platform, ...image }) => {
      const id = textAt(image, 'ImageId') ?? '';
      const inherited = this.#inherited.get(id);
      const state = this.#states.get(id);
      return {
        ...image,
        ...(Platform === 'windows' ? { Platform: 'Windows' } : {}),
        // Moto says "standard", a type that EC2 does not have.
        RootDeviceType: textAt(image, 'RootDeviceType') === 'instance-store' ? 'instance-store' : 'ebs',
        ...(inherited === undefined ? {} : { ...inherited, ...ownSnapshots(image, inherited) }),
        ...(state === undefined ? {} : { State: state }),
      };
    });
    return { ...output, Images };
  }
}

function inheritedFrom({ RootDeviceName, RootDeviceType, Architecture, BlockDeviceMappings }: Struct): Inherited {
  return Object.fromEntries(
    Object.entries({ RootDeviceName, RootDeviceType, Architecture, BlockDeviceMappings }).filter(
      (entry) => entry[1] !== undefined,
    ),
  ) as Inherited;
}

/** The device comes from the source; the snapshot on it is the image's own. */
function ownSnapshots(image: Struct, inherited: Inherited): Struct {
  const [own] = structsAt(image, 'BlockDeviceMappings');
  const mappings = structsAt(inherited as Struct, 'BlockDeviceMappings');
  if (own === undefined || mappings.length === 0) return {};
  const DeviceName = textAt(inherited as Struct, 'RootDeviceName') ?? textAt(own, 'DeviceName') ?? '';
  return { BlockDeviceMappings: [{ ...own, DeviceName }] };
}

// SPDX-License-Identifier: Apache-2.0
/** Facts about a call's resources that the tables of actions need. */
import type { ApiModel } from '../api-model/model.ts';
import type { AutoScaling } from '../auto-scaling/auto-scaling.ts';
import { resolveTemplate, type TemplateVersion } from '../auto-scaling/launch-template.ts';
import type { Ec2World } from '../ec2/world.ts';
import { AwsFailure } from '../failure.ts';
import type { MotoClient } from '../moto-client.ts';
import { type Struct, structsAt, textAt } from '../value.ts';
import type { RoleDirectory } from './role-directory.ts';

export type Tags = ReadonlyMap<string, string>;

/** A stack of CloudFormation, by its name or ARN or by the ARN of one of its change sets. */
interface KnownStack {
  readonly arn: string;
  readonly tags: Tags;
}

export interface FactsParts {
  readonly region: string;
  readonly account: string;
  readonly moto: MotoClient;
  readonly ec2Model: ApiModel;
  readonly world: Ec2World;
  readonly scaling: AutoScaling;
  readonly roles: RoleDirectory;
  /** Undefined for an unknown stack. */
  readonly stack: (reference: string) => KnownStack | undefined;
}

const NO_TAGS: Tags = new Map();

export class ResourceFacts {
  readonly #parts: FactsParts;
  /** False when no policy of this request uses tags of resources. Then they are not looked up. */
  readonly #tagsWanted: boolean;

  constructor(parts: FactsParts, tagsWanted: boolean) {
    this.#parts = parts;
    this.#tagsWanted = tagsWanted;
  }

  get region(): string {
    return this.#parts.region;
  }

  /** `arn:aws:<service>:<region>:<account>:<resource>`. */
  arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.#parts.region}:${this.#parts.account}:${resource}`;
  }

  /** IAM's resources have no region. */
  iamArn(resource: string): string {
    return `arn:aws:iam::${this.#parts.account}:${resource}`;
  }

  /** A group that does not exist (yet) has no unique id, so a policy with a group's id does not match it. */
  groupArn(name: string): string {
    return (
      this.#parts.scaling.groups.get(name)?.arn ??
      this.arn('autoscaling', `autoScalingGroup:*:autoScalingGroupName/${name}`)
    );
  }

  groupOf(instance: string): string | undefined {
    return this.#parts.scaling.find(instance)?.group.name;
  }

  groupTags(name: string): Tags {
    return new Map(this.#parts.scaling.groups.get(name)?.tags.map(({ key, value }) => [key, value]) ?? []);
  }

  /** The instance as EC2 shows it to a viewer who sees everything at once. */
  instance(id: string): Struct | undefined {
    return this.#parts.world.seeOne(id, { caller: 'gateway', atMs: Date.now() })?.instance;
  }

  async ec2Tags(id: string): Promise<Tags> {
    if (!this.#tagsWanted) return NO_TAGS;
    const instance = this.instance(id);
    if (instance !== undefined) return tagsOf(structsAt(instance, 'Tags'));
    const Filters = [{ Name: 'resource-id', Values: [id] }];
    const { moto, ec2Model } = this.#parts;
    return tagsOf(structsAt(await moto.ask(ec2Model, 'DescribeTags', { Filters }), 'Tags'));
  }

  /** The ARN of a role with its path; without a path when the role does not exist (yet). */
  async roleArn(name: string): Promise<string> {
    return (await this.#parts.roles.role(name))?.arn ?? this.iamArn(`role/${name}`);
  }

  async roleTags(name: string): Promise<Tags> {
    return this.#tagsWanted ? ((await this.#parts.roles.role(name))?.tags ?? NO_TAGS) : NO_TAGS;
  }

  async profileArn(name: string): Promise<string> {
    return (await this.#parts.roles.profile(name))?.arn ?? this.iamArn(`instance-profile/${name}`);
  }

  /** The ARN of the role in a profile, found by name or ARN; undefined when there is none. */
  async roleOfProfile(nameOrArn: string): Promise<string | undefined> {
    return (await this.#parts.roles.profile(nameOrArn.split('/').at(-1) ?? ''))?.role?.arn;
  }

  /** Undefined for an unknown template; the call itself will be refused because of it. */
  async template(reference: Struct | undefined): Promise<TemplateVersion | undefined> {
    const id = textAt(reference, 'LaunchTemplateId') ?? '';
    const name = textAt(reference, 'LaunchTemplateName') ?? '';
    if (id === '' && name === '') return undefined;
    const version = textAt(reference, 'Version') ?? '$Default';
    const { moto, ec2Model } = this.#parts;
    try {
      return await resolveTemplate(moto, ec2Model, { id, name, version });
    } catch (error) {
      if (error instanceof AwsFailure) return undefined;
      throw error;
    }
  }

  stack(reference: string): KnownStack {
    const known = this.#parts.stack(reference);
    const arn = reference.startsWith('arn:') ? reference : this.arn('cloudformation', `stack/${reference}/*`);
    return known ?? { arn, tags: NO_TAGS };
  }
}

/** Tags in the form of nearly all services: a list of Key and Value. */
export function tagsOf(tags: readonly Struct[]): Tags {
  return new Map(tags.map((tag) => [textAt(tag, 'Key') ?? '', textAt(tag, 'Value') ?? '']));
}

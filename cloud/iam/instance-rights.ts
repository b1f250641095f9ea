// SPDX-License-Identifier: Apache-2.0
/** The rights of an instance: those of the role in its instance profile. */
import type { Ec2World } from '../ec2/world.ts';
import { structAt, textAt } from '../value.ts';
import { contextOf } from './context.ts';
import { mayAssume } from './evaluate.ts';
import type { Role, RoleDirectory } from './role-directory.ts';

/**
 * The rights of an instance without a profile. `all-rights`: for a lab whose group was made without a role.
 * `no-credentials`: as on AWS.
 */
export type WithoutProfile = 'all-rights' | 'no-credentials';

export type InstanceRights =
  | { readonly kind: 'role'; readonly role: Role; readonly instance: string }
  /** The role's trust policy does not let EC2 assume it, or the profile has no role. */
  | { readonly kind: 'not-assumable'; readonly role: string }
  | { readonly kind: WithoutProfile };

const NAME_IN_ARN = /:instance-profile\/(?:.*\/)?([^/]+)$/;

export class RightsOfInstances {
  readonly #world: Ec2World;
  readonly #roles: RoleDirectory;
  readonly #withoutProfile: WithoutProfile;
  /** In EC2's answers a terminated instance has no profile any more, but it still has its credentials. */
  readonly #profiles = new Map<string, string>();

  constructor(world: Ec2World, roles: RoleDirectory, withoutProfile: WithoutProfile) {
    this.#world = world;
    this.#roles = roles;
    this.#withoutProfile = withoutProfile;
  }

  async of(instance: string): Promise<InstanceRights> {
    const name = this.#profileName(instance);
    if (name === undefined) return { kind: this.#withoutProfile };
    const role = (await this.#roles.profile(name))?.role;
    if (role === undefined) return { kind: 'not-assumable', role: name };
    const assumable = mayAssume(role.trust, 'ec2.amazonaws.com', contextOf({}));
    return assumable ? { kind: 'role', role, instance } : { kind: 'not-assumable', role: role.name };
  }

  #profileName(instance: string): string | undefined {
    const seen = this.#world.seeOne(instance, { caller: 'gateway', atMs: Date.now() });
    const arn = textAt(structAt(seen?.instance, 'IamInstanceProfile'), 'Arn') ?? '';
    const name = NAME_IN_ARN.exec(arn)?.[1];
    if (name !== undefined) this.#profiles.set(instance, name);
    return name ?? this.#profiles.get(instance);
  }
}

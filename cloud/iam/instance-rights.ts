// SPDX-License-Identifier: Apache-2.0
/** Whose rights an instance has: those of the role in its instance profile. */
import type { Ec2World } from '../ec2/world.ts';
import { structAt, textAt } from '../value.ts';
import { contextOf } from './context.ts';
import { mayAssume } from './evaluate.ts';
import type { Role, RoleDirectory } from './role-directory.ts';

/**
 * What an instance without a profile is given: `all-rights`, as a lab has whose group was made without a role, or
 * `no-credentials`, as on AWS.
 */
export type WithoutProfile = 'all-rights' | 'no-credentials';

export type InstanceRights =
  | { readonly kind: 'role'; readonly role: Role; readonly instance: string }
  /** The role's trust policy does not let EC2 assume it, or there is no role in the profile. */
  | { readonly kind: 'not-assumable'; readonly role: string }
  | { readonly kind: WithoutProfile };

const NAME_IN_ARN = /:instance-profile\/(?:.*\/)?([^/]+)$/;

export class RightsOfInstances {
  readonly #world: Ec2World;
  readonly #roles: RoleDirectory;
  readonly #withoutProfile: WithoutProfile;
  /** A terminated instance loses its profile in EC2's answers, but not yet its credentials. */
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

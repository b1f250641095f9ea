// SPDX-License-Identifier: Apache-2.0
import type { ApiModel } from '../api-model/model.ts';
import { AwsFailure } from '../failure.ts';
import type { MotoClient } from '../moto-client.ts';
import { type Struct, structAt, structsAt, textAt, textsAt } from '../value.ts';
import { type Policy, readPolicy } from './policy.ts';

export interface Role {
  readonly name: string;
  readonly id: string;
  /** The ARN with its path. */
  readonly arn: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly trust: Policy;
  /** Inline and attached policies. */
  readonly policies: readonly Policy[];
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
}

interface InstanceProfile {
  readonly arn: string;
  readonly role?: Role;
}

/** Every change goes through the gateway, which then calls `forget`. This limit is for changes that it might miss. */
const KEPT_MS = 2_000;

/** Moto's roles and instance profiles, with their policies already read. */
export class RoleDirectory {
  readonly #moto: MotoClient;
  readonly #model: () => ApiModel;
  readonly #known = new Map<string, { readonly atMs: number; readonly found: Promise<unknown> }>();
  /** IAM's times have whole seconds, which is too coarse for the first seconds of a role. */
  readonly #made = new Map<string, number>();

  /** The model is loaded only when it is needed: a lab without roles does not need it. */
  constructor(moto: MotoClient, model: () => ApiModel) {
    this.#moto = moto;
    this.#model = model;
  }

  /** Undefined when there is no such role. Rejects with PolicyError when one of its policies can't be enforced. */
  role(name: string): Promise<Role | undefined> {
    return this.#kept(`role ${name}`, () => this.#readRole(name));
  }

  profile(name: string): Promise<InstanceProfile | undefined> {
    return this.#kept(`profile ${name}`, () => this.#readProfile(name));
  }

  /** Called when something in IAM has changed. */
  forget(): void {
    this.#known.clear();
  }

  madeRole(name: string, atMs: number): void {
    this.#made.set(name, atMs);
  }

  #kept<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key);
    if (known !== undefined && known.atMs > Date.now() - KEPT_MS) return known.found as Promise<T>;
    const found = read();
    this.#known.set(key, { atMs: Date.now(), found });
    found.catch(() => this.#known.delete(key));
    return found;
  }

  async #readProfile(name: string): Promise<InstanceProfile | undefined> {
    const answer = await this.#find('GetInstanceProfile', { InstanceProfileName: name });
    const profile = structAt(answer, 'InstanceProfile');
    if (profile === undefined) return undefined;
    const roleName = textAt(structsAt(profile, 'Roles')[0], 'RoleName');
    const role = roleName === undefined ? undefined : await this.role(roleName);
    return { arn: textAt(profile, 'Arn') ?? '', ...(role === undefined ? {} : { role }) };
  }

  async #readRole(name: string): Promise<Role | undefined> {
    const role = structAt(await this.#find('GetRole', { RoleName: name }), 'Role');
    if (role === undefined) return undefined;
    const tags = structsAt(role, 'Tags').map((tag) => [textAt(tag, 'Key') ?? '', textAt(tag, 'Value') ?? ''] as const);
    return {
      name,
      id: textAt(role, 'RoleId') ?? '',
      arn: textAt(role, 'Arn') ?? '',
      tags: new Map(tags),
      trust: readPolicy(`${name}/trust`, 'trust', document(role, 'AssumeRolePolicyDocument')),
      policies: [...(await this.#inline(name)), ...(await this.#attached(name))],
      createdAtMs: this.#made.get(name) ?? Date.parse(textAt(role, 'CreateDate') ?? ''),
    };
  }

  async #inline(role: string): Promise<readonly Policy[]> {
    const policies: Policy[] = [];
    const names = textsAt(await this.#find('ListRolePolicies', { RoleName: role }), 'PolicyNames');
    for (const name of names) {
      const found = await this.#find('GetRolePolicy', { RoleName: role, PolicyName: name });
      policies.push(readPolicy(name, 'identity', document(found, 'PolicyDocument')));
    }
    return policies;
  }

  async #attached(role: string): Promise<readonly Policy[]> {
    const policies: Policy[] = [];
    const attached = structsAt(await this.#find('ListAttachedRolePolicies', { RoleName: role }), 'AttachedPolicies');
    for (const one of attached) {
      const PolicyArn = textAt(one, 'PolicyArn') ?? '';
      const policy = structAt(await this.#find('GetPolicy', { PolicyArn }), 'Policy');
      const VersionId = textAt(policy, 'DefaultVersionId') ?? 'v1';
      const version = structAt(await this.#find('GetPolicyVersion', { PolicyArn, VersionId }), 'PolicyVersion');
      policies.push(readPolicy(textAt(one, 'PolicyName') ?? PolicyArn, 'identity', document(version, 'Document')));
    }
    return policies;
  }

  /** Undefined when moto does not find it. */
  async #find(action: string, input: Struct): Promise<Struct | undefined> {
    try {
      return await this.#moto.ask(this.#model(), action, input);
    } catch (error) {
      if (error instanceof AwsFailure && error.code === 'NoSuchEntity') return undefined;
      throw error;
    }
  }
}

/** IAM writes policy documents percent-encoded. */
function document(struct: Struct | undefined, name: string): string {
  return decodeURIComponent(textAt(struct, name) ?? '');
}

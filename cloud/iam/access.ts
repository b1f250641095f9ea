// SPDX-License-Identifier: Apache-2.0
/**
 * Enforces IAM: the caller, the rights that the call needs, and whether the policies allow it. Calls from outside and
 * calls that CloudFormation makes for a caller both go through `authorize`.
 */
import type { ModelOf } from '../api-model/model.ts';
import { SPARED_CALLER } from '../faults.ts';
import { type Struct, textAt } from '../value.ts';
import { AccessRecord } from './access-record.ts';
import type { Element } from './actions/element.ts';
import { listingOf } from './actions/s3.ts';
import { actionRule, knownActions } from './actions/tables.ts';
import { BucketPolicies } from './bucket-policies.ts';
import { asksForResourceTags, checkConditionKeys } from './condition-keys.ts';
import { type Context, contextOf, merged, tagContext } from './context.ts';
import { denial, noIdentity, notInTheTable } from './denials.ts';
import { type Evaluation, evaluate, type Principal } from './evaluate.ts';
import { type FactsParts, ResourceFacts } from './facts.ts';
import { type InstanceRights, RightsOfInstances, type WithoutProfile } from './instance-rights.ts';
import { type Policy, readPolicy } from './policy.ts';
import { checkPutPolicy } from './put-policies.ts';
import { RoleDirectory } from './role-directory.ts';

interface AccessOptions {
  /** The policies of persons, by their names as callers. A person without a policy here may do everything. */
  readonly policies: Readonly<Record<string, unknown>>;
  /** For how long all calls of a new role are denied, asked at each call: IAM is eventually consistent. */
  readonly roleDelayMs: () => number;
  readonly withoutProfile: WithoutProfile;
}

export interface AuthorizedCall {
  readonly caller: string;
  readonly service: string;
  readonly action: string;
  readonly input: Struct;
  /** The AWS service that makes the call for the caller, `cloudformation.amazonaws.com`. */
  readonly via?: string;
}

/** The caller and its rights. */
interface Identity {
  readonly principal: Principal;
  readonly policies: readonly Policy[];
  readonly context: Context;
  /** Only a resource's own policy can deny this caller anything. */
  readonly allRights: boolean;
}

/** Services with one endpoint for all regions, in the first one. */
const GLOBAL = ['iam', 'sts', 'route53'];

const ALL_RIGHTS = readPolicy('AdministratorAccess', 'identity', {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
});

export class Access {
  readonly record = new AccessRecord();
  readonly #facts: FactsParts;
  readonly #roles: RoleDirectory;
  readonly #buckets: BucketPolicies;
  readonly #instances: RightsOfInstances;
  readonly #persons = new Map<string, Policy>();
  readonly #roleDelayMs: () => number;

  constructor(parts: Omit<FactsParts, 'roles'>, models: ModelOf, options: AccessOptions) {
    this.#roles = new RoleDirectory(parts.moto, () => models('iam'));
    this.#facts = { ...parts, roles: this.#roles };
    this.#buckets = new BucketPolicies(parts.moto, parts.region);
    this.#instances = new RightsOfInstances(parts.world, this.#roles, options.withoutProfile);
    this.#roleDelayMs = options.roleDelayMs;
    for (const [person, document] of Object.entries(options.policies)) {
      const policy = readPolicy(person, 'identity', document);
      checkConditionKeys(policy, knownActions());
      this.#persons.set(person, policy);
    }
  }

  rightsOf(instance: string): Promise<InstanceRights> {
    return this.#instances.of(instance);
  }

  /** Throws the service's denial. */
  async authorize(call: AuthorizedCall): Promise<void> {
    checkPutPolicy(call.service, call.action, call.input);
    const identity = await this.#rights(call);
    if (identity === undefined) return;
    const rule = actionRule(call.service, call.action);
    if (rule === undefined) {
      if (identity.allRights) return;
      throw notInTheTable(call.service, identity.principal.arn, call.action);
    }
    const bucket = this.#bucketPolicy(call);
    if (identity.allRights && bucket === undefined) return;
    const facts = new ResourceFacts(
      this.#facts,
      asksForResourceTags([...identity.policies, ...(bucket === undefined ? [] : [bucket])]),
    );
    for (const element of await rule.elements(call.input, facts)) {
      const decision = this.#decide(identity, element, bucket);
      if (!decision.allowed) {
        throw denial(call.service, { principal: identity.principal, ...element }, decision.because);
      }
    }
  }

  /**
   * A caller that may not list the key of a missing object gets a denial (S3 API Reference, GetObject: permissions; the
   * key counts as s3:prefix).
   */
  async hideMissing(call: AuthorizedCall): Promise<void> {
    const identity = await this.#rights(call);
    if (identity === undefined || identity.allRights) return;
    const element = listingOf(call.input);
    const decision = this.#decide(identity, element, this.#bucketPolicy(call));
    if (!decision.allowed) throw denial('s3', { principal: identity.principal, ...element }, decision.because);
  }

  /** The answer to a call about the policy of a bucket; undefined for all others. */
  answer({ service, action, input }: AuthorizedCall): Promise<Struct | undefined> {
    return service === 's3' ? this.#buckets.answer(action, input) : Promise.resolve(undefined);
  }

  /** Called after the answer to a call. Drops cached data that the call may have changed. */
  changed({ service, action, input }: AuthorizedCall): void {
    if (/^(Describe|Get|List|Head)/.test(action)) return;
    if (service === 's3' && action === 'DeleteBucket') this.#buckets.forget(textAt(input, 'Bucket') ?? '');
    if (service !== 'iam') return;
    if (action === 'CreateRole') this.#roles.madeRole(textAt(input, 'RoleName') ?? '', Date.now());
    this.#roles.forget();
  }

  #decide(identity: Identity, element: Element, bucket: Policy | undefined): Evaluation {
    const { principal, policies } = identity;
    const { action, resource } = element;
    const context = merged(identity.context, element.context ?? new Map());
    const request = { principal, action, resource, context };
    const decision = evaluate(request, policies, resource.startsWith('arn:aws:s3:::') ? bucket : undefined);
    if (!identity.allRights) this.record.add(request, decision);
    return decision;
  }

  #bucketPolicy({ service, input }: AuthorizedCall): Policy | undefined {
    return service === 's3' ? this.#buckets.of(textAt(input, 'Bucket') ?? '') : undefined;
  }

  /** Undefined for the lab itself, which has no limits. */
  async #rights(call: AuthorizedCall): Promise<Identity | undefined> {
    const { caller } = call;
    if (caller === SPARED_CALLER) return undefined;
    if (!caller.startsWith('i-')) return this.#person(call, this.#persons.get(caller));
    const rights = await this.#instances.of(caller);
    switch (rights.kind) {
      case 'all-rights':
        return this.#person(call, undefined);
      case 'role':
        return this.#session(call, rights);
      default:
        throw noIdentity(call.service, caller);
    }
  }

  #person(call: AuthorizedCall, policy: Policy | undefined): Identity {
    const { account } = this.#facts;
    const arn = `arn:aws:iam::${account}:user/${call.caller}`;
    const own = contextOf({ 'aws:PrincipalType': 'User', 'aws:username': call.caller, 'aws:userid': call.caller });
    return {
      principal: { arn, identityArn: arn, account },
      policies: [policy ?? ALL_RIGHTS],
      context: merged(this.#everyCall(call, arn), own),
      allRights: policy === undefined,
    };
  }

  /** The session that EC2 opens for an instance; its name is the instance's id. */
  #session(call: AuthorizedCall, { role, instance }: Extract<InstanceRights, { kind: 'role' }>): Identity {
    const { account, region } = this.#facts;
    const own = contextOf({
      'aws:PrincipalType': 'AssumedRole',
      'aws:userid': `${role.id}:${instance}`,
      'ec2:SourceInstanceARN': `arn:aws:ec2:${region}:${account}:instance/${instance}`,
      'ec2:RoleDelivery': '2.0',
    });
    const young = Date.now() - role.createdAtMs < this.#roleDelayMs();
    return {
      principal: {
        arn: `arn:aws:sts::${account}:assumed-role/${role.name}/${instance}`,
        identityArn: role.arn,
        account,
      },
      policies: young ? [] : role.policies,
      context: merged(this.#everyCall(call, role.arn), own, tagContext('aws:PrincipalTag', role.tags)),
      allRights: false,
    };
  }

  /** IAM User Guide, "AWS global condition context keys". The lab's plain HTTP counts as secure transport. */
  #everyCall({ service, via }: AuthorizedCall, principalArn: string): Context {
    const now = Date.now();
    const { account, region } = this.#facts;
    return contextOf({
      'aws:PrincipalArn': principalArn,
      'aws:PrincipalAccount': account,
      'aws:ResourceAccount': account,
      'aws:PrincipalIsAWSService': false,
      'aws:CurrentTime': new Date(now).toISOString(),
      'aws:EpochTime': Math.floor(now / 1_000),
      'aws:RequestedRegion': GLOBAL.includes(service) ? 'us-east-1' : region,
      'aws:SecureTransport': true,
      'aws:ViaAWSService': via !== undefined,
      'aws:CalledVia': via === undefined ? undefined : [via],
      'aws:CalledViaFirst': via,
      'aws:CalledViaLast': via,
    });
  }
}

// SPDX-License-Identifier: Apache-2.0
/**
 * The condition keys that a policy may use (IAM User Guide, "AWS global condition context keys"; the services' own keys
 * are in the tables of actions). With a key that no request here has, a statement would never apply, or, if negated,
 * always. So the gateway refuses a policy with such a key when it is put.
 */
import { CHANGE_KEYS } from './actions/route53.ts';
import { fitsAction } from './evaluate.ts';
import { variableKeys } from './patterns.ts';
import { type Policy, PolicyError, type Statement } from './policy.ts';

/** In every request, where they have a value. */
const GLOBAL_KEYS = [
  ...['aws:PrincipalArn', 'aws:PrincipalAccount', 'aws:PrincipalType', 'aws:PrincipalTag/', 'aws:userid'],
  ...['aws:username', 'aws:CurrentTime', 'aws:EpochTime', 'aws:RequestedRegion', 'aws:SecureTransport'],
  ...['aws:ViaAWSService', 'aws:CalledVia', 'aws:CalledViaFirst', 'aws:CalledViaLast', 'aws:PrincipalIsAWSService'],
  ...['aws:ResourceAccount', 'ec2:SourceInstanceARN', 'ec2:RoleDelivery'],
].map((key) => key.toLowerCase());

/** A request may have several values of these keys, so a policy must use a quantifier. */
const MULTIVALUED = ['aws:tagkeys', 'aws:calledvia', ...CHANGE_KEYS.map((key) => key.toLowerCase())];

/** Throws PolicyError when the policy uses a key that no request of its actions has. */
export function checkConditionKeys(policy: Policy, known: ReadonlyMap<string, ReadonlySet<string>>): void {
  if (policy.kind === 'trust') return;
  for (const statement of policy.statements) {
    const actions = [...known].filter(([action]) => fitsAction(statement.actions, action));
    const carried = new Set([...GLOBAL_KEYS, ...actions.flatMap(([, keys]) => [...keys])]);
    for (const key of askedFor(statement, policy.variables)) {
      if (!isCarried(key, carried)) {
        throw new PolicyError(statement.id, `no request for its actions carries the condition key ${key} here`);
      }
    }
    for (const { key, quantifier, operator } of statement.conditions) {
      if (quantifier === undefined && operator !== 'Null' && MULTIVALUED.includes(key.toLowerCase())) {
        throw new PolicyError(
          statement.id,
          `${key} may have several values: ForAllValues or ForAnyValue says which count`,
        );
      }
    }
  }
}

/** Whether any statement uses tags of resources, which then must be looked up. */
export function asksForResourceTags(policies: readonly Policy[]): boolean {
  return policies.some(({ statements, variables }) =>
    statements.some((statement) => askedFor(statement, variables).some((key) => /:resourcetag\//i.test(key))),
  );
}

function askedFor({ conditions, resources }: Statement, variables: boolean): readonly string[] {
  const texts = [...conditions.flatMap(({ values }) => values), ...(resources?.texts ?? [])];
  return [...conditions.map(({ key }) => key), ...(variables ? texts.flatMap(variableKeys) : [])];
}

function isCarried(key: string, carried: ReadonlySet<string>): boolean {
  const lower = key.toLowerCase();
  return carried.has(lower) || carried.has(lower.replace(/\/.*$/s, '/'));
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Whether the policies allow a request: IAM User Guide, "Policy evaluation logic" and "How AWS enforcement code logic
 * evaluates requests". Only within one account, with identity and resource policies, because the lab has no others. A
 * request is denied unless a statement allows it. A statement that denies it wins over all that allow it.
 */
import { conditionsHold } from './conditions.ts';
import type { Context } from './context.ts';
import { anyOf, fitsResource, resolvePattern, variableKeys } from './patterns.ts';
import type { Patterns, Policy, Principals, Statement } from './policy.ts';

/** The caller. */
export interface Principal {
  /** The ARN in messages: of a user, or of the session of a role. */
  readonly arn: string;
  /** `aws:PrincipalArn`: the ARN of the user, or of the role itself. */
  readonly identityArn: string;
  readonly account: string;
}

/** One action on one resource. A call may need several of them. */
export interface AccessRequest {
  readonly principal: Principal;
  /** `ec2:CreateTags`. */
  readonly action: string;
  /** An ARN, or `*` for an action that does not apply to a certain resource. */
  readonly resource: string;
  readonly context: Context;
}

export interface Evaluation {
  readonly allowed: boolean;
  /** Which policies denied it explicitly, or that none allowed it. */
  readonly because: 'allowed' | 'denied-by-identity' | 'denied-by-resource' | 'not-allowed';
  /** The statements that decided: those that deny it, otherwise those that allow it. */
  readonly statements: readonly string[];
  /** The condition keys in these statements, in lower case. */
  readonly keys: readonly string[];
}

/** `resource` is the policy of the resource itself, such as a bucket's. */
export function evaluate(
  request: AccessRequest,
  identity: readonly Policy[],
  resource: Policy | undefined = undefined,
): Evaluation {
  const ofIdentity = identity.flatMap((policy) => applying(policy, request));
  const ofResource = resource === undefined ? [] : applying(resource, request);
  const denying = (found: readonly Statement[]) => found.filter(({ effect }) => effect === 'Deny');
  if (denying(ofIdentity).length > 0) return decision(false, 'denied-by-identity', denying(ofIdentity));
  if (denying(ofResource).length > 0) return decision(false, 'denied-by-resource', denying(ofResource));
  const granting = [...ofIdentity, ...ofResource.filter((statement) => grants(statement, request.principal))];
  return granting.length === 0 ? decision(false, 'not-allowed', []) : decision(true, 'allowed', granting);
}

/** Whether a role's trust policy lets a service of AWS assume it. */
export function mayAssume(trust: Policy, service: string, context: Context): boolean {
  const fitting = trust.statements.filter(
    (statement) =>
      statement.principals?.services.includes(service) !== statement.principals?.not &&
      fitsAction(statement.actions, 'sts:AssumeRole') &&
      conditionsHold(statement, context, trust.variables),
  );
  return fitting.some(({ effect }) => effect === 'Allow') && !fitting.some(({ effect }) => effect === 'Deny');
}

/** Whether an Action or NotAction element applies to this action. Upper and lower case do not matter. */
export function fitsAction(patterns: Patterns, action: string): boolean {
  let expression = actionExpressions.get(patterns);
  if (expression === undefined) {
    expression = anyOf(patterns.texts);
    actionExpressions.set(patterns, expression);
  }
  // An empty list matches nothing.
  return (patterns.texts.length > 0 && expression.test(action)) !== patterns.not;
}

/** Every call is checked against all of them, so they are kept. */
const actionExpressions = new WeakMap<Patterns, RegExp>();

function applying(policy: Policy, request: AccessRequest): readonly Statement[] {
  return policy.statements.filter(
    (statement) =>
      fitsAction(statement.actions, request.action) &&
      fitsResources(statement, request, policy.variables) &&
      (statement.principals === undefined || fitsPrincipal(statement.principals, request.principal)) &&
      conditionsHold(statement, request.context, policy.variables),
  );
}

/**
 * With a variable that the request can't fill, a Resource matches nothing. A NotResource that denies then matches
 * everything.
 */
function fitsResources({ resources, effect }: Statement, request: AccessRequest, variables: boolean): boolean {
  if (resources === undefined) return true;
  const patterns = resources.texts.map((text) => resolvePattern(text, request.context, { variables, wildcards: true }));
  const found = patterns.some((pattern) => pattern !== undefined && fitsResource(pattern, request.resource));
  if (!resources.not) return found;
  return !found && (effect === 'Deny' || !patterns.includes(undefined));
}

function fitsPrincipal({ not, aws }: Principals, principal: Principal): boolean {
  return aws.some((name) => isPrincipal(name, principal)) !== not;
}

function isPrincipal(name: string, principal: Principal): boolean {
  return name === '*' || isAccount(name, principal) || name === principal.arn || name === principal.identityArn;
}

function isAccount(name: string, { account }: Principal): boolean {
  return name === account || name === `arn:aws:iam::${account}:root`;
}

/** A resource policy that names only the account leaves the decision to the account's own policies. */
function grants({ effect, principals }: Statement, principal: Principal): boolean {
  if (effect !== 'Allow') return false;
  return principals?.aws.some((name) => isPrincipal(name, principal) && !isAccount(name, principal)) ?? false;
}

function decision(allowed: boolean, because: Evaluation['because'], statements: readonly Statement[]): Evaluation {
  const keys = statements.flatMap(({ conditions, resources }) => [
    ...conditions.map(({ key }) => key),
    ...conditions.flatMap(({ values }) => values.flatMap(variableKeys)),
    ...(resources?.texts ?? []).flatMap(variableKeys),
  ]);
  return {
    allowed,
    because,
    statements: statements.map(({ id }) => id),
    keys: [...new Set(keys.map((key) => key.toLowerCase()))].sort(),
  };
}

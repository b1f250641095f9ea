// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a policy is the least one for what was recorded: takes each action, resource and value of a condition away,
 * one at a time, and looks which recorded access would have come out otherwise. Pure: a record and policies in,
 * findings out.
 */
import type { RecordedAccess } from '../../cloud/iam/access-record.ts';
import { type AccessRequest, evaluate, fitsAction } from '../../cloud/iam/evaluate.ts';
import type { Patterns, Policy, Statement } from '../../cloud/iam/policy.ts';

export interface PoliciesInForce {
  readonly identity: readonly Policy[];
  /** Of the bucket; it is held against what is recorded of S3 alone. */
  readonly bucket?: Policy;
}

/** A piece of a policy that could be taken away. */
export interface PolicyPart {
  readonly statement: string;
  readonly element: 'Action' | 'NotAction' | 'Resource' | 'NotResource' | 'Condition';
  /** The action or resource; `<operator> <key> <value>` of a condition. */
  readonly text: string;
}

export interface PartUse extends PolicyPart {
  /** The first recorded access that would have come out otherwise; undefined when none would. */
  readonly neededFor?: RecordedAccess;
}

/** A part, and the statement without it: undefined when nothing of the statement is left. */
interface Removal {
  readonly part: PolicyPart;
  readonly rest: Statement | undefined;
}

/**
 * All parts of the policies with what each was needed for. A part of a Deny statement is needed when a denied access is
 * in the record. Throws when the policies deny what is recorded as allowed: then they are not those of the record.
 */
export function usesOfParts(record: readonly RecordedAccess[], inForce: PoliciesInForce): readonly PartUse[] {
  const cases = record.map((access) => {
    const request = requestOf(access);
    const { allowed } = decide(request, inForce);
    if (access.allowed && !allowed) {
      throw new Error(`these policies deny ${access.action} on ${access.resource}, which was allowed`);
    }
    return { access, request, allowed };
  });
  const policies = [...inForce.identity, ...(inForce.bucket === undefined ? [] : [inForce.bucket])];
  return policies.flatMap((policy) =>
    policy.statements.flatMap((statement) => {
      const concerned = cases.filter(
        ({ access }) => statement.actions.not || fitsAction(statement.actions, access.action),
      );
      return removals(statement).map(({ part, rest }) => {
        const without = replaced(inForce, policy, statement, rest);
        const found = concerned.find(({ request, allowed }) => decide(request, without).allowed !== allowed);
        return found === undefined ? part : { ...part, neededFor: found.access };
      });
    }),
  );
}

/** The parts that no recorded access needs. */
export function unneededParts(record: readonly RecordedAccess[], inForce: PoliciesInForce): readonly PolicyPart[] {
  return usesOfParts(record, inForce).filter(({ neededFor }) => neededFor === undefined);
}

/** Actions that a wildcard allows and the record never saw allowed: `known` are all that there are. */
export function unusedActions(
  record: readonly RecordedAccess[],
  { identity }: PoliciesInForce,
  known: Iterable<string>,
): readonly string[] {
  const used = new Set(record.filter(({ allowed }) => allowed).map(({ action }) => action));
  const allowing = identity.flatMap(({ statements }) => statements.filter(({ effect }) => effect === 'Allow'));
  return [...known]
    .filter((action) => !used.has(action) && allowing.some(({ actions }) => fitsAction(actions, action)))
    .sort();
}

function requestOf({ principal, action, resource, context }: RecordedAccess): AccessRequest {
  return { principal, action, resource, context: new Map(Object.entries(context)) };
}

function decide(request: AccessRequest, { identity, bucket }: PoliciesInForce) {
  return evaluate(request, identity, request.action.startsWith('s3:') ? bucket : undefined);
}

function replaced(
  { identity, bucket }: PoliciesInForce,
  policy: Policy,
  statement: Statement,
  rest: Statement | undefined,
): PoliciesInForce {
  const changed = {
    ...policy,
    statements: policy.statements.flatMap((one) => (one === statement ? (rest ?? []) : one)),
  };
  if (policy === bucket) return { identity, bucket: changed };
  const others = identity.map((one) => (one === policy ? changed : one));
  return { identity: others, ...(bucket === undefined ? {} : { bucket }) };
}

function removals(statement: Statement): readonly Removal[] {
  return [
    ...patternRemovals(statement, 'actions', statement.actions.not ? 'NotAction' : 'Action'),
    ...patternRemovals(statement, 'resources', statement.resources?.not ? 'NotResource' : 'Resource'),
    ...conditionRemovals(statement),
  ];
}

/**
 * The last one of an element takes the statement with it; the last one that an opposite spares leaves nothing spared.
 */
function patternRemovals(
  statement: Statement,
  member: 'actions' | 'resources',
  element: PolicyPart['element'],
): readonly Removal[] {
  const patterns: Patterns | undefined = statement[member];
  return (patterns?.texts ?? []).map((text, at) => {
    const part = { statement: statement.id, element, text };
    const texts = (patterns?.texts ?? []).toSpliced(at, 1);
    const not = patterns?.not ?? false;
    return { part, rest: texts.length === 0 && !not ? undefined : { ...statement, [member]: { not, texts } } };
  });
}

/** A condition without values never holds, but for a negated one, which then always does. */
function conditionRemovals(statement: Statement): readonly Removal[] {
  return statement.conditions.flatMap((condition, at) =>
    condition.values.map((value, valueAt) => {
      const { quantifier, operator, ifExists, key } = condition;
      const name = `${quantifier === undefined ? '' : `${quantifier}:`}${operator}${ifExists ? 'IfExists' : ''}`;
      const less = { ...condition, values: condition.values.toSpliced(valueAt, 1) };
      const conditions = statement.conditions.with(at, less);
      const part: PolicyPart = { statement: statement.id, element: 'Condition', text: `${name} ${key} ${value}` };
      return { part, rest: { ...statement, conditions } };
    }),
  );
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Whether the conditions of a statement hold (IAM User Guide, "Conditions with multiple context keys or values", "Set
 * operators for multi-valued context keys", "Condition operators": …IfExists, Null).
 */
import { type Context, valuesOf } from './context.ts';
import { operatorRule } from './operators.ts';
import type { Condition, Statement } from './policy.ts';

/**
 * All conditions must hold. A value with a variable that the request can't fill matches nothing. If that makes a
 * negated condition true, an Allow still does not apply, and a Deny does. So a caller never gains rights by an unknown
 * value.
 */
export function conditionsHold(statement: Statement, context: Context, variables: boolean): boolean {
  return statement.conditions.every((condition) => holds(condition, context, variables, statement.effect === 'Deny'));
}

function holds(condition: Condition, context: Context, variables: boolean, ofDeny: boolean): boolean {
  const { operator, quantifier, ifExists, key, values } = condition;
  const given = valuesOf(context, key);
  if (operator === 'Null') return values.some((value) => (value.toLowerCase() === 'true') === (given === undefined));
  const { negated, compare } = operatorRule(operator);
  const valueHolds = (one: string): boolean => {
    const outcomes = values.map((wanted) => compare(wanted, one, context, variables));
    const fitting = outcomes.includes(true);
    if (!negated) return fitting;
    return !fitting && (ofDeny || !outcomes.includes(undefined));
  };
  switch (quantifier) {
    // True for a missing key. Therefore AWS advises a Null condition beside it.
    case 'ForAllValues':
      return (given ?? []).every(valueHolds);
    case 'ForAnyValue':
      return (given ?? []).some(valueHolds);
    default:
      if (given === undefined) return ifExists || negated;
      return negated ? given.every(valueHolds) : given.some(valueHolds);
  }
}

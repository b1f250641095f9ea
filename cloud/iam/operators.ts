// SPDX-License-Identifier: Apache-2.0
/**
 * The condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators"), except BinaryEquals, which
 * is not needed here. Each compares one value of the request with one value of the policy.
 */
import { BlockList, isIP } from 'node:net';
import type { Context } from './context.ts';
import { fits, fitsResource, resolvePattern } from './patterns.ts';

/**
 * Whether a value of the request matches one of the policy; undefined when the policy's value has an unknown variable.
 */
type Comparison = (wanted: string, given: string, context: Context, variables: boolean) => boolean | undefined;

interface OperatorRule {
  /** The opposite of its comparison: true when none of the policy's values matches. */
  readonly negated: boolean;
  readonly compare: Comparison;
}

const text =
  (wildcards: boolean, ignoreCase: boolean): Comparison =>
  (wanted, given, context, variables) => {
    const pattern = resolvePattern(wanted, context, { variables, wildcards });
    return pattern === undefined ? undefined : fits(pattern, given, ignoreCase);
  };

/** ArnEquals and ArnLike are the same. */
const arn: Comparison = (wanted, given, context, variables) => {
  const pattern = resolvePattern(wanted, context, { variables, wildcards: true });
  return pattern === undefined ? undefined : fitsResource(pattern, given);
};

const ordered =
  (read: (value: string) => number, holds: (given: number, wanted: number) => boolean): Comparison =>
  (wanted, given) =>
    holds(read(given), read(wanted));

/** A date of ISO 8601, or seconds since 1970. */
const date = (value: string): number => (/^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : Date.parse(value));
const number = (value: string): number => (value.trim() === '' ? Number.NaN : Number(value));

const address: Comparison = (wanted, given) => {
  const [network = '', prefix] = wanted.split('/');
  const family = isIP(network);
  if (family === 0 || family !== isIP(given)) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix), kind);
  return list.check(given, kind);
};

const plain = (compare: Comparison): OperatorRule => ({ negated: false, compare });
const negated = (compare: Comparison): OperatorRule => ({ negated: true, compare });

const equal = (a: number, b: number): boolean => a === b;
const less = (a: number, b: number): boolean => a < b;
const lessOrEqual = (a: number, b: number): boolean => a <= b;
const more = (a: number, b: number): boolean => a > b;
const moreOrEqual = (a: number, b: number): boolean => a >= b;

const RULES = {
  StringEquals: plain(text(false, false)),
  StringNotEquals: negated(text(false, false)),
  StringEqualsIgnoreCase: plain(text(false, true)),
  StringNotEqualsIgnoreCase: negated(text(false, true)),
  StringLike: plain(text(true, false)),
  StringNotLike: negated(text(true, false)),
  NumericEquals: plain(ordered(number, equal)),
  NumericNotEquals: negated(ordered(number, equal)),
  NumericLessThan: plain(ordered(number, less)),
  NumericLessThanEquals: plain(ordered(number, lessOrEqual)),
  NumericGreaterThan: plain(ordered(number, more)),
  NumericGreaterThanEquals: plain(ordered(number, moreOrEqual)),
  DateEquals: plain(ordered(date, equal)),
  DateNotEquals: negated(ordered(date, equal)),
  DateLessThan: plain(ordered(date, less)),
  DateLessThanEquals: plain(ordered(date, lessOrEqual)),
  DateGreaterThan: plain(ordered(date, more)),
  DateGreaterThanEquals: plain(ordered(date, moreOrEqual)),
  Bool: plain((wanted, given) => wanted.toLowerCase() === given.toLowerCase()),
  IpAddress: plain(address),
  NotIpAddress: negated(address),
  ArnEquals: plain(arn),
  ArnLike: plain(arn),
  ArnNotEquals: negated(arn),
  ArnNotLike: negated(arn),
  // Tests whether the key exists; conditions.ts does this.
  Null: plain(() => false),
} as const satisfies Readonly<Record<string, OperatorRule>>;

export type Operator = keyof typeof RULES;

export function isOperator(name: string): name is Operator {
  return Object.hasOwn(RULES, name);
}

export function operatorRule(operator: Operator): OperatorRule {
  return RULES[operator];
}

/** Why a value of a policy is not valid for its operator; undefined when it is valid. */
export function valueProblem(operator: Operator, value: string): string | undefined {
  if (operator === 'Null' || operator === 'Bool') {
    return /^(true|false)$/i.test(value) ? undefined : `${operator} takes true or false, not ${value}`;
  }
  if (operator.startsWith('Numeric')) return Number.isNaN(number(value)) ? `${value} is no number` : undefined;
  if (operator.startsWith('Date')) return Number.isNaN(date(value)) ? `${value} is no date` : undefined;
  if (operator.endsWith('IpAddress')) return isNetwork(value) ? undefined : `${value} is no address or network`;
  if (operator.startsWith('Arn')) return /^(\*$|arn:|\$\{)/.test(value) ? undefined : `${value} is no ARN`;
  return undefined;
}

function isNetwork(value: string): boolean {
  const [network = '', prefix] = value.split('/');
  const bits = isIP(network) === 4 ? 32 : 128;
  return isIP(network) !== 0 && (prefix === undefined || (/^\d+$/.test(prefix) && Number(prefix) <= bits));
}

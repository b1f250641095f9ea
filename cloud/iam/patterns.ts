// SPDX-License-Identifier: Apache-2.0
/**
 * Wildcards and policy variables (IAM User Guide, "IAM JSON policy elements: Resource", "Variables and tags",
 * "Action"). `*` is any text, `?` is one character. `${key}` is a value of the request, and `${key, 'default'}` one
 * with a default. `${*}`, `${?}` and `${$}` are the characters themselves.
 */
import { type Context, valuesOf } from './context.ts';

/** The wildcards in a resolved pattern, as private code points. Every other character stands for itself there. */
const ANY = '\uE000';
const ONE = '\uE001';
const VARIABLE = /\$\{([^}]*)\}/g;
const REFERENCE = /^\s*([A-Za-z0-9-]+:[^,'"]+?)\s*(?:,\s*'([^']*)'\s*)?$/;

interface PatternUse {
  /** False where the policy's version has no variables. */
  readonly variables: boolean;
  readonly wildcards: boolean;
}

/** A pattern with its variables filled in; undefined when the request has no value for one of them. */
type Resolved = string & { readonly resolved: unique symbol };

/** Why the text is not a valid pattern; undefined when it is valid. */
export function patternProblem(text: string): string | undefined {
  for (const [whole, inner = ''] of text.matchAll(VARIABLE)) {
    if (!['*', '?', '$'].includes(inner) && !REFERENCE.test(inner)) return `${whole} is no policy variable`;
  }
  return text.replace(VARIABLE, '').includes('${') ? `a policy variable in ${text} has no end` : undefined;
}

/** The keys of the policy variables without a default in a text. */
export function variableKeys(text: string): readonly string[] {
  return [...text.matchAll(VARIABLE)].flatMap(([, inner = '']) => REFERENCE.exec(inner)?.[1] ?? []);
}

export function resolvePattern(text: string, context: Context, use: PatternUse): Resolved | undefined {
  let missing = false;
  const plain = (part: string): string => (use.wildcards ? part.replaceAll('*', ANY).replaceAll('?', ONE) : part);
  if (!use.variables) return plain(text) as Resolved;
  let resolved = '';
  let from = 0;
  for (const found of text.matchAll(VARIABLE)) {
    const [whole, inner = ''] = found;
    const value = ['*', '?', '$'].includes(inner) ? inner : variableValue(inner, context);
    missing ||= value === undefined;
    resolved += plain(text.slice(from, found.index)) + (value ?? '');
    from = found.index + whole.length;
  }
  return missing ? undefined : ((resolved + plain(text.slice(from))) as Resolved);
}

/** A key with several values can't be used as a variable. */
function variableValue(inner: string, context: Context): string | undefined {
  const [, key = '', fallback] = REFERENCE.exec(inner) ?? [];
  const values = valuesOf(context, key);
  return values?.length === 1 ? values[0] : fallback;
}

export function fits(pattern: Resolved, value: string, ignoreCase = false): boolean {
  const flags = ignoreCase ? 'isu' : 'su';
  const key = `${flags} ${pattern}`;
  let expression = expressions.get(key);
  if (expression === undefined) {
    expression = new RegExp(`^${source(pattern)}$`, flags);
    if (expressions.size >= MOST_EXPRESSIONS) expressions.clear();
    expressions.set(key, expression);
  }
  return expression.test(value);
}

/** One expression for several patterns without variables. Upper and lower case do not matter. */
export function anyOf(texts: readonly string[]): RegExp {
  const sources = texts.map((text) => source(text.replaceAll('*', ANY).replaceAll('?', ONE)));
  return new RegExp(`^(?:${sources.join('|')})$`, 'isu');
}

/** Nearly all patterns are used again in the next call, and compiling one takes longer than everything else. */
const expressions = new Map<string, RegExp>();
const MOST_EXPRESSIONS = 5_000;

/** Compares the six parts of an ARN one by one, so no wildcard matches across a colon before the last part. */
function fitsArn(pattern: Resolved, arn: string): boolean {
  const [wanted, given] = [arnParts(pattern), arnParts(arn)];
  return (
    wanted.length === 6 && given.length === 6 && wanted.every((part, at) => fits(part as Resolved, given[at] ?? ''))
  );
}

/** A Resource element. `*` alone matches everything, also a call without a certain resource. */
export function fitsResource(pattern: Resolved, resource: string): boolean {
  return pattern === ANY || fitsArn(pattern, resource);
}

function arnParts(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length < 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function source(pattern: string): string {
  return pattern
    .replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    .replaceAll(ANY, '.*')
    .replaceAll(ONE, '.');
}

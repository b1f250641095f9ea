// SPDX-License-Identifier: Apache-2.0
/**
 * IAM policy documents in the form that the gateway uses: read once, strictly. Follows the IAM User Guide, "IAM JSON
 * policy elements reference" and "Grammar of the IAM JSON policy language". A partly supported element would be
 * evaluated wrongly, so everything that the reader does not know is a PolicyError.
 */
import { isOperator, type Operator, valueProblem } from './operators.ts';
import { patternProblem } from './patterns.ts';

/**
 * The subject of a document: the identity that has it, all callers at one resource, or the callers that may assume a
 * role.
 */
export type PolicyKind = 'identity' | 'resource' | 'trust';

export interface Condition {
  readonly operator: Operator;
  readonly quantifier?: 'ForAllValues' | 'ForAnyValue';
  readonly ifExists: boolean;
  /** As written; upper and lower case do not matter in the key. */
  readonly key: string;
  readonly values: readonly string[];
}

/** Patterns of an element and of its opposite: `Action` and `NotAction`. */
export interface Patterns {
  readonly not: boolean;
  readonly texts: readonly string[];
}

export interface Principals {
  readonly not: boolean;
  /** `*`, or the members of AWS: an account's number or ARN, or the ARN of a user, a role or a role's session. */
  readonly aws: readonly string[];
  readonly services: readonly string[];
}

export interface Statement {
  /** `<policy>/<Sid>`, or `<policy>/<number>` for one without a Sid, counted from 1. */
  readonly id: string;
  readonly effect: 'Allow' | 'Deny';
  readonly principals?: Principals;
  readonly actions: Patterns;
  /** A trust policy has no resources: its resource is the role. */
  readonly resources?: Patterns;
  readonly conditions: readonly Condition[];
}

export interface Policy {
  readonly name: string;
  readonly kind: PolicyKind;
  /** Version 2008-10-17 has no policy variables. */
  readonly variables: boolean;
  readonly statements: readonly Statement[];
}

/** Why a document is not a policy that this evaluator can enforce. */
export class PolicyError extends Error {
  constructor(policy: string, why: string) {
    super(`${policy}: ${why}`);
    this.name = 'PolicyError';
  }
}

const DOCUMENT_ELEMENTS = ['Version', 'Id', 'Statement'];
const STATEMENT_ELEMENTS = [
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction'],
  ...['Resource', 'NotResource', 'Condition'],
];
const QUANTIFIERS = ['ForAllValues', 'ForAnyValue'] as const;

/** Reads a document: JSON text, or the result of JSON.parse. Throws PolicyError. */
export function readPolicy(name: string, kind: PolicyKind, document: unknown): Policy {
  const parsed = typeof document === 'string' ? parseJson(name, document) : document;
  const refuse = (why: string): never => {
    throw new PolicyError(name, why);
  };
  if (!isRecord(parsed)) return refuse('a policy is a JSON object');
  refuseOthers(name, parsed, DOCUMENT_ELEMENTS);
  const version = parsed.Version ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17') refuse(`there is no version ${JSON.stringify(version)}`);
  const variables = version === '2012-10-17';
  const statements = toArray(parsed.Statement);
  if (statements.length === 0) refuse('a policy has at least one statement');
  const read = statements.map((statement, at) => readStatement(name, kind, statement, at + 1, variables));
  const ids = read.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) refuse(`two statements are called ${twice}`);
  return { name, kind, variables, statements: read };
}

function readStatement(policy: string, kind: PolicyKind, value: unknown, at: number, variables: boolean): Statement {
  if (!isRecord(value)) throw new PolicyError(policy, `statement ${at} is not a JSON object`);
  const sid = value.Sid ?? '';
  if (typeof sid !== 'string') throw new PolicyError(policy, `the Sid of statement ${at} is not a text`);
  const id = `${policy}/${sid === '' ? at : sid}`;
  const refuse = (why: string): never => {
    throw new PolicyError(id, why);
  };
  refuseOthers(id, value, STATEMENT_ELEMENTS);
  // Sids in an identity's policy have only letters and digits; those of other policies may have more.
  if (kind === 'identity' && !/^[A-Za-z0-9]*$/.test(sid)) refuse('a Sid has letters and digits only');
  const { Effect: effect } = value;
  if (effect !== 'Allow' && effect !== 'Deny') return refuse('Effect is Allow or Deny');
  const actions = readPatterns(id, value, 'Action') ?? refuse('Action or NotAction is missing');
  for (const text of actions.texts) {
    if (text !== '*' && !/^[a-z0-9-]+:[A-Za-z0-9*?]+$/i.test(text)) refuse(`${text} is no action: service:Name`);
  }
  const resources = readPatterns(id, value, 'Resource');
  if (kind === 'trust' && resources !== undefined) refuse('a trust policy names no resource');
  if (kind !== 'trust' && resources === undefined) refuse('Resource or NotResource is missing');
  for (const text of resources?.texts ?? []) {
    if (text !== '*' && !/^arn:([^:]*:){4}./.test(text.replace(/\$\{[^}]*\}/g, 'x'))) {
      refuse(`Resource ${text} must be in ARN format or "*".`);
    }
    const problem = variables ? patternProblem(text) : undefined;
    if (problem !== undefined) refuse(problem);
  }
  const principals = readPrincipals(id, value);
  if (kind === 'identity' && principals !== undefined) refuse('an identity policy names no principal');
  if (kind !== 'identity' && principals === undefined) refuse('Principal or NotPrincipal is missing');
  // With Allow it would give access to everybody except those named. AWS advises against it.
  if (principals?.not === true && effect === 'Allow') refuse('NotPrincipal with Allow is not supported here');
  return {
    id,
    effect,
    actions,
    conditions: readConditions(id, value.Condition, variables),
    ...(resources === undefined ? {} : { resources }),
    ...(principals === undefined ? {} : { principals }),
  };
}

function readPatterns(id: string, statement: Record<string, unknown>, name: string): Patterns | undefined {
  const [plain, opposite] = [statement[name], statement[`Not${name}`]];
  if (plain !== undefined && opposite !== undefined) {
    throw new PolicyError(id, `${name} and Not${name} exclude each other`);
  }
  if (plain === undefined && opposite === undefined) return undefined;
  return { not: opposite !== undefined, texts: texts(id, name, plain ?? opposite) };
}

function readPrincipals(id: string, statement: Record<string, unknown>): Principals | undefined {
  const { Principal, NotPrincipal } = statement;
  if (Principal !== undefined && NotPrincipal !== undefined) {
    throw new PolicyError(id, 'Principal and NotPrincipal exclude each other');
  }
  const given = Principal ?? NotPrincipal;
  if (given === undefined) return undefined;
  const not = NotPrincipal !== undefined;
  if (given === '*') return { not, aws: ['*'], services: [] };
  if (!isRecord(given)) throw new PolicyError(id, 'Principal is "*" or a JSON object');
  refuseOthers(id, given, ['AWS', 'Service']);
  const aws = given.AWS === undefined ? [] : texts(id, 'Principal', given.AWS);
  const services = given.Service === undefined ? [] : texts(id, 'Principal', given.Service);
  if (aws.length + services.length === 0) throw new PolicyError(id, 'Principal names nobody');
  for (const text of aws) {
    if (text !== '*' && !/^(\d{12}|arn:[^:*?]+:(iam|sts)::\d{12}:[^*?]+)$/.test(text)) {
      throw new PolicyError(id, `Invalid principal in policy: ${text}`);
    }
  }
  return { not, aws, services };
}

function readConditions(id: string, given: unknown, variables: boolean): readonly Condition[] {
  if (given === undefined) return [];
  if (!isRecord(given)) throw new PolicyError(id, 'Condition is a JSON object');
  return Object.entries(given).flatMap(([name, keys]) => {
    const operator = readOperator(id, name);
    if (!isRecord(keys)) throw new PolicyError(id, `the condition ${name} is a JSON object`);
    return Object.entries(keys).map(([key, value]) => {
      const values = texts(id, `${name} ${key}`, value);
      for (const text of values) {
        const problem = (variables ? patternProblem(text) : undefined) ?? valueProblem(operator.operator, text);
        if (problem !== undefined) throw new PolicyError(id, problem);
      }
      return { ...operator, key, values };
    });
  });
}

/** `ForAnyValue:StringLikeIfExists` → its three parts. */
function readOperator(id: string, name: string): Pick<Condition, 'operator' | 'quantifier' | 'ifExists'> {
  const quantifier = QUANTIFIERS.find((word) => name.startsWith(`${word}:`));
  const rest = quantifier === undefined ? name : name.slice(quantifier.length + 1);
  const ifExists = rest.endsWith('IfExists');
  const operator = ifExists ? rest.slice(0, -'IfExists'.length) : rest;
  if (!isOperator(operator)) throw new PolicyError(id, `the condition operator ${name} is not known here`);
  if (operator === 'Null' && (ifExists || quantifier !== undefined)) {
    throw new PolicyError(id, 'Null takes neither IfExists nor a quantifier');
  }
  return { operator, ifExists, ...(quantifier === undefined ? {} : { quantifier }) };
}

/** One value or several. Numbers and booleans may be written without quotes. */
function texts(id: string, element: string, value: unknown): readonly string[] {
  const values = toArray(value);
  if (values.length === 0) throw new PolicyError(id, `${element} is empty`);
  return values.map((one) => {
    if (typeof one === 'number' || typeof one === 'boolean') return String(one);
    if (typeof one !== 'string') throw new PolicyError(id, `${element} holds ${JSON.stringify(one)}, which is no text`);
    return one;
  });
}

function refuseOthers(id: string, value: Record<string, unknown>, known: readonly string[]): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw new PolicyError(id, `the element ${name} is not known here`);
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PolicyError(name, `it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function toArray(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// SPDX-License-Identifier: Apache-2.0
/** Policy documents of IAM, as data. */
import type { Json } from './cloudformation.ts';

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: Json;
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource: Json;
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: Json } };
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

export function policy(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

/** The same as plain JSON, for a template. */
export function policyJson(document: PolicyDocument): Json {
  return JSON.parse(JSON.stringify(document)) as Json;
}

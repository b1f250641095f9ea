// SPDX-License-Identifier: Apache-2.0
/** What a call needs: the rows of the Service Authorization Reference that the lab uses, one table per service. */
import type { Struct } from '../../value.ts';
import { type Context, contextOf, merged, tagContext } from '../context.ts';
import type { ResourceFacts } from '../facts.ts';

/** One action on one resource. A call is allowed when all of its elements are allowed. */
export interface Element {
  /** `iam:PassRole`. */
  readonly action: string;
  /** An ARN, or `*` for an action that does not apply to a certain resource. */
  readonly resource: string;
  /** The context of this element, besides the context of every call. */
  readonly context?: Context;
}

export interface ActionRule {
  /** The name of the action in policies, without its service. It is the API's name, except for some actions of S3. */
  readonly action: string;
  /**
   * The condition keys besides the global ones. A key that ends with a slash is a family, such as `aws:ResourceTag/`.
   */
  readonly keys: readonly string[];
  readonly elements: (input: Struct, facts: ResourceFacts) => readonly Element[] | Promise<readonly Element[]>;
}

/** By the API's name of the action. */
export type ActionTable = Readonly<Record<string, ActionRule>>;

export const TAGS_OF_RESOURCE = ['aws:ResourceTag/'];
export const TAGS_OF_REQUEST = ['aws:RequestTag/', 'aws:TagKeys'];

/** Actions that do not apply to a certain resource: a policy must have `"Resource": "*"`. */
export function onNothing(service: string, names: readonly string[], keys: readonly string[] = []): ActionTable {
  const elements = (action: string) => () => [{ action: `${service}:${action}`, resource: '*' }];
  return Object.fromEntries(names.map((action) => [action, { action, keys, elements: elements(action) }]));
}

/** `aws:RequestTag/<key>` and `aws:TagKeys` of a call that sets these tags. */
export function requestTags(tags: ReadonlyMap<string, string>): Context {
  return merged(tagContext('aws:RequestTag', tags), contextOf({ 'aws:TagKeys': [...tags.keys()] }));
}

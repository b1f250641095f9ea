// SPDX-License-Identifier: Apache-2.0
/**
 * The facts of a request: condition keys and their values. Upper and lower case do not matter in a key (IAM User Guide,
 * "IAM JSON policy elements: Condition"). So keys are in lower case here, also those of tags.
 */
export type Context = ReadonlyMap<string, readonly string[]>;

export type ContextValue = string | number | boolean | readonly string[] | undefined;

/** Entries without a value are left out. An empty list is a key that exists without values. */
export function contextOf(entries: Readonly<Record<string, ContextValue>>): Context {
  const context = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) continue;
    context.set(key.toLowerCase(), typeof value === 'object' ? value : [String(value)]);
  }
  return context;
}

export function merged(...contexts: readonly Context[]): Context {
  return new Map(contexts.flatMap((context) => [...context]));
}

export function valuesOf(context: Context, key: string): readonly string[] | undefined {
  return context.get(key.toLowerCase());
}

/** `aws:ResourceTag/<key>` and so on for each tag. */
export function tagContext(prefix: string, tags: ReadonlyMap<string, string>): Context {
  return contextOf(Object.fromEntries([...tags].map(([key, value]) => [`${prefix}/${key}`, value])));
}

// SPDX-License-Identifier: Apache-2.0
import { type Struct, structsAt, textAt } from '../../value.ts';
import type { ExistingResource, ResourceContext, Tag } from './handler.ts';

/**
 * The tags of the stack and of the resource (`Tags: [{Key, Value}]`). The resource's own tags replace those of the
 * stack.
 */
export function tagsOf(context: ResourceContext, properties: Struct): readonly Tag[] {
  const tags = new Map(context.tags.map(({ key, value }) => [key, value]));
  for (const tag of structsAt(properties, 'Tags')) tags.set(textAt(tag, 'Key') ?? '', String(tag.Value ?? ''));
  return [...tags].map(([key, value]) => ({ key, value }));
}

export function keyed(tags: readonly Tag[]): readonly Struct[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}

/** The keys that came from the stack and must be removed. Tags from other sources stay. */
export function surplusKeys(existing: ExistingResource, wanted: readonly string[]): readonly string[] {
  const own = structsAt(existing.properties, 'Tags').map((tag) => textAt(tag, 'Key') ?? '');
  const had = new Set([...own, ...existing.tags.map(({ key }) => key)]);
  return [...had].filter((key) => !wanted.includes(key));
}

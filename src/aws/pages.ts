// SPDX-License-Identifier: Apache-2.0
import { UnreadableAnswer } from './aws-errors.ts';

/** Far more pages than a cluster can have. A longer list is a fault of the service. */
const MOST_PAGES = 1_000;

interface Page<T> {
  readonly items: readonly T[];
  /** An empty page with a token is not the last page. */
  readonly next: string | undefined;
}

/**
 * The list in an answer. Where there is nothing, AWS gives an empty list. An answer without any list is not a valid
 * answer.
 */
export function listed<T>(items: readonly T[] | undefined, what: string): readonly T[] {
  if (items === undefined) throw new UnreadableAnswer(`the answer is no list of ${what}`);
  return items;
}

/** All items of all pages. If one page fails, the whole list fails: half a list is no list. */
export async function allPages<T>(read: (token: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const page = await read(token);
    items.push(...page.items);
    token = page.next === '' ? undefined : page.next;
    if (token !== undefined && (seen.has(token) || seen.size === MOST_PAGES)) {
      throw new UnreadableAnswer('the pages of the list do not end');
    }
    if (token !== undefined) seen.add(token);
  } while (token !== undefined);
  return items;
}

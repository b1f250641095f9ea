// SPDX-License-Identifier: Apache-2.0
import { ZookeeperError } from '../errors.ts';
import type { EntryOrder, NamedEntry } from './entry-view.ts';

/** Where an entry goes in a queue. */
export interface PutOptions {
  /** From 0 to 999, 100 if not given. As in Kazoo, entries of a lower one come first. */
  readonly priority?: number;
}

/**
 * What an entry is put as: `entry-<priority>-`, of three digits, to which the server adds ten. The names are Kazoo's.
 */
export function entryPrefix({ priority = 100 }: PutOptions): string {
  if (!Number.isInteger(priority) || priority < 0 || priority > 999) {
    throw new ZookeeperError('BAD_REQUEST', `priority must be a whole number from 0 to 999, it is ${priority}`);
  }
  return `entry-${String(priority).padStart(3, '0')}-`;
}

/** As their names are sorted: by priority, then by age. */
export const ENTRY_ORDER: EntryOrder<NamedEntry> = {
  parse: (name) => (/^entry-\d{3}-\d{10}$/.test(name) ? { name } : undefined),
  compare: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
};

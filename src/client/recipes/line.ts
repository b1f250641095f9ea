// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { Hold } from './hold.ts';
import { identifiersOf } from './identifiers.ts';
import { OwnZnode } from './own-znode.ts';
import { childOf } from './parents.ts';
import { UNTIL_SESSION_ENDS } from './policies.ts';
import { HoldLostError, Vigil } from './vigil.ts';
import { untilDeleted } from './znode-end.ts';

/** How those who stand in a line name their znodes. The name stands between the unique id and the number. */
export interface LineNames {
  readonly own: string;
  /** Whoever has one of these names and a lower number goes first. */
  readonly blockedBy: readonly string[];
}

export interface LineOptions {
  /** For messages, such as `lock /a`. */
  readonly what: string;
  readonly client: ZookeeperClient;
  /** The znode whose children stand in the line. */
  readonly path: string;
  readonly names: LineNames;
  readonly data: Uint8Array;
  readonly acl?: Acl;
}

/**
 * Stands in the line until nobody is ahead, in the order in which the servers made the znodes. Only the one before is
 * watched, so a release wakes one. With `waits` false, it resolves with nothing when somebody is ahead. Whenever it
 * does not resolve with a Hold, the znode is deleted.
 */
export async function holdInTurn(line: LineOptions, waits: boolean, signal: AbortSignal): Promise<Hold | undefined> {
  const { what, client, path, names, data, acl } = line;
  const own = new OwnZnode(client, {
    parent: path,
    name: names.own,
    sequential: true,
    data,
    ...(acl === undefined ? {} : { acl }),
  });
  let vigil: Vigil | undefined;
  try {
    const created = await own.create(signal);
    const isFirst = await untilFirst(line, created.path.slice(created.path.lastIndexOf('/') + 1), waits, signal);
    if (isFirst) {
      vigil = new Vigil(what, client);
      vigil.check();
      return new Hold({ what, client, own, created, vigil });
    }
    await own.withdraw();
    return undefined;
  } catch (error) {
    vigil?.end('released');
    void own.withdraw();
    throw error;
  }
}

async function untilFirst(
  { what, client, path, names }: LineOptions,
  name: string,
  waits: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    const { children } = await UNTIL_SESSION_ENDS.run(() => client.getChildren(path, { signal }), { signal });
    // Those ahead are older, so a server that knows the own znode knows them as well.
    if (!children.includes(name)) throw new HoldLostError(what, 'deleted');
    const ahead = lastAhead(children, name, names);
    if (ahead === undefined) return true;
    if (!waits) return false;
    await untilDeleted(client, childOf(path, ahead), signal);
  }
}

/** The identifiers of those in the line, the first one first. */
export function identifiersIn({ client, path, names }: LineOptions, signal: AbortSignal): Promise<string[]> {
  const sorted = (children: readonly string[]) =>
    inOrder(children, [names.own, ...names.blockedBy]).map(({ child }) => child);
  return identifiersOf(client, path, sorted, signal);
}

/** The one just before, of those that block. */
export function lastAhead(children: readonly string[], name: string, names: LineNames): string | undefined {
  const own = numberIn(name, [names.own]);
  if (own === undefined) return undefined;
  return inOrder(children, names.blockedBy).findLast(({ number }) => isBefore(number, own))?.child;
}

function inOrder(children: readonly string[], kinds: readonly string[]) {
  return children
    .flatMap((child) => {
      const number = numberIn(child, kinds);
      return number === undefined ? [] : [{ child, number }];
    })
    .sort((a, b) => (a.number === b.number ? 0 : isBefore(a.number, b.number) ? -1 : 1));
}

/** The number behind one of the names, if the name stands right before it. */
function numberIn(child: string, kinds: readonly string[]): number | undefined {
  for (const kind of kinds) {
    const at = child.lastIndexOf(kind);
    const digits = at < 0 ? '' : child.slice(at + kind.length);
    if (/^-?\d{9,10}$/.test(digits)) return Number(digits);
  }
  return undefined;
}

/** The numbers of a parent have 32 bits and wrap: the highest is followed by the lowest. */
function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

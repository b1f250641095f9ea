// SPDX-License-Identifier: Apache-2.0
/** Answers of the servers as people and scripts read them. Transaction ids and sessions are hexadecimal, as in logs. */
import { isUtf8 } from 'node:buffer';
import { type Acl, PERMISSIONS, type Stat } from '../client/index.ts';
import type { Found } from './walk.ts';
import { kindOf } from './znode-line.ts';

const LETTERS = [
  ['c', PERMISSIONS.create],
  ['d', PERMISSIONS.delete],
  ['r', PERMISSIONS.read],
  ['w', PERMISSIONS.write],
  ['a', PERMISSIONS.admin],
] as const;

export function hex(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`;
}

export function statJson(stat: Stat) {
  const { czxid, mzxid, pzxid, ephemeralOwner, createdMs, modifiedMs, ...rest } = stat;
  const { ephemeral, ...kind } = kindOf(stat);
  return {
    czxid: hex(czxid),
    mzxid: hex(mzxid),
    pzxid: hex(pzxid),
    created: new Date(createdMs).toISOString(),
    modified: new Date(modifiedMs).toISOString(),
    ...rest,
    ...(ephemeral ? { session: hex(ephemeralOwner) } : kind),
  };
}

/** Text where the data is text. */
export function dataJson(data: Buffer) {
  return isUtf8(data) ? { data: data.toString() } : { base64: data.toString('base64') };
}

export function table(rows: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  const lines = Object.entries(rows).map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return `${lines.join('\n')}\n`;
}

export function aclText(acl: Acl): string {
  const lines = acl.map(({ scheme, id, permissions }) => {
    const letters = LETTERS.filter(([, bit]) => (permissions & bit) !== 0).map(([letter]) => letter);
    return `${letters.join('')} ${scheme}:${id}\n`;
  });
  return lines.join('');
}

/** Each znode under its parent, in the order of the names. */
export function treeText(found: readonly Found[]): string {
  const byPath = new Map(found.map((each) => [each.path, each]));
  const lines: string[] = [];
  const due = found.slice(0, 1);
  for (let znode = due.pop(); znode !== undefined; znode = due.pop()) {
    const name = znode.level === 0 ? znode.path : znode.path.slice(znode.path.lastIndexOf('/') + 1);
    lines.push(`${'  '.repeat(znode.level)}${name}\n`);
    for (const child of znode.children.toReversed()) {
      const next = byPath.get(child);
      if (next !== undefined) due.push(next);
    }
  }
  return lines.join('');
}

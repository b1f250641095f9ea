// SPDX-License-Identifier: Apache-2.0
/**
 * A person's word that the server of a member is gone for good (docs/protocol.md, "Recovery 11"). It is created once,
 * and counts under its record alone.
 */
import type { GoneMember } from '../model/records.ts';
import type { ObjectStore } from '../ports.ts';
import { badObject, bodyOf, fieldsOf } from './body.ts';
import { numberName } from './lineage.ts';
import { createSettled, readSettled } from './settled.ts';

function roomOf(record: number): string {
  return `lineage/${numberName(record)}/gone/`;
}

/** Everything of a word's key but the nonce, with which it can be given again when the facts have changed. */
function beginOf({ record, id, address }: GoneMember): string {
  return `${roomOf(record)}${id}-at-${address}-`;
}

export function goneKey(member: GoneMember, nonce: string): string {
  return `${beginOf(member)}${nonce}.json`;
}

/**
 * The words under this record among these keys, which must be all keys. Rejects with BAD_OBJECT when one can't be
 * understood.
 */
export async function goneAmong(
  objects: ObjectStore,
  listed: readonly string[],
  record: number,
  signal: AbortSignal,
): Promise<readonly GoneMember[]> {
  const keys = listed.filter((key) => key.startsWith(roomOf(record)) && key.endsWith('.json')).sort();
  return Promise.all(keys.map(async (key) => goneIn(await readSettled(objects, key, signal), key)));
}

/** Says that the server of this member is gone for good. */
export async function sayGone(
  objects: ObjectStore,
  member: GoneMember,
  nonce: string,
  signal: AbortSignal,
): Promise<void> {
  const key = goneKey(member, nonce);
  goneIn(await createSettled(objects, key, goneBody(member), signal), key);
}

export function goneBody(member: GoneMember): string {
  return bodyOf('gone', member);
}

function goneIn(body: string | undefined, key: string): GoneMember {
  const member = fieldsOf('gone', body, key) as unknown as GoneMember;
  if (!key.startsWith(beginOf(member))) throw badObject(key, 'gone');
  return member;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Notes of the dead, `dead/<instance>`. EC2 forgets a terminated instance within an hour. So a node that sees the owner
 * of a claim terminated writes this note, created once and for ever (docs/protocol.md, "Words").
 */
import { whyNotUnderstood } from '../model/formats.ts';
import type { UnreadableObject } from '../model/records.ts';
import type { ListedObject, ObjectStore } from '../ports.ts';
import { bodyOf, parsedBody } from './body.ts';
import { memoryOfStore } from './memory-of-store.ts';
import { remembered } from './remembered.ts';

const DEAD = 'dead/';

/** The key of the folder itself is no note, nor is a key that somebody else put there. */
const instanceIn = remembered((key) => /^dead\/(i-[0-9a-zA-Z-]+)$/.exec(key)?.[1]);

/** What the notes say: who is dead, and which notes say nothing that this release understands. Both are sorted. */
interface Notes {
  readonly dead: readonly string[];
  readonly unreadable: readonly UnreadableObject[];
}

/** By etag, why such a body is no note; empty when it is one. Equal etags stand for equal bodies: one is read. */
const understoodIn = memoryOfStore(() => new Map<string, string>());

/** The notes among these objects. Rejects when one of them can't be read. */
export async function notesAmong(
  objects: ObjectStore,
  listed: readonly ListedObject[],
  signal: AbortSignal,
): Promise<Notes> {
  const known = understoodIn(objects);
  const notes: { readonly instance: string; readonly key: string; readonly etag: string }[] = [];
  const open = new Map<string, string>();
  for (const { key, etag } of listed) {
    const instance = key.startsWith(DEAD) ? instanceIn(key) : undefined;
    if (instance === undefined) continue;
    notes.push({ instance, key, etag });
    if (!known.has(etag)) open.set(etag, key);
  }
  await Promise.all(
    [...open].map(async ([etag, key]) => {
      const found = await objects.get(key, signal);
      if (found?.etag === etag) known.set(etag, whyNoNote(found.body));
    }),
  );
  const dead: string[] = [];
  const unreadable: UnreadableObject[] = [];
  for (const { instance, key, etag } of notes.sort((a, b) => (a.instance < b.instance ? -1 : 1))) {
    const why = known.get(etag);
    if (why === '') dead.push(instance);
    else unreadable.push({ instance, key, why: why ?? CHANGED });
  }
  return { dead, unreadable };
}

const CHANGED = 'it is another object than the one that was listed';

function whyNoNote(body: string): string {
  const fields = parsedBody(body);
  return fields === undefined ? 'it is no JSON object' : (whyNotUnderstood('death', fields) ?? '');
}

export async function noteDead(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<void> {
  await objects.createOnce(`${DEAD}${instance}`, bodyOf('death', {}), signal);
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Notes of the dead, `dead/<instance>`. EC2 forgets a terminated instance within an hour. So a node that sees the owner
 * of a claim terminated writes this note, created once and for ever (docs/protocol.md, "Words").
 */
import type { ObjectStore } from '../ports.ts';
import { bodyOf } from './body.ts';
import { remembered } from './remembered.ts';

const DEAD = 'dead/';

/** The key of the folder itself is no note, nor is a key that somebody else put there. */
const instanceIn = remembered((key) => /^dead\/(i-[0-9a-zA-Z-]+)$/.exec(key)?.[1]);

/** The instances that the notes among these keys name, sorted. */
export function deadAmong(keys: readonly string[]): readonly string[] {
  const instances: string[] = [];
  for (const key of keys) {
    const instance = key.startsWith(DEAD) ? instanceIn(key) : undefined;
    if (instance !== undefined) instances.push(instance);
  }
  return instances.sort();
}

export async function noteDead(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<void> {
  await objects.createOnce(`${DEAD}${instance}`, bodyOf('death', {}), signal);
}

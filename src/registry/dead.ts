/**
 * Notes of the dead, `dead/<instance>`: EC2 forgets a terminated instance within an hour, so whoever sees the owner
 * of a claim terminated writes it down, created once and for ever (docs/protocol.md, "Words").
 */
import type { ObjectStore } from '../ports.ts';

const DEAD = 'dead/';

/** The instances that the notes among these keys name, sorted. */
export function deadAmong(keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => (key.startsWith(DEAD) ? [key.slice(DEAD.length)] : [])).sort();
}

export async function noteDead(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<void> {
  await objects.createOnce(`${DEAD}${instance}`, '{}', signal);
}

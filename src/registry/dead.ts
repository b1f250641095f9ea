/**
 * Notes of the dead, `dead/<instance>`: EC2 forgets a terminated instance within an hour, so whoever sees the owner
 * of a claim terminated writes it down, created once and for ever (docs/protocol.md, "Words").
 */
import type { ObjectStore } from '../ports.ts';

export async function readDead(objects: ObjectStore, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const entries = await objects.list('dead/', signal);
  return new Set(entries.map((entry) => entry.key.slice('dead/'.length)));
}

export async function noteDead(objects: ObjectStore, instance: string, signal: AbortSignal): Promise<void> {
  await objects.createOnce(`dead/${instance}`, '{}', signal);
}

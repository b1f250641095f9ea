// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import { CallLimit } from './call-limit.ts';
import type { EntryPlaces } from './entry-places.ts';
import { freshRead } from './fresh-read.ts';
import { withKnownOutcome } from './known-outcome.ts';
import { retriedRead } from './retried-read.ts';
import type { TakenParts } from './taken-entry.ts';

/** Whether an entry is taken is asked until the session ends; this only stands above that. */
export const OUTCOME_LIMIT_MS = 3_600_000;

/** What servers answer to whoever comes too late. */
const TOO_LATE: ReadonlySet<string> = new Set(['NO_NODE', 'NODE_EXISTS', 'BAD_VERSION']);

/** Takes one entry, in one transaction. Undefined when it is no longer there, or somebody else has it. */
export async function takeEntry(
  client: ZookeeperClient,
  places: EntryPlaces,
  name: string,
): Promise<Omit<TakenParts, 'onOver'> | undefined> {
  const limit = new CallLimit({ timeoutMs: OUTCOME_LIMIT_MS });
  const path = places.entry(name);
  const ownerPath = places.owner(name);
  const ownerId = randomUUID();
  try {
    const { data, stat } = await retriedRead(`the read of ${path}`, limit, (call) => client.get(path, call));
    const { version } = stat;
    const fencing = await withKnownOutcome(
      async () => {
        const [owner] = await client.multi(
          [
            { kind: 'create2', path: ownerPath, data: Buffer.from(ownerId), ephemeral: true },
            { kind: 'set', path, data, version },
          ],
          limit.next(),
        );
        return owner.stat.czxid;
      },
      async () => {
        const [entry, owner] = await freshRead(client, [path, ownerPath], limit);
        if (owner !== undefined) {
          const isMine = Buffer.from(owner.data).toString() === ownerId;
          return () => (isMine ? owner.stat.czxid : undefined);
        }
        return entry?.stat.version === version ? undefined : () => undefined;
      },
      limit,
    );
    if (fencing === undefined) return undefined;
    return { client, places, name, data, version: version + 1, ownerId, fencing };
  } catch (error) {
    if (error instanceof ServerError && TOO_LATE.has(error.code)) return undefined;
    throw error;
  }
}

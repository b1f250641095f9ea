// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { ZookeeperClient } from '../client.ts';
import { ServerError } from '../errors.ts';
import { CallLimit } from './call-limit.ts';
import type { JobLayout } from './job-layout.ts';
import type { JobName } from './job-name.ts';
import { jobTraces } from './job-traces.ts';
import { withKnownOutcome } from './known-outcome.ts';
import { OwnedJob } from './owned-job.ts';

/** A job that may be taken is looked for until the session ends; this only stands above that. */
export const OUTCOME_LIMIT_MS = 3_600_000;

/** What servers answer to whoever comes too late. */
const TOO_LATE: ReadonlySet<string> = new Set(['NO_NODE', 'NODE_EXISTS', 'BAD_VERSION']);

/** Takes one job, in one transaction. Undefined when it is no longer there, or somebody else has it. */
export async function claimJob(
  client: ZookeeperClient,
  layout: JobLayout,
  name: JobName,
  onOver: (job: OwnedJob) => void,
): Promise<OwnedJob | undefined> {
  const limit = new CallLimit({ timeoutMs: OUTCOME_LIMIT_MS });
  const path = layout.job(name.name);
  const ownerPath = layout.owner(name.name);
  const ownerId = randomUUID();
  try {
    const { data, stat } = await client.get(path, limit.next());
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
        const { owner, job } = await jobTraces(client, layout, name.name, limit);
        if (owner !== undefined) {
          const isMine = Buffer.from(owner.data).toString() === ownerId;
          return () => (isMine ? owner.stat.czxid : undefined);
        }
        return job?.stat.version === version ? undefined : () => undefined;
      },
      limit,
    );
    if (fencing === undefined) return undefined;
    return new OwnedJob({ client, layout, name, data, version: version + 1, ownerId, fencing, onOver });
  } catch (error) {
    if (error instanceof ServerError && TOO_LATE.has(error.code)) return undefined;
    throw error;
  }
}

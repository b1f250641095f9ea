// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { MaybeAppliedError } from '../errors.ts';
import type { CallLimit } from './call-limit.ts';
import type { JobLayout } from './job-layout.ts';
import { formatJobName, type JobTarget } from './job-name.ts';
import { withKnownOutcome } from './known-outcome.ts';

/** What the job's znode gets. */
interface JobContent {
  readonly data?: Uint8Array;
  readonly acl?: Acl;
}

/** Puts a job, once: first its number, then the job in the place of the number. Resolves with its name. */
export async function putJob(
  client: ZookeeperClient,
  layout: JobLayout,
  target: JobTarget,
  content: JobContent,
  limit: CallLimit,
): Promise<string> {
  const number = await takeNumber(client, layout, content, limit);
  // Servers count on below zero after 2^31.
  const sequence = Number(/-(-?\d+)$/.exec(number)?.[1]) >>> 0;
  const name = formatJobName(target, sequence);
  try {
    await withKnownOutcome(
      async () => {
        const create = { kind: 'create', path: layout.entry(name), ...content } as const;
        await client.multi([{ kind: 'delete', path: number }, create], limit.next());
      },
      async () => {
        await client.sync(number, limit.next());
        return (await client.exists(number, limit.next())) === undefined ? () => {} : undefined;
      },
      limit,
    );
    return name;
  } catch (error) {
    // Nothing is put, and the number would stay for as long as the session lives.
    if (!(error instanceof MaybeAppliedError)) void client.delete(number).catch(() => {});
    throw error;
  }
}

/** Without a number nothing is put, so a lost answer leaves no doubt. */
async function takeNumber(
  client: ZookeeperClient,
  layout: JobLayout,
  { acl }: JobContent,
  limit: CallLimit,
): Promise<string> {
  const mode = { sequential: true, ephemeral: true, protected: true, ...(acl === undefined ? {} : { acl }) };
  try {
    return await client.create(`${layout.numbers}/`, { ...mode, ...limit.next() });
  } catch (error) {
    throw error instanceof MaybeAppliedError ? error.cause : error;
  }
}

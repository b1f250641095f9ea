// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { ZookeeperClient } from '../client.ts';
import { MaybeAppliedError } from '../errors.ts';
import type { TransactionPart } from '../transaction.ts';
import type { CallLimit } from './call-limit.ts';
import { withKnownOutcome } from './known-outcome.ts';

/**
 * Applies the parts once. With them an ephemeral znode is created in the folder: after a lost answer it shows whether
 * they were applied. It is deleted soon after the answer, or goes with the session.
 */
export async function applyWithReceipt(
  client: ZookeeperClient,
  folder: string,
  parts: readonly TransactionPart[],
  limit: CallLimit,
): Promise<void> {
  const path = `${folder}/${randomUUID()}`;
  const receipt = { kind: 'create', path, ephemeral: true } as const;
  try {
    await withKnownOutcome(
      async () => void (await client.multi([...parts, receipt], limit.next())),
      async () => {
        await client.sync(path, limit.next());
        return (await client.exists(path, limit.next())) === undefined ? undefined : () => {};
      },
      limit,
    );
    void client.delete(path).catch(() => {});
  } catch (error) {
    if (error instanceof MaybeAppliedError) void client.delete(path).catch(() => {});
    throw error;
  }
}

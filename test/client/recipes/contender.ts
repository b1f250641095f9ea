// SPDX-License-Identifier: Apache-2.0
/**
 * A process of the contention test. It wants every lock, each with a session of its own, and writes as long as it can:
 * it never looks at the signal of a hold. Each write is a new znode of the lock's log, with the fencing value in its
 * name, made by another session that lives on when the holder's is lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Hold, HoldLostError, Lock, ZookeeperClient } from '../../../src/client/index.ts';
import type { ContenderOrder, ContenderReport } from './contention.ts';

/** A hold is given back after this many writes, if it lasts so long. */
const WRITES = 150;
/** Without a guard, so many writes are made after the hold was lost. */
const STALE_WRITES = 20;

const order = JSON.parse(process.argv[2] ?? '') as ContenderOrder;
// Also when the parent was killed.
process.once('disconnect', () => process.exit(0));

function report(message: ContenderReport): void {
  process.send?.(message);
}

function write(hold: Hold, lock: number, writer: ZookeeperClient): Promise<unknown> {
  const path = `/contention/${lock}/log/${hold.fencing}-`;
  const entry = { kind: 'create', path, sequential: true } as const;
  return order.guarded ? hold.guard(entry, { client: writer }) : writer.multi([entry]);
}

/** Until the hold is over, and how it ended. */
async function writeAll(hold: Hold, lock: number, writer: ZookeeperClient): Promise<ContenderReport['how']> {
  let stale = 0;
  for (let count = 0; count < WRITES && stale < STALE_WRITES; count++) {
    try {
      await write(hold, lock, writer);
    } catch (error) {
      if (error instanceof HoldLostError) return 'refused';
      throw error;
    }
    if (!order.guarded && hold.signal.aborted) stale += 1;
    await sleep(order.pauseMs);
  }
  return stale > 0 ? 'stale' : 'released';
}

async function contend(lock: number, writer: ZookeeperClient): Promise<void> {
  for (;;) {
    await using client = new ZookeeperClient({ servers: order.servers, sessionTimeoutMs: order.sessionTimeoutMs });
    try {
      await client.start();
      const hold = await new Lock(client, `/contention/${lock}/lock`).acquire();
      report({ how: 'held', lock, fencing: String(hold.fencing) });
      const how = await writeAll(hold, lock, writer);
      if (how === 'refused' && !hold.signal.aborted) {
        await new Promise((resolve) => hold.signal.addEventListener('abort', resolve));
      }
      await hold.release();
      report({ how, lock, fencing: String(hold.fencing) });
    } catch {
      // The session has ended while it waited. Whatever it is, a new session tries again.
    }
  }
}

const writer = await connect({ servers: order.servers, sessionTimeoutMs: 40_000 });
await Promise.all(Array.from({ length: order.locks }, (_, lock) => contend(lock, writer)));

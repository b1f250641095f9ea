// SPDX-License-Identifier: Apache-2.0
import { OPEN_ACL, ServerError, type ZookeeperClient } from '../client/index.ts';
import { batchesOf } from './batches.ts';
import { type CounterRaise, raiseCounter } from './counter.ts';
import { createParents } from './parents.ts';
import { ZkError } from './zk-error.ts';
import type { ExportHead, ZnodeLine } from './znode-line.ts';

const NAMED = 5;

interface ImportOptions {
  /** The path for the top; its old one if not given. */
  readonly to?: string | undefined;
  readonly existing: 'refuse' | 'keep' | 'replace';
  /** A counter is raised by so much at most. */
  readonly countersBy: number;
  readonly signal: AbortSignal;
}

interface Imported {
  readonly created: number;
  readonly replaced: number;
  readonly kept: number;
  /**
   * The parents whose counters stayed behind: their next sequential children may have numbers that were used before.
   */
  readonly behind: readonly CounterRaise[];
}

/**
 * Creates the znodes of an export, parents first, and then raises the counters of the parents, so that no sequential
 * child gets a number again. What is there already is left alone or gets the data, or nothing is changed at all.
 */
export async function importTree(
  client: ZookeeperClient,
  { head, znodes }: { readonly head: ExportHead; readonly znodes: readonly ZnodeLine[] },
  { to = head.path, existing, countersBy, signal }: ImportOptions,
): Promise<Imported> {
  const placed = znodes.map((znode) => ({ ...znode, at: placeOf(to, znode.path) }));
  if (existing === 'refuse') await refuseExisting(client, placed, signal);
  await createParents(client, to, signal);
  const counts = { created: 0, replaced: 0, kept: 0 };
  for (const batch of batchesOf(placed)) {
    // In flight together: the servers do the requests of one session in their order, so parents come first.
    const done = await Promise.all(batch.map((znode) => importOne(client, znode, existing, signal)));
    for (const each of done) counts[each] += 1;
  }
  const behind: CounterRaise[] = [];
  for (const { at: path, counter = 0 } of placed) {
    if (counter === 0) continue;
    const missing = await raiseCounter(client, { path, to: counter, most: countersBy, signal });
    if (missing !== undefined) behind.push(missing);
  }
  return { ...counts, behind };
}

type Placed = ZnodeLine & { readonly at: string };

function placeOf(top: string, path: string): string {
  if (path === '') return top;
  return top === '/' ? path : `${top}${path}`;
}

async function refuseExisting(client: ZookeeperClient, placed: readonly Placed[], signal: AbortSignal): Promise<void> {
  const there: string[] = [];
  for (const batch of batchesOf(placed)) {
    const stats = await Promise.all(batch.map(({ at }) => client.exists(at, { signal })));
    there.push(...batch.filter((_, index) => stats[index] !== undefined).map(({ at }) => at));
  }
  // The root is always there.
  const refused = there.filter((path) => path !== '/');
  if (refused.length === 0) return;
  const more = refused.length > NAMED ? ` and ${refused.length - NAMED} more` : '';
  throw new ZkError(
    'EXISTS_ALREADY',
    `Nothing was changed: these znodes exist already: ${refused.slice(0, NAMED).join(', ')}${more}.`,
  );
}

async function importOne(
  client: ZookeeperClient,
  { at, data, acl = OPEN_ACL, container, ttlMs }: Placed,
  existing: ImportOptions['existing'],
  signal: AbortSignal,
): Promise<'created' | 'replaced' | 'kept'> {
  const content = Buffer.from(data, 'base64');
  const mode = { ...(container ? { container } : {}), ...(ttlMs === undefined ? {} : { ttlMs }) };
  try {
    await client.create(at, { data: content, acl, ...mode, signal });
    return 'created';
  } catch (error) {
    if (!(error instanceof ServerError && error.code === 'NODE_EXISTS')) throw error;
  }
  if (existing !== 'replace' || at === '/') return 'kept';
  await client.set(at, content, { signal });
  await client.setAcl(at, acl, { signal });
  return 'replaced';
}

// SPDX-License-Identifier: Apache-2.0
/** Queue and LockingQueue on a real server: order, limits, lost answers and lost sessions, several takers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, LockingQueue, Queue } from '../../../src/client/index.ts';
import { oneServerWithClient } from '../one-server.ts';

const LIMIT = { timeout: 180_000 };
const NOW = { timeoutMs: 0 };

const server = oneServerWithClient();

const bytes = (text: string) => Buffer.from(text);
const text = (data: Uint8Array | undefined) => (data === undefined ? undefined : Buffer.from(data).toString());

async function childrenOf(path: string): Promise<string[]> {
  return (await server.client.getChildren(path)).children.toSorted();
}

test('a queue: the lowest priority number first, then the oldest; names as Kazoo has them', LIMIT, async () => {
  const queue = new Queue(server.client, '/plain/queue');
  assert.equal(await queue.get(NOW), undefined);
  await queue.put(bytes('usual'));
  await queue.put(bytes('late'), { priority: 999 });
  await queue.put(bytes('early'), { priority: 0 });
  await queue.put(bytes('usual 2'), { priority: 100 });
  await server.client.create('/plain/queue/somebody-else');
  assert.deepEqual(await childrenOf('/plain/queue'), [
    'entry-000-0000000002',
    'entry-100-0000000000',
    'entry-100-0000000003',
    'entry-999-0000000001',
    'somebody-else',
  ]);
  assert.equal(await queue.size(), 5);
  const taken: (string | undefined)[] = [];
  for (let at = 0; at < 5; at++) taken.push(text(await queue.get(NOW)));
  assert.deepEqual(taken, ['early', 'usual', 'usual 2', 'late', undefined]);
  await server.client.sync();
  assert.deepEqual(await childrenOf('/plain/queue-receipts'), []);
  for (const priority of [-1, 1_000, 0.5]) {
    await assert.rejects(queue.put(bytes('x'), { priority }), { code: 'BAD_REQUEST' });
  }
  assert.throws(() => new Queue(server.client, '/'), { code: 'BAD_REQUEST' });
});

test('a queue: get waits, has a limit, ends by an abort, and each entry goes to one taker', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const queue = new Queue(client, '/plain-waits');
  const putting = new Queue(server.client, '/plain-waits');
  assert.equal(await queue.get({ timeoutMs: 20 }), undefined);
  const reason = new Error('enough');
  await assert.rejects(queue.get({ signal: AbortSignal.abort(reason) }), reason);
  const stop = new AbortController();
  const stopped = assert.rejects(queue.get({ signal: stop.signal }), reason);
  setTimeout(() => stop.abort(reason), 20);
  await stopped;
  const takers = [queue, queue, queue, putting, putting].map((taker) => taker.get());
  const values = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(values.map((value) => putting.put(bytes(value))));
  assert.deepEqual((await Promise.all(takers)).map(text).toSorted(), values);
  const last = assert.rejects(queue.get(), { code: 'CLIENT_CLOSED' });
  await sleep(20);
  await client.close();
  await last;
});

test('a queue: a connection lost at every step puts once and takes once', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  const queue = new Queue(client, '/plain-lossy');
  assert.equal(await queue.get(NOW), undefined);
  for (const reachesServer of [false, true]) {
    for (let step = 0; ; step++) {
      proxy.lose(step, reachesServer);
      await queue.put(bytes(`${step}`));
      assert.equal((await childrenOf('/plain-lossy')).length, 1);
      assert.equal(text(await queue.get()), `${step}`);
      assert.deepEqual(await childrenOf('/plain-lossy'), []);
      if (!proxy.isLossDue) continue;
      assert.ok(step >= 5, `${step} steps are too few`);
      break;
    }
    proxy.forgetLoss();
  }
});

test('a locking queue: an entry stays until it is consumed, and comes back in its place', LIMIT, async () => {
  await using queue = new LockingQueue(server.client, '/locking');
  await queue.putAll([bytes('one'), bytes('two')]);
  await queue.put(bytes('first'), { priority: 1 });
  await queue.putAll([]);
  const first = await queue.get();
  assert.equal(text(first?.data), 'first');
  assert.deepEqual(await childrenOf('/locking/taken'), ['entry-001-0000000002']);
  await first?.consume();
  assert.equal(first?.isOver, true);
  await assert.rejects(first?.consume() ?? Promise.resolve(), { code: 'NOT_OWNER' });
  const one = await queue.get();
  const two = await queue.get();
  assert.deepEqual([text(one?.data), text(two?.data)], ['one', 'two']);
  assert.equal(await queue.get(NOW), undefined);
  assert.equal(await queue.get({ timeoutMs: 20 }), undefined);
  await one?.rewrite(bytes('one, half'));
  await one?.release();
  const again = await queue.get(NOW);
  assert.equal(text(again?.data), 'one, half');
  assert.ok((again?.fencing ?? 0n) > (one?.fencing ?? 0n));
  await again?.consume();
  assert.equal(await queue.size(), 1);
  // Closing gives back what is not consumed.
  const waiting = assert.rejects(queue.get(), { code: 'CLIENT_CLOSED' });
  await queue.close();
  await waiting;
  assert.deepEqual(await childrenOf('/locking/taken'), []);
  assert.equal(two?.isOver, true);
  await assert.rejects(queue.put(bytes('x')), { code: 'CLIENT_CLOSED' });
});

test('a locking queue: a connection lost at every step; a session that ends gives its entry back', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await using queue = new LockingQueue(client, '/locking-lossy');
  assert.equal(await queue.get(NOW), undefined);
  for (const reachesServer of [false, true]) {
    for (let step = 0; ; step++) {
      proxy.lose(step, reachesServer);
      await queue.put(bytes(`${step}`));
      const entry = await queue.get();
      assert.equal(text(entry?.data), `${step}`);
      await entry?.consume();
      assert.deepEqual(await childrenOf('/locking-lossy/entries'), []);
      assert.deepEqual(await childrenOf('/locking-lossy/taken'), []);
      if (!proxy.isLossDue) continue;
      assert.ok(step >= 4, `${step} steps are too few`);
      break;
    }
    proxy.forgetLoss();
  }
  const dying = await connect({ servers: proxy.address, sessionTimeoutMs: 2_000, closeTimeoutMs: 10 });
  const held = new LockingQueue(dying, '/locking-lossy');
  await queue.put(bytes('survives'));
  assert.equal(text((await held.get())?.data), 'survives');
  proxy.setOpen(false);
  const direct = new LockingQueue(server.client, '/locking-lossy');
  const entry = await direct.get({ timeoutMs: 120_000 });
  assert.equal(text(entry?.data), 'survives');
  await entry?.consume();
  await direct.close();
  proxy.setOpen(true);
  await dying.close();
});

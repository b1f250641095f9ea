// SPDX-License-Identifier: Apache-2.0
/** What is held beside the lock, on a real server: the read-write lock and the permits of a semaphore. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Hold, Lock, ReadWriteLock, Semaphore } from '../../../src/client/index.ts';
import { oneServer } from '../one-server.ts';
import { childrenOf, untilAborted, untilCount } from './znodes.ts';

const LIMIT = { timeout: 60_000 };

const server = oneServer();

test('readers hold at once; a writer waits for those before it, and those behind wait for it', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const lock = new ReadWriteLock(client, '/rw', { identifier: 'me' });
  const readers = [await lock.read.acquire(), await lock.read.acquire()];
  const order: string[] = [];
  const writing = lock.write.run(async () => {
    order.push('write begins');
    await sleep(5);
    order.push('write ends');
  });
  await untilCount(client, '/rw', 3);
  assert.equal(await lock.read.tryAcquire(), undefined);
  assert.equal(await lock.write.tryAcquire(), undefined);
  const reading = Promise.all([1, 2].map(() => lock.read.run(() => order.push('read'))));
  await untilCount(client, '/rw', 5);
  assert.deepEqual(await lock.write.contenders(), ['me', 'me', 'me', 'me', 'me']);
  for (const reader of readers) {
    assert.deepEqual(order, []);
    reader.assertHeld();
    await reader.release();
  }
  await Promise.all([writing, reading]);
  assert.deepEqual(order, ['write begins', 'write ends', 'read', 'read']);
  assert.deepEqual(await childrenOf(client, '/rw'), []);
});

test('a lock on the path of a read-write lock is a writer', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const lock = new ReadWriteLock(client, '/mixed');
  const plain = new Lock(client, '/mixed');
  const reader = await lock.read.acquire();
  assert.equal(await plain.tryAcquire(), undefined);
  await reader.release();
  await using _ = await plain.acquire();
  assert.equal(await lock.read.tryAcquire(), undefined);
  const curator = new ReadWriteLock(client, '/mixed', { convention: 'curator' });
  await using write = await curator.write.acquire();
  assert.match(write.path, /-__WRIT__\d{10}$/);
  assert.equal(await curator.read.tryAcquire(), undefined);
});

test('a reader that gives up, and a writer whose session ends, let the others go on', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  const other = await connect({ servers: proxy.address, sessionTimeoutMs: 3_000 });
  const lock = new ReadWriteLock(client, '/end');
  const writer = await new ReadWriteLock(other, '/end').write.acquire();
  await assert.rejects(lock.read.acquire({ timeoutMs: 50 }), { code: 'WAIT_TIMEOUT', message: /^read lock \/end: / });
  const reading = lock.read.acquire();
  proxy.setOpen(false);
  await using reader = await reading;
  assert.throws(() => writer.assertHeld(), { code: 'HOLD_LOST', why: 'in doubt' });
  assert.ok(reader.fencing > writer.fencing);
  const write = { kind: 'create', path: '/end-written' } as const;
  await assert.rejects(writer.guard(write, { client }), { code: 'HOLD_LOST' });
  await reader.guard(write);
  await other.close();
});

test('never more holders than permits, each in its turn', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using other = await connect({ servers: server.servers });
  let holders = 0;
  let most = 0;
  const fencing = new Set<bigint>();
  const work = async (hold: Hold) => {
    holders += 1;
    most = Math.max(most, holders);
    fencing.add(hold.fencing);
    // The first ones stay until there are as many as may be.
    while (most < 3) await sleep(2);
    hold.assertHeld();
    holders -= 1;
  };
  const semaphores = [client, other].map((each) => new Semaphore(each, '/pool/deep', { permits: 3 }));
  await Promise.all(Array.from({ length: 24 }, (_, index) => semaphores[index % 2]?.run(work)));
  assert.equal(most, 3);
  assert.equal(fencing.size, 24);
  assert.deepEqual(await childrenOf(client, '/pool/deep'), []);
  assert.deepEqual(await childrenOf(client, '/pool/deep-__lock__'), []);
});

test('a permit is waited for in the order of asking, and given up without a trace', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const named = (identifier: string) => new Semaphore(client, '/permits', { permits: 2, identifier });
  const first = await named('first').acquire();
  const second = await named('second').acquire();
  assert.deepEqual((await named('').holders()).toSorted(), ['first', 'second']);
  assert.equal(await named('third').tryAcquire(), undefined);
  const controller = new AbortController();
  const aborted = named('aborted').acquire({ signal: controller.signal });
  await untilCount(client, '/permits-__lock__', 1);
  const waiting = named('waiting').acquire();
  await untilCount(client, '/permits-__lock__', 2);
  controller.abort(new Error('enough'));
  await assert.rejects(aborted, { message: 'enough' });
  await assert.rejects(named('limited').acquire({ timeoutMs: 30 }), { code: 'WAIT_TIMEOUT' });
  await first.release();
  await using held = await waiting;
  assert.deepEqual((await named('').holders()).toSorted(), ['second', 'waiting']);
  await held.guard({ kind: 'create', path: '/permits-written' });
  await second.release();
  await untilCount(client, '/permits-__lock__', 0);
});

test('the number of permits stands in the path, and nobody counts with another', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  // As Kazoo makes it: first the path, then the number.
  await client.create('/agreed');
  await (await new Semaphore(client, '/agreed', { permits: 2 }).acquire()).release();
  assert.equal((await client.get('/agreed')).data.toString(), '2');
  await assert.rejects(new Semaphore(client, '/agreed', { permits: 3 }).acquire(), {
    code: 'BAD_REQUEST',
    message: /others use "2" permits, this one 3/,
  });
  assert.throws(() => new Semaphore(client, '/agreed', { permits: 0 }), { code: 'BAD_REQUEST' });
  assert.throws(() => new Semaphore(client, 'agreed', { permits: 1 }), { code: 'BAD_REQUEST' });
});

test('a permit across lost connections, and one whose session ends', LIMIT, async () => {
  await using other = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  const client = await connect({ servers: proxy.address, sessionTimeoutMs: 3_000 });
  const mine = new Semaphore(client, '/lossy', { permits: 1 });
  const theirs = new Semaphore(other, '/lossy', { permits: 1 });
  const first = await theirs.acquire();
  const acquiring = mine.acquire();
  await untilCount(other, '/lossy-__lock__', 1);
  proxy.cut();
  await first.release();
  const hold = await acquiring;
  const next = theirs.acquire();
  proxy.setOpen(false);
  await untilAborted(hold.signal);
  await using held = await next;
  assert.ok(held.fencing > hold.fencing);
  await assert.rejects(hold.guard({ kind: 'create', path: '/lossy-written' }, { client: other }), {
    code: 'HOLD_LOST',
  });
  await client.close();
});

test('whoever has lost its turn while it waits for a permit takes none', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const semaphore = new Semaphore(client, '/turn', { permits: 1 });
  const first = await semaphore.acquire();
  const waiting = semaphore.acquire();
  await untilCount(client, '/turn-__lock__', 1);
  const [turn = ''] = await childrenOf(client, '/turn-__lock__');
  await client.delete(`/turn-__lock__/${turn}`);
  await first.release();
  await assert.rejects(waiting, { code: 'HOLD_LOST', why: 'deleted' });
  assert.deepEqual(await childrenOf(client, '/turn'), []);
});

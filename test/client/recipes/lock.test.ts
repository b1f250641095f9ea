// SPDX-License-Identifier: Apache-2.0
/** The lock on a real server: its order, its end, lost connections and sessions, and what a stale holder can write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, Hold, HoldLostError, Lock, type LossReason, retry } from '../../../src/client/index.ts';
import { lastAhead } from '../../../src/client/recipes/line.ts';
import { oneServer } from '../one-server.ts';
import { childrenOf, untilAborted, untilCount } from './znodes.ts';

const LIMIT = { timeout: 60_000 };

const server = oneServer();

async function lossOf(hold: Hold): Promise<LossReason> {
  await untilAborted(hold.signal);
  assert.ok(hold.signal.reason instanceof HoldLostError);
  assert.throws(() => hold.assertHeld(), { code: 'HOLD_LOST' });
  return hold.signal.reason.why;
}

test('those who wait have it in their order, each with a higher fencing value', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const path = '/order/deep/path';
  const first = await new Lock(client, path, { identifier: 'first' }).acquire();
  const order: string[] = [];
  const fencing = [first.fencing];
  let holders = 1;
  const waits: Promise<void>[] = [];
  for (const identifier of ['a', 'b', 'c', 'd', 'e']) {
    const wait = new Lock(client, path, { identifier }).run(async (hold) => {
      holders += 1;
      assert.equal(holders, 1);
      order.push(identifier);
      fencing.push(hold.fencing);
      await sleep(2);
      hold.assertHeld();
      holders -= 1;
    });
    waits.push(wait);
    await untilCount(client, path, waits.length + 1);
  }
  const lock = new Lock(client, path);
  assert.deepEqual(await lock.contenders(), ['first', 'a', 'b', 'c', 'd', 'e']);
  assert.equal(await lock.tryAcquire(), undefined);
  assert.deepEqual(order, []);
  holders -= 1;
  await first.release();
  assert.equal(await lossOf(first), 'released');
  await Promise.all(waits);
  assert.deepEqual(order, ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(
    fencing,
    fencing.toSorted((a, b) => (a < b ? -1 : 1)),
  );
  assert.equal(new Set(fencing).size, 6);
  assert.deepEqual(await childrenOf(client, path), []);
  await using free = await lock.tryAcquire();
  assert.ok(free instanceof Hold);
});

test('an abort or the limit ends the wait, and nobody behind waits for the one who left', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const lock = new Lock(client, '/left');
  const hold = await lock.acquire();
  const controller = new AbortController();
  const aborted = lock.acquire({ signal: controller.signal });
  await untilCount(client, '/left', 2);
  const limited = lock.acquire({ timeoutMs: 50 });
  const last = lock.acquire();
  const reason = new Error('enough');
  await assert.rejects(limited, { code: 'WAIT_TIMEOUT', message: 'lock /left: the wait took longer than 50 ms' });
  controller.abort(reason);
  await assert.rejects(aborted, (error) => error === reason);
  await untilCount(client, '/left', 2);
  await hold.release();
  await (await last).release();
  await assert.rejects(lock.acquire({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
  await assert.rejects(lock.acquire({ timeoutMs: 0 }), { code: 'BAD_REQUEST' });
  assert.throws(() => new Lock(client, 'left'), { code: 'BAD_REQUEST' });
  assert.deepEqual(await childrenOf(client, '/left'), []);
});

test('a client that is closed while it waits or holds leaves nothing, and its holder knows', LIMIT, async () => {
  await using other = await connect({ servers: server.servers });
  const holding = await connect({ servers: server.servers });
  const waiting = await connect({ servers: server.servers });
  const hold = await new Lock(holding, '/closed').acquire();
  const wait = new Lock(waiting, '/closed').acquire();
  wait.catch(() => {});
  await untilCount(other, '/closed', 2);
  const next = new Lock(other, '/closed').acquire();
  await waiting.close();
  await assert.rejects(wait, { code: 'CLIENT_CLOSED' });
  const closing = holding.close();
  assert.equal(await lossOf(hold), 'closed');
  await closing;
  await hold.release();
  await using _ = await next;
  assert.equal((await childrenOf(other, '/closed')).length, 1);
  await assert.rejects(new Lock(holding, '/closed').acquire(), { code: 'CLIENT_CLOSED' });
});

test('a connection that is lost in the middle of it costs neither the place nor a second znode', LIMIT, async () => {
  await using other = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 30_000 });
  const lock = new Lock(client, '/lost/lock');
  await other.create('/lost');
  await other.create('/lost/lock');
  // The create is done, and its answer is lost.
  proxy.swallowAnswers(true);
  const acquiring = lock.acquire();
  await untilCount(other, '/lost/lock', 1);
  proxy.swallowAnswers(false);
  proxy.cut();
  const hold = await acquiring;
  assert.deepEqual(await childrenOf(other, '/lost/lock'), [hold.path.slice('/lost/lock/'.length)]);
  // Lost while it waits, more than once.
  const next = lock.acquire();
  await untilCount(other, '/lost/lock', 2);
  for (let index = 0; index < 2; index++) {
    proxy.cut();
    await retry(() => client.sync());
  }
  hold.assertHeld();
  await hold.release();
  assert.ok((await next).fencing > hold.fencing);
  await (await next).release();
});

test('whoever gives up while the create is in doubt leaves no znode behind', LIMIT, async () => {
  await using other = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 30_000 });
  await other.create('/doubt');
  const controller = new AbortController();
  proxy.swallowAnswers(true);
  const acquiring = new Lock(client, '/doubt').acquire({ signal: controller.signal });
  await untilCount(other, '/doubt', 1);
  controller.abort(new Error('enough'));
  await assert.rejects(acquiring, { message: 'enough' });
  proxy.swallowAnswers(false);
  proxy.cut();
  await untilCount(other, '/doubt', 0);
  await using _ = await new Lock(other, '/doubt').acquire();
});

test(
  'a session that is lost: the holder is in doubt before the servers end it, and the next one has it',
  LIMIT,
  async () => {
    await using other = await connect({ servers: server.servers });
    await using proxy = await server.lossy();
    const client = await connect({ servers: proxy.address, sessionTimeoutMs: 3_000 });
    const hold = await new Lock(client, '/expired').acquire();
    const wait = new Lock(client, '/expired').acquire();
    wait.catch(() => {});
    await untilCount(other, '/expired', 2);
    const next = new Lock(other, '/expired').acquire();
    proxy.setOpen(false);
    assert.equal(await lossOf(hold), 'in doubt');
    await using held = await next;
    assert.ok(held.fencing > hold.fencing);
    assert.equal(await other.exists(hold.path), undefined);
    // It was lost before: to release it waits for nothing.
    await hold.release();
    proxy.setOpen(true);
    await assert.rejects(wait, { code: 'SESSION_EXPIRED' });
    assert.equal(client.status.kind, 'expired');
  },
);

test(
  'a holder in doubt whose session lives on stands in nobody’s way, also when it does not release',
  LIMIT,
  async () => {
    await using other = await connect({ servers: server.servers });
    await using proxy = await server.lossy();
    await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 3_000 });
    const hold = await new Lock(client, '/unsure').acquire();
    const next = new Lock(other, '/unsure').acquire();
    await untilCount(other, '/unsure', 2);
    // What the client sends arrives, so the server keeps the session.
    proxy.swallowAnswers(true);
    assert.equal(await lossOf(hold), 'in doubt');
    proxy.swallowAnswers(false);
    await using held = await next;
    assert.ok(held.fencing > hold.fencing);
  },
);

test('a connection that comes back in time: it is held on', LIMIT, async () => {
  await using proxy = await server.lossy();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 30_000 });
  const hold = await new Lock(client, '/back').acquire();
  const until = client.sessionSureUntilMs;
  proxy.cut();
  for (let index = 0; index < 2; index++) await retry(() => client.sync());
  assert.ok(client.sessionSureUntilMs > until);
  hold.assertHeld();
  await hold.guard({ kind: 'create', path: '/back/written' });
  await hold.release();
});

test('a znode that somebody deletes is not held any more', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using other = await connect({ servers: server.servers });
  const lock = new Lock(client, '/deleted');
  const hold = await lock.acquire();
  await other.set(hold.path, Buffer.from('changed only'));
  hold.assertHeld();
  const wait = lock.acquire();
  await untilCount(client, '/deleted', 2);
  await other.delete(hold.path);
  assert.equal(await lossOf(hold), 'deleted');
  await (await wait).release();
  await hold.release();
});

test('guard writes for the holder alone, whoever sends it', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using other = await connect({ servers: server.servers });
  const lock = new Lock(client, '/guard');
  const stale = await lock.acquire();
  await client.create('/guarded');
  assert.equal(await stale.guard({ kind: 'create', path: '/guarded/a' }), '/guarded/a');
  const [stat, path] = await stale.guard([
    { kind: 'set', path: '/guarded', data: Buffer.from('1') },
    { kind: 'create', path: '/guarded/n-', sequential: true },
  ]);
  assert.deepEqual([stat.version, path], [1, '/guarded/n-0000000001']);
  await assert.rejects(
    stale.guard([
      { kind: 'set', path: '/guarded', data: Buffer.from('2') },
      { kind: 'set', path: '/guarded/a', data: Buffer.from('2'), version: 7 },
    ]),
    { code: 'BAD_VERSION', index: 1, message: /^lock \/guard, guard, part 2 of 2, set \/guarded\/a: / },
  );
  await stale.release();
  await using hold = await lock.acquire();
  const write = { kind: 'set', path: '/guarded', data: Buffer.from('stale') } as const;
  for (const options of [{}, { client: other }, { timeoutMs: 60_000 }]) {
    await assert.rejects(stale.guard(write, options), { code: 'HOLD_LOST', why: 'deleted' });
    await assert.rejects(stale.guard([write], options), { code: 'HOLD_LOST', why: 'deleted' });
  }
  await assert.rejects(other.multi([stale.check, write]), { code: 'NO_NODE', index: 0 });
  assert.equal((await client.get('/guarded')).data.toString(), '1');
  await hold.guard(write, { client: other });
  assert.equal((await client.get('/guarded')).data.toString(), 'stale');
  await assert.rejects(hold.guard([{ ...write, path: 'bad' }]), { code: 'BAD_REQUEST' });
});

test('the names are those of Kazoo, or of Curator when asked for', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await client.create('/names');
  // As Kazoo's Lock does: what stands before its name is its own affair.
  const kazoo = await client.create('/names/0123456789abcdef__lock__', { sequential: true });
  const lock = new Lock(client, '/names');
  assert.equal(await lock.tryAcquire(), undefined);
  await using curator = await new Lock(client, '/names', { convention: 'curator' }).acquire();
  assert.match(curator.path, /^\/names\/_c_[0-9a-f-]{36}-lock-\d{10}$/);
  await client.delete(kazoo);
  await using hold = await lock.acquire();
  assert.match(hold.path, /^\/names\/_c_[0-9a-f-]{36}-__lock__\d{10}$/);
});

test('many contenders are read in few requests', LIMIT, async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  await using client = await connect({ servers: server.servers });
  await client.create('/crowd');
  const data = Buffer.from('one of many');
  await Promise.all(
    Array.from({ length: 250 }, () => client.create('/crowd/x__lock__', { sequential: true, data, ephemeral: true })),
  );
  const lock = new Lock(client, '/crowd');
  assert.deepEqual(await lock.contenders(), Array(250).fill('one of many'));
  assert.equal(await lock.tryAcquire(), undefined);
  process.off('warning', onWarning);
  assert.deepEqual(warnings, []);
});

test('the one ahead is the last that blocks, also when the numbers have wrapped', () => {
  const names = { own: '__lock__', blockedBy: ['__lock__', '__rlock__'] };
  const all = [
    'c__lock__-2147483647',
    'a__lock__2147483646',
    'own__lock__-2147483648',
    'b__rlock__2147483647',
    'x__lock__',
    '__lock__junk0000000001',
    'lock-2147483647',
  ];
  assert.equal(lastAhead(all, 'own__lock__-2147483648', names), 'b__rlock__2147483647');
  assert.equal(lastAhead(all, 'c__lock__-2147483647', names), 'own__lock__-2147483648');
  assert.equal(lastAhead(all, 'a__lock__2147483646', names), undefined);
  assert.equal(lastAhead(all, 'own__lock__-2147483648', { ...names, blockedBy: ['__lock__'] }), 'a__lock__2147483646');
});

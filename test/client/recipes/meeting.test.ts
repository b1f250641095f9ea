// SPDX-License-Identifier: Apache-2.0
/** Elections, barriers, counters and leases on a real server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Barrier,
  type BarrierMember,
  Counter,
  connect,
  DoubleBarrier,
  Election,
  Lease,
  RetryFailedError,
} from '../../../src/client/index.ts';
import { oneServer } from '../one-server.ts';
import { childrenOf, untilAborted, untilCount } from './znodes.ts';

const LIMIT = { timeout: 60_000 };

const server = oneServer();

test(
  'a leader whose session ends is followed by who has waited longest, and observers hear of each',
  LIMIT,
  async () => {
    await using client = await connect({ servers: server.servers });
    await using proxy = await server.lossy();
    const lost = await connect({ servers: proxy.address, sessionTimeoutMs: 3_000 });
    const first = await new Election(lost, '/elect/a', { identifier: 'first' }).lead();
    const second = new Election(client, '/elect/a', { identifier: 'second' });
    const third = new Election(client, '/elect/a', { identifier: 'third' });
    const stop = new AbortController();
    const heard: (string | undefined)[] = [];
    const observing = (async () => {
      for await (const leader of third.leaders({ signal: stop.signal })) {
        heard.push(leader);
        if (heard.length === 4) stop.abort();
      }
    })();
    const leading = second.lead();
    await untilCount(client, '/elect/a', 2);
    const running = third.run((hold) => hold.guard({ kind: 'create', path: '/elect/by-third' }));
    await untilCount(client, '/elect/a', 3);
    assert.deepEqual(await third.candidates(), ['first', 'second', 'third']);
    while (heard.length < 1) await client.sync();
    proxy.setOpen(false);
    const hold = await leading;
    assert.throws(() => first.assertHeld(), { code: 'HOLD_LOST' });
    assert.equal(await second.leader(), 'second');
    while (heard.length < 2) await client.sync();
    await assert.rejects(third.lead({ timeoutMs: 30 }), { code: 'WAIT_TIMEOUT', message: /^election \/elect\/a: / });
    await hold.release();
    assert.equal(await running, '/elect/by-third');
    assert.equal(await third.leader(), undefined);
    await lost.close();
    stop.abort();
    await observing;
    // What lasts only a moment may not be seen.
    assert.deepEqual(heard.slice(0, 2), ['first', 'second']);
    assert.ok(hold.fencing > first.fencing);
  },
);

test('a barrier holds those who wait, until it is removed', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  await using lossy = await connect({ servers: proxy.address, sessionTimeoutMs: 30_000 });
  const barrier = new Barrier(client, '/barrier/a');
  await barrier.wait();
  assert.equal(await barrier.remove(), false);
  await barrier.create();
  await barrier.create();
  let isThrough = false;
  const waiting = new Barrier(lossy, '/barrier/a').wait().then(() => {
    isThrough = true;
  });
  await assert.rejects(barrier.wait({ timeoutMs: 30 }), { code: 'WAIT_TIMEOUT', message: /^barrier \/barrier\/a: / });
  const reason = new Error('enough');
  const aborted = barrier.wait({ signal: AbortSignal.any([AbortSignal.timeout(20), AbortSignal.abort(reason)]) });
  await assert.rejects(aborted, (error) => error === reason);
  assert.equal(isThrough, false);
  // Removed while one of them is not connected.
  proxy.setOpen(false);
  assert.equal(await barrier.remove(), true);
  proxy.setOpen(true);
  await waiting;
  assert.throws(() => new Barrier(client, '/'), { code: 'BAD_REQUEST' });
  const closed = await connect({ servers: server.servers });
  await barrier.create();
  const last = new Barrier(closed, '/barrier/a').wait();
  await Promise.all([assert.rejects(last, { code: 'CLIENT_CLOSED' }), closed.sync().then(() => closed.close())]);
});

test('a removal whose answer is lost is told as done', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  await using lossy = await connect({ servers: proxy.address, sessionTimeoutMs: 30_000 });
  await new Barrier(client, '/removed').create();
  proxy.swallowAnswers(true);
  const removing = new Barrier(lossy, '/removed').remove();
  while ((await client.exists('/removed')) !== undefined) await client.sync();
  proxy.swallowAnswers(false);
  proxy.cut();
  assert.equal(await removing, true);
});

test(
  'nobody passes a double barrier before enough have entered, nor before all of the round have left',
  LIMIT,
  async () => {
    await using client = await connect({ servers: server.servers });
    await using other = await connect({ servers: server.servers });
    const events: string[] = [];
    const play = async (name: string, rounds: number) => {
      const barrier = new DoubleBarrier(name < 'c' ? client : other, '/double', { size: 3, identifier: name });
      for (let round = 1; round <= rounds; round++) {
        events.push(`${round} enters`);
        await using member = await barrier.enter();
        events.push(`${round} is in`);
        await member.leave();
        events.push(`${round} has left`);
      }
    };
    await Promise.all(['a', 'b', 'c'].map((name) => play(name, 3)));
    assert.equal(events.length, 27);
    for (const round of [1, 2, 3]) {
      const at = (what: string) => events.flatMap((event, index) => (event === `${round} ${what}` ? [index] : []));
      assert.ok(Math.max(...at('enters')) < Math.min(...at('is in')), events.join(', '));
      assert.equal(at('has left').length, 3);
    }
    assert.deepEqual(await childrenOf(client, '/double'), ['round']);
  },
);

test('a member of a double barrier that was cut off goes on, one that gives up or dies is out', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  const lossy = await connect({ servers: proxy.address, sessionTimeoutMs: 30_000 });
  const barrier = new DoubleBarrier(client, '/members', { size: 2 });
  await assert.rejects(barrier.enter({ timeoutMs: 50 }), { code: 'WAIT_TIMEOUT' });
  await untilCount(client, '/members', 1);
  const cutOff = new DoubleBarrier(lossy, '/members', { size: 2 }).enter();
  await untilCount(client, '/members', 2);
  await lossy.sync();
  proxy.setOpen(false);
  const member = await barrier.enter();
  // It leaves while the other one can't know that it could go on.
  const leaving = member.leave();
  await untilCount(client, '/members', 2);
  proxy.setOpen(true);
  const late = await cutOff;
  await late.leave();
  await leaving;
  await assert.rejects(late.leave(), { code: 'HOLD_LOST' });
  // One that dies counts as having left.
  const both: Promise<BarrierMember>[] = [barrier.enter(), new DoubleBarrier(lossy, '/members', { size: 2 }).enter()];
  const [mine, dying] = await Promise.all(both);
  const waiting = mine?.leave();
  await Promise.all([lossy.close(), untilAborted(dying?.signal ?? AbortSignal.abort())]);
  await waiting;
  assert.deepEqual(await childrenOf(client, '/members'), ['round']);
});

test('no change of a counter is lost or made twice', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using other = await connect({ servers: server.servers });
  const counters = [client, other].map((each) => new Counter(each, '/count/a', { maxAttempts: 1_000 }));
  const changes = await Promise.all(Array.from({ length: 60 }, (_, index) => counters[index % 2]?.add(2n)));
  assert.equal(await counters[0]?.value(), 120n);
  assert.equal(new Set(changes.map((change) => change?.after)).size, 60);
  const counter = new Counter(client, '/count/a');
  assert.deepEqual(await counter.change((before) => -before), { before: 120n, after: -120n });
  assert.equal((await client.get('/count/a')).data.toString(), '-120');
  const large = new Counter(client, '/count/large', { initial: 2n ** 70n });
  assert.deepEqual(await large.add(-1n), { before: 2n ** 70n, after: 2n ** 70n - 1n });
});

test('a counter gives up after its attempts, and refuses what it can not read or write', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const counter = new Counter(client, '/tries', { maxAttempts: 3 });
  let calls = 0;
  // The creation of the path is an attempt, too.
  await counter.value();
  const racing = counter.change((before) => {
    calls += 1;
    void client.set('/tries', Buffer.from('7'));
    return before + 1n;
  });
  await assert.rejects(racing, (error) => error instanceof RetryFailedError && error.tries === 3);
  assert.equal(calls, 3);
  await client.set('/tries', Buffer.from('seven'));
  await assert.rejects(counter.value(), { code: 'BAD_REQUEST', message: /is no number of the format decimal/ });
  for (const [format, bytes, high] of [
    ['int32', 4, 2n ** 31n - 1n],
    ['int64', 8, 2n ** 63n - 1n],
  ] as const) {
    const binary = new Counter(client, `/tries-${format}`, { format });
    assert.equal((await binary.add(high)).after, high);
    assert.equal((await client.get(`/tries-${format}`)).data.length, bytes);
    await assert.rejects(binary.add(1n), { code: 'BAD_REQUEST', message: /has no room for/ });
    assert.equal(await binary.value(), high);
  }
  assert.throws(() => new Counter(client, '/x', { maxAttempts: 0 }), { code: 'BAD_REQUEST' });
});

test('a change of a counter whose answer is lost', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await using proxy = await server.lossy();
  await using lossy = await connect({ servers: proxy.address, sessionTimeoutMs: 30_000 });
  const counter = new Counter(lossy, '/doubtful');
  await counter.add(1n);
  const changing = counter.change((before) => {
    proxy.swallowAnswers(true);
    return before + 1n;
  });
  while ((await client.get('/doubtful')).stat.version < 2) await client.sync();
  proxy.swallowAnswers(false);
  proxy.cut();
  // It may have been somebody else who changed it.
  await assert.rejects(changing, { code: 'MAYBE_APPLIED' });
  assert.equal(await counter.value(), 2n);
});

test('a lease lasts for its time, whatever becomes of the session', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  let nowMs = Date.parse('2026-11-30T12:00:00.250Z');
  const lease = (identifier: string, each = client) =>
    new Lease(each, '/lease', { identifier, durationMs: 60_000, nowMs: () => nowMs });
  const gone = await connect({ servers: server.servers });
  const first = await lease('first', gone).tryAcquire();
  await gone.close();
  assert.ok(first !== undefined);
  assert.equal(first.endMs, nowMs + 60_000);
  // As Kazoo writes it, in whole seconds, never too early.
  const { data } = await client.get('/lease/lease_holder');
  assert.deepEqual(JSON.parse(data.toString()), { version: 1, holder: 'first', end: '2026-11-30T12:01:01' });
  assert.equal(await lease('second').tryAcquire(), undefined);
  assert.equal(await lease('second').holder(), 'first');
  // The same one renews it.
  nowMs += 30_000;
  const renewed = await lease('first').tryAcquire();
  assert.ok(renewed !== undefined && renewed.fencing > first.fencing);
  first.assertHeld();
  nowMs += 30_000;
  assert.throws(() => first.assertHeld(), { code: 'HOLD_LOST', why: 'over' });
  renewed.assertHeld();
  // The clocks may be a second apart.
  nowMs = Date.parse('2026-11-30T12:01:31.900Z');
  assert.equal(await lease('second').tryAcquire(), undefined);
  nowMs = Date.parse('2026-11-30T12:01:32.000Z');
  const second = await lease('second').tryAcquire();
  assert.ok(second !== undefined && second.fencing > renewed.fencing);
  await renewed.release();
  assert.equal(await lease('x').holder(), 'second');
  await second.release();
  assert.equal(second.signal.aborted, true);
  assert.equal(await lease('x').holder(), undefined);
  assert.deepEqual(await childrenOf(client, '/lease'), []);
});

test('a lease ends by itself, and what can not be read counts as held', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  const short = await new Lease(client, '/short', { identifier: 'a', durationMs: 30 }).tryAcquire();
  assert.ok(short !== undefined);
  await untilAborted(short.signal);
  assert.equal(short.signal.reason.why, 'over');
  const lease = new Lease(client, '/short', { identifier: 'b', durationMs: 1_000 });
  for (const data of ['', 'null', '{"version":2}', '{"version":1,"holder":"a","end":"tomorrow"}']) {
    await client.set('/short/lease_holder', Buffer.from(data));
    await assert.rejects(lease.tryAcquire(), { code: 'BAD_REQUEST', message: /does not hold the data of a lease/ });
  }
  await assert.rejects(lease.tryAcquire({ signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' });
  assert.throws(() => new Lease(client, '/short', { durationMs: 0 }), { code: 'BAD_REQUEST' });
});

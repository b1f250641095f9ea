// SPDX-License-Identifier: Apache-2.0
/** The tree cache on a real server: what it holds, what it tells, and how little it asks after a lost connection. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CREATOR_ACL, connect, TreeCache, type TreeEvent } from '../../../src/client/index.ts';
import { TreeNodes } from '../../../src/client/recipes/tree-nodes.ts';
import { type Random, randomOf } from '../../support/random.ts';
import { oneServerWithClient } from '../one-server.ts';
import { shownCache, untilSame } from './tree-shown.ts';

const LIMIT = { timeout: 180_000 };
const SET_WATCHES = 105;
const MAX_BATCH_BYTES = 128 * 1024;

const server = oneServerWithClient();

/** The next event of the kind. */
async function until(events: AsyncIterator<TreeEvent | { kind: 'overflow' }>, kind: string): Promise<void> {
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(done !== true, `ended before ${kind}`);
    if (value.kind === kind) return;
  }
}

test('an answer undoes nothing that an event said since the question', () => {
  const nodes = new TreeNodes('/r', () => {});
  nodes.create('/r');
  const root = nodes.place('/r');
  assert.ok(root !== undefined);
  assert.deepEqual(nodes.putChildren(root, ['old', 'kept']), ['/r/old', '/r/kept']);
  nodes.asksForChildren(root);
  nodes.create('/r/new');
  const gone = nodes.place('/r/old');
  nodes.delete('/r/old');
  assert.equal(nodes.create('/r/unknown/below'), false);
  assert.deepEqual(nodes.putChildren(root, ['old', 'other']), ['/r/other']);
  assert.deepEqual(nodes.known().toSorted(), ['/r', '/r/new', '/r/other']);
  // The answer to a question about a znode that is gone, though one of its name is there again.
  nodes.create('/r/old');
  assert.equal(gone === undefined || nodes.isStill(gone), false);
});

test('it holds all that is below its root, and follows it', LIMIT, async () => {
  await using client = await connect({ servers: server.servers });
  await server.client.create('/tree', { data: Buffer.from('root') });
  for (const name of ['a', 'a/b', 'a/b/c', 'd']) {
    await server.client.create(`/tree/${name}`, { data: Buffer.from(name) });
  }
  await server.client.create('/tree-beside');
  await using cache = await TreeCache.open(client, '/tree', { maxInFlight: 1 });
  assert.equal(cache.isCurrent, true);
  assert.equal(cache.size, 5);
  assert.equal(cache.get('/tree/a/b')?.data.toString(), 'a/b');
  assert.equal(cache.get('/tree/a/b')?.stat.version, 0);
  assert.deepEqual(cache.children('/tree')?.toSorted(), ['a', 'd']);
  assert.deepEqual(cache.children('/tree/d'), []);
  assert.equal(cache.get('/tree/x'), undefined);
  assert.equal(cache.children('/tree/x'), undefined);
  const events = cache.events();
  await server.client.create('/tree/x');
  await server.client.create('/tree/x/y', { data: Buffer.from('y') });
  await untilSame(server.client, cache);
  await server.client.set('/tree/a', Buffer.from('new'));
  await server.client.delete('/tree/a/b/c');
  await server.client.delete('/tree/d');
  await untilSame(server.client, cache);
  assert.deepEqual(cache.children('/tree/x'), ['y']);
  await cache.close();
  const told: string[] = [];
  for await (const event of events) told.push('path' in event ? `${event.kind} ${event.path}` : event.kind);
  assert.deepEqual(told.slice(0, 2), ['added /tree/x', 'added /tree/x/y']);
  assert.deepEqual(told.slice(2, -1).toSorted(), ['changed /tree/a', 'removed /tree/a/b/c', 'removed /tree/d']);
  assert.equal(told.at(-1), 'ended');
});

test('after a reconnect with nothing changed it asks nothing, in batches of at most 128 kB', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await server.client.create('/still');
  const paths = Array.from({ length: 1_000 }, (_, at) => `/still/${'n'.repeat(150)}-${at}`);
  await Promise.all(paths.map((path) => server.client.create(path)));
  await using cache = await TreeCache.open(client, '/still');
  assert.equal(cache.size, 1_001);
  const events = cache.events();
  for (let round = 1; round <= 2; round++) {
    proxy.opcodes.length = 0;
    proxy.watchFrames.length = 0;
    proxy.cut();
    await until(events, 'disconnected');
    assert.equal(cache.isCurrent, false);
    await until(events, 'current');
    assert.deepEqual(
      proxy.opcodes.filter((opcode) => opcode !== SET_WATCHES),
      [],
    );
    // Two watches for each znode.
    assert.ok(proxy.watchFrames.length >= 3, `${proxy.watchFrames.length} batches`);
    for (const frame of proxy.watchFrames) assert.ok(frame.length <= MAX_BATCH_BYTES + 4);
  }
  await server.client.set(paths[7] ?? '', Buffer.from('live again'));
  await untilSame(server.client, cache);
});

test('after a reconnect it reads what changed alone, with at most two requests each', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await server.client.create('/gap');
  for (let at = 0; at < 20; at++) {
    await server.client.create(`/gap/${at}`);
    for (const name of ['x', 'y', 'z']) await server.client.create(`/gap/${at}/${name}`);
  }
  await using cache = await TreeCache.open(client, '/gap');
  await using elsewhere = await TreeCache.open(client, '/gap-created-later');
  const events = cache.events();
  proxy.setOpen(false);
  await until(events, 'disconnected');
  const changed = new Set<string>();
  const note = (...paths: string[]) => paths.forEach((path) => void changed.add(path));
  for (const at of [1, 2]) {
    await server.client.set(`/gap/${at}/x`, Buffer.from('set'));
    note(`/gap/${at}/x`);
  }
  for (const name of ['x', 'y', 'z']) await server.client.delete(`/gap/3/${name}`);
  await server.client.delete('/gap/3');
  note('/gap/3', '/gap', '/gap/3/x', '/gap/3/y', '/gap/3/z');
  await server.client.create('/gap/4/new');
  await server.client.create('/gap/4/new/below');
  note('/gap/4', '/gap/4/new', '/gap/4/new/below');
  // Deleted and created again, with server.client children.
  for (const name of ['x', 'y', 'z']) await server.client.delete(`/gap/5/${name}`);
  await server.client.delete('/gap/5');
  await server.client.create('/gap/5', { data: Buffer.from('again') });
  await server.client.create('/gap/5/w');
  note('/gap/5', '/gap/5/w', '/gap/5/x', '/gap/5/y', '/gap/5/z');
  await server.client.create('/gap-created-later');
  await server.client.create('/gap-created-later/child');
  note('/gap-created-later', '/gap-created-later/child');
  proxy.opcodes.length = 0;
  proxy.setOpen(true);
  await until(events, 'current');
  await untilSame(server.client, cache);
  await untilSame(server.client, elsewhere);
  assert.equal(cache.get('/gap/5')?.data.toString(), 'again');
  assert.deepEqual(cache.children('/gap/5'), ['w']);
  assert.equal(cache.children('/gap/4/new')?.join(), 'below');
  const asked = proxy.opcodes.filter((opcode) => opcode !== SET_WATCHES).length;
  assert.ok(asked > 0 && asked <= 2 * changed.size, `${asked} requests for ${changed.size} changed znodes`);
  await server.client.set('/gap/6/y', Buffer.from('after'));
  await server.client.create('/gap/6/y/more');
  await untilSame(server.client, cache);
});

/** One change somewhere in the tree, or none if it is not possible there. */
async function changeSomething(root: string, random: Random): Promise<void> {
  const names = ['a', 'b', 'c'];
  const depth = random.between(1, 3);
  const path = [root, ...Array.from({ length: depth }, () => names[random.between(0, 2)])].join('/');
  const data = Buffer.from(String(random.between(0, 1_000_000)));
  const change = random.pick([
    () => server.client.create(path, { data }),
    () => server.client.create(path, { data }),
    () => server.client.set(path, data),
    () => server.client.delete(path),
  ]);
  await change().catch((error: { code?: string }) => {
    assert.ok(['NO_NODE', 'NODE_EXISTS', 'NOT_EMPTY'].includes(error.code ?? ''), error.code);
  });
}

test('whatever happens while connections are lost again and again, it ends up with what is there', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await server.client.create('/wild');
  await using cache = await TreeCache.open(client, '/wild', { maxInFlight: 2 });
  const mirror = new Map<string, string>();
  const events = cache.events();
  const mirroring = (async () => {
    for await (const event of events) {
      if (event.kind === 'removed') mirror.delete(event.path);
      else if ('node' in event) mirror.set(event.path, event.node.data.toString());
    }
  })();
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const random = randomOf(seed);
    for (let step = 0; step < 60; step++) {
      await changeSomething('/wild', random);
      const what = random.between(0, 12);
      if (what === 0) proxy.cut();
      else if (what === 1) proxy.setOpen(false);
      else if (what === 2) proxy.lose(random.between(0, 3), random.between(0, 1) === 1);
      else proxy.setOpen(true);
    }
    proxy.forgetLoss();
    proxy.setOpen(true);
    await untilSame(server.client, cache);
  }
  const [held] = [shownCache(cache)];
  await cache.close();
  await mirroring;
  // The events alone make the same tree; the root was there before them.
  const told = new Map(
    [...held].filter(([path]) => path !== '/wild').map(([path, text]) => [path, text.split(' ')[1]]),
  );
  assert.deepEqual(new Map([...mirror].toSorted()), new Map([...told].toSorted()));
});

test('a connection lost while it is opened; a root that is not there, comes, goes and comes again', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await using missing = await TreeCache.open(client, '/none/here');
  assert.equal(missing.size, 0);
  await server.client.create('/none');
  for (let round = 0; round < 2; round++) {
    await server.client.create('/none/here');
    await server.client.create('/none/here/x');
    await untilSame(server.client, missing);
    assert.equal(missing.size, 2);
    await server.client.delete('/none/here/x');
    await server.client.delete('/none/here');
    while (missing.size > 0) await sleep(5);
  }
  await server.client.create('/opened');
  for (let at = 0; at < 30; at++) await server.client.create(`/opened/${at}`);
  for (const [passing, reachesServer] of [
    [0, false],
    [0, true],
    [1, true],
    [7, false],
    [9, true],
  ] as const) {
    proxy.lose(passing, reachesServer);
    await using cache = await TreeCache.open(client, '/opened', { maxInFlight: 3 });
    assert.equal(proxy.isLossDue, false);
    assert.equal(cache.size, 31);
  }
});

test('what this client may not read is not held; once it may, it is', LIMIT, async () => {
  await using owner = await connect({ servers: server.servers });
  await owner.addAuth('digest', 'user:password');
  await owner.create('/secret');
  await owner.create('/secret/closed', { acl: CREATOR_ACL });
  await owner.create('/secret/open', { data: Buffer.from('open') });
  await using client = await connect({ servers: server.servers });
  await using cache = await TreeCache.open(client, '/secret');
  assert.deepEqual([...cache.paths()].toSorted(), ['/secret', '/secret/open']);
  assert.deepEqual(cache.children('/secret')?.toSorted(), ['closed', 'open']);
  await client.addAuth('digest', 'user:password');
  await owner.set('/secret/closed', Buffer.from('seen'));
  while (cache.get('/secret/closed') === undefined) await sleep(5);
  assert.equal(cache.size, 3);
});

test('limits, aborts and ends: of opening, of a reader that is slow, of the client', LIMIT, async () => {
  await using proxy = await server.framed();
  await using client = await connect({ servers: proxy.address, sessionTimeoutMs: 2_000 });
  await server.client.create('/ends');
  const cache = await TreeCache.open(client, '/ends');
  const slow = cache.events({ maxUnread: 2 });
  const stop = new AbortController();
  const stopped = cache.events({ signal: stop.signal });
  const waiting = stopped.next();
  stop.abort();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  for (let at = 0; at < 5; at++) await server.client.create(`/ends/${at}`);
  await untilSame(server.client, cache);
  assert.deepEqual((await slow.next()).value, { kind: 'overflow', lost: 3 });
  const reason = new Error('enough');
  await assert.rejects(TreeCache.open(client, '/ends', {}, { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(TreeCache.open(client, 'no-path'), { code: 'BAD_REQUEST' });
  await assert.rejects(TreeCache.open(client, '/ends', { maxInFlight: 0 }), { code: 'BAD_REQUEST' });
  const closed = await TreeCache.open(client, '/ends');
  const last = closed.events();
  const next = last.next();
  await closed.close();
  assert.equal((await next).value?.kind, 'ended');
  assert.equal((await last.next()).done, true);

  await client.create('/of-this-session', { ephemeral: true });
  proxy.setOpen(false);
  await assert.rejects(TreeCache.open(client, '/ends', {}, { timeoutMs: 50 }), { code: 'WAIT_TIMEOUT' });
  const ended = (async () => {
    for await (const event of cache.events()) if (event.kind === 'ended') return event.cause;
    return undefined;
  })();
  while ((await server.client.exists('/of-this-session')) !== undefined) await sleep(20);
  proxy.setOpen(true);
  assert.equal(((await ended) as { code?: unknown } | undefined)?.code, 'SESSION_EXPIRED');
  assert.equal(cache.size, 6);
  assert.equal(cache.isCurrent, false);
  await assert.rejects(TreeCache.open(client, '/ends'), { code: 'SESSION_EXPIRED' });
});

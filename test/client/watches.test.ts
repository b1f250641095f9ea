// SPDX-License-Identifier: Apache-2.0
/** Watches on real servers: they fire, are taken back, and are set again after lost connections and killed servers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WatchEvent, type ZnodeWatch, ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';
import { LossyProxy } from './lossy-proxy.ts';

const LIMIT = { timeout: 60_000 };

let ensemble: RealEnsemble;
let servers: string;

before(async () => {
  ensemble = await realEnsemble(1);
  servers = `${ensemble.server(1).address}:${CLIENT_PORT}`;
});

after(() => ensemble[Symbol.asyncDispose]());

async function nextOf(watch: ZnodeWatch): Promise<WatchEvent> {
  const { value, done } = await watch.next();
  assert.ok(done !== true, 'the watch has ended');
  return value;
}

/** The kinds of the events, with the path of those of a znode. */
async function take(watch: ZnodeWatch, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) taken.push(shown(await nextOf(watch)));
  return taken;
}

function shown(event: WatchEvent): string {
  return 'path' in event ? `${event.kind} ${event.path}` : event.kind;
}

async function rest(watch: ZnodeWatch): Promise<string[]> {
  const events: string[] = [];
  for await (const event of watch) events.push(shown(event));
  return events;
}

test('a watch of get, exists and getChildren fires once, with the transaction', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/once', { data: Buffer.from('data') });
  const got = await client.getAndWatch('/once');
  assert.equal(got.data.toString(), 'data');
  const there = await client.existsAndWatch('/once');
  assert.equal(there.stat?.version, 0);
  const none = await client.existsAndWatch('/once/child');
  assert.equal(none.stat, undefined);
  const children = await client.getChildrenAndWatch('/once');
  assert.deepEqual(children.children, []);
  const kinds = [got, there, none, children].map(({ watch }) => watch.kind);
  assert.deepEqual(kinds, ['data', 'data', 'exist', 'children']);

  const { stat } = await client.create2('/once/child');
  const { mzxid } = await client.set('/once', Buffer.alloc(1));
  assert.deepEqual(await nextOf(none.watch), { kind: 'created', path: '/once/child', zxid: stat.czxid });
  assert.deepEqual(await nextOf(children.watch), { kind: 'childrenChanged', path: '/once', zxid: stat.czxid });
  for (const { watch } of [got, there]) {
    assert.deepEqual(await nextOf(watch), { kind: 'changed', path: '/once', zxid: mzxid });
  }
  for (const { watch } of [got, there, none, children]) assert.deepEqual(await rest(watch), []);

  const last = [await client.getAndWatch('/once/child'), await client.getChildrenAndWatch('/once/child')];
  await client.delete('/once/child');
  for (const { watch } of last) assert.deepEqual(await rest(watch), ['deleted /once/child']);
  await assert.rejects(client.getAndWatch('/nowhere'), { code: 'NO_NODE' });
  await assert.rejects(client.getChildrenAndWatch('/nowhere'), { code: 'NO_NODE' });
});

test('a persistent watch fires each time, a recursive one for everything below', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  // Neither needs the znode to be there.
  await using watch = await client.watch('/p');
  await using recursive = await client.watch('/p', { recursive: true });
  // On the server this one makes events of children under the recursive watch, which does not show them.
  await client.create('/p');
  const { watch: below } = await client.getChildrenAndWatch('/p');
  await client.create('/p/a');
  await client.create('/p/a/b');
  await client.set('/p/a/b', Buffer.alloc(1));
  await client.set('/p', Buffer.alloc(1));
  await client.delete('/p/a/b');
  await client.delete('/p/a');
  await client.create('/pp');
  await client.delete('/p');
  assert.deepEqual(await take(watch, 5), [
    'created /p',
    'childrenChanged /p',
    'changed /p',
    'childrenChanged /p',
    'deleted /p',
  ]);
  assert.deepEqual(await take(recursive, 8), [
    'created /p',
    'created /p/a',
    'created /p/a/b',
    'changed /p/a/b',
    'changed /p',
    'deleted /p/a/b',
    'deleted /p/a',
    'deleted /p',
  ]);
  assert.deepEqual(await rest(below), ['childrenChanged /p']);
  await using all = await client.watch('/', { recursive: true });
  await client.create('/q');
  assert.deepEqual(await take(all, 1), ['created /q']);
});

/** How many paths the server watches for its clients. */
async function watchesOnServer(): Promise<number> {
  const found = /^zk_watch_count\t(\d+)/m.exec(await ensemble.server(1).ask('mntr'))?.[1];
  return Number(found);
}

test('a closed watch is taken back from the server, and only when nobody else has one', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/closed');
  assert.equal(await watchesOnServer(), 0);
  const [one, two] = [await client.watch('/closed'), await client.watch('/closed')];
  const data = (await client.getAndWatch('/closed')).watch;
  await one.close();
  assert.deepEqual(await rest(one), []);
  await client.set('/closed', Buffer.alloc(1));
  assert.deepEqual(await take(two, 1), ['changed /closed']);
  assert.deepEqual(await rest(data), ['changed /closed']);
  await two.close();
  await two.close();
  assert.equal(await watchesOnServer(), 0);
  for (const open of [
    () => client.getAndWatch('/closed'),
    () => client.existsAndWatch('/closed/none'),
    () => client.getChildrenAndWatch('/closed'),
  ]) {
    const { watch } = await open();
    assert.equal(await watchesOnServer(), 1);
    await watch.close();
    assert.equal(await watchesOnServer(), 0);
  }
  // To leave the loop closes it, too, and so does its signal.
  const stop = new AbortController();
  const aborted = await client.watch('/closed', { recursive: true, signal: stop.signal });
  const left = await client.watch('/closed');
  await client.set('/closed', Buffer.alloc(1));
  for await (const event of left) {
    assert.equal(shown(event), 'changed /closed');
    break;
  }
  const reading = aborted.next().then(() => rest(aborted));
  stop.abort();
  assert.deepEqual(await reading, []);
  await client.sync();
  assert.equal(await watchesOnServer(), 0);
});

test('a watch that is asked for while another is taken back stays', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/race');
  for (let round = 0; round < 50; round++) {
    const old = await client.watch('/race');
    const asked = client.watch('/race');
    void old.close();
    const [watch, again] = await Promise.all([asked, client.watch('/race')]);
    await client.set('/race', Buffer.alloc(1));
    for (const one of [watch, again]) assert.deepEqual(await take(one, 1), ['changed /race']);
    await Promise.all([watch.close(), again.close()]);
  }
  assert.equal(await watchesOnServer(), 0);
});

test('a call that was given up leaves no watch behind', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/given-up');
  const stop = new AbortController();
  const call = client.watch('/given-up', { signal: stop.signal });
  setImmediate(() => setImmediate(() => stop.abort(new Error('no longer wanted'))));
  await assert.rejects(call, { message: 'no longer wanted' }).catch(async () => (await call).close());
  await client.sync();
  await client.sync();
  assert.equal(await watchesOnServer(), 0);
});

test('removeWatches ends watches by type, and says when there is none', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/remove');
  await assert.rejects(client.removeWatches('/remove'), { code: 'NO_WATCHER' });
  const open = async () => ({
    data: (await client.getAndWatch('/remove')).watch,
    children: (await client.getChildrenAndWatch('/remove')).watch,
    persistent: await client.watch('/remove'),
    recursive: await client.watch('/remove', { recursive: true }),
  });
  const watches = await open();
  for (const [type, watch] of Object.entries(watches)) {
    await client.removeWatches('/remove', type as keyof typeof watches);
    assert.deepEqual(await rest(watch), ['removed'], type);
    await assert.rejects(client.removeWatches('/remove', type as keyof typeof watches), { code: 'NO_WATCHER' });
  }
  const again = await open();
  await client.removeWatches('/remove');
  for (const watch of Object.values(again)) assert.deepEqual(await rest(watch), ['removed']);
  assert.equal(await watchesOnServer(), 0);
  await client.set('/remove', Buffer.alloc(1));
  await assert.rejects(client.removeWatches('bad'), { code: 'BAD_REQUEST' });
});

test('what happens during a lost connection fires the watches for one event; others show the gap', LIMIT, async () => {
  await using proxy = await LossyProxy.start(ensemble.server(1).address, CLIENT_PORT);
  await using client = await ZookeeperClient.connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  await using other = await ZookeeperClient.connect({ servers });
  for (const name of ['changed', 'deleted', 'parent', 'quiet', 'again']) await other.create(`/gap-${name}`);
  const watches = {
    changed: (await client.getAndWatch('/gap-changed')).watch,
    deleted: (await client.getAndWatch('/gap-deleted')).watch,
    created: (await client.existsAndWatch('/gap-created')).watch,
    parent: (await client.getChildrenAndWatch('/gap-parent')).watch,
    again: (await client.existsAndWatch('/gap-again')).watch,
    quiet: (await client.getAndWatch('/gap-quiet')).watch,
  };
  await using persistent = await client.watch('/gap-changed');
  await using recursive = await client.watch('/gap-parent', { recursive: true });
  proxy.setOpen(false);
  await other.set('/gap-changed', Buffer.alloc(1));
  await other.delete('/gap-deleted');
  await other.create('/gap-created');
  await other.create('/gap-parent/child');
  await other.delete('/gap-again');
  await other.create('/gap-again');
  proxy.setOpen(true);
  // Sent after the watches are set again, so its answer comes after all that fired.
  assert.equal((await client.get('/gap-changed')).stat.version, 1);
  assert.deepEqual(await rest(watches.changed), ['disconnected', 'changed /gap-changed']);
  assert.deepEqual(await rest(watches.deleted), ['disconnected', 'deleted /gap-deleted']);
  assert.deepEqual(await rest(watches.created), ['disconnected', 'created /gap-created']);
  assert.deepEqual(await rest(watches.parent), ['disconnected', 'childrenChanged /gap-parent']);
  assert.deepEqual(await rest(watches.again), ['disconnected', 'changed /gap-again']);
  assert.deepEqual(await take(watches.quiet, 2), ['disconnected', 'rearmed']);
  await other.set('/gap-quiet', Buffer.alloc(1));
  assert.deepEqual(await rest(watches.quiet), ['changed /gap-quiet']);
  assert.equal((await take(recursive, 2)).join(), 'disconnected,rearmed', 'the server replays nothing for it');
  await other.set('/gap-parent/child', Buffer.alloc(1));
  assert.deepEqual(await take(recursive, 1), ['changed /gap-parent/child']);
  await other.set('/gap-changed', Buffer.alloc(1));
  assert.equal((await take(persistent, 4)).join(), 'disconnected,changed /gap-changed,rearmed,changed /gap-changed');
  assert.equal(await watchesOnServer(), 3);
});

test('more watches than one frame holds, set again and all of them alive', LIMIT, async () => {
  await using proxy = await LossyProxy.start(ensemble.server(1).address, CLIENT_PORT);
  await using client = await ZookeeperClient.connect({ servers: proxy.address, sessionTimeoutMs: 20_000 });
  const paths = Array.from({ length: 3_000 }, (_, index) => `/batch-${'x'.repeat(200)}-${index}`);
  const watches = await Promise.all(paths.map(async (path) => (await client.existsAndWatch(path)).watch));
  for (let round = 0; round < 3; round++) {
    proxy.cut();
    await Promise.all(
      watches.map(async (watch) => assert.deepEqual(await take(watch, 2), ['disconnected', 'rearmed'])),
    );
  }
  const before = await watchesOnServer();
  assert.equal(before, paths.length);
  await Promise.all(paths.map((path) => client.create(path)));
  const events = await Promise.all(watches.map(rest));
  assert.deepEqual(
    events,
    paths.map((path) => [`created ${path}`]),
  );
});

test('a server that is killed and started again: watches fire for what happened, and after', LIMIT, async () => {
  await using trio = await realEnsemble(3);
  const at = (id: number) => `${trio.server(id).address}:${CLIENT_PORT}`;
  await using other = await ZookeeperClient.connect({ servers: `${at(2)},${at(3)}`, sessionTimeoutMs: 20_000 });
  await other.create('/a');
  await other.create('/b');
  await using client = await ZookeeperClient.connect({ servers: at(1), sessionTimeoutMs: 20_000 });
  await client.sync();
  const { watch: changed } = await client.getAndWatch('/a');
  const { watch: quiet } = await client.getAndWatch('/b');
  await using persistent = await client.watch('/a');
  await trio.server(1).kill('SIGKILL');
  for (;;) {
    try {
      await other.set('/a', Buffer.from('meanwhile'));
      break;
    } catch (error) {
      // The killed server may have been the leader.
      assert.ok(['CONNECTION_LOST', 'MAYBE_APPLIED'].includes((error as { code: string }).code));
      await sleep(50);
    }
  }
  await (await trio.start(1)).untilServing();
  assert.deepEqual(await rest(changed), ['disconnected', 'changed /a']);
  assert.deepEqual(await take(quiet, 2), ['disconnected', 'rearmed']);
  assert.equal((await client.get('/a')).data.toString(), 'meanwhile');
  await other.set('/a', Buffer.from('after'));
  await other.delete('/b');
  assert.equal((await rest(quiet)).at(-1), 'deleted /b');
  const events: string[] = [];
  while (!events.includes('rearmed') || events.at(-1) !== 'changed /a') events.push(...(await take(persistent, 1)));
  assert.equal(events[0], 'disconnected');
});

test('the end of the session ends its watches, with the reason', LIMIT, async () => {
  await using proxy = await LossyProxy.start(ensemble.server(1).address, CLIENT_PORT);
  await using other = await ZookeeperClient.connect({ servers });
  const closing = await ZookeeperClient.connect({ servers });
  const open = await closing.watch('/end');
  await closing.close();
  assert.deepEqual(await rest(open), ['closed']);
  await assert.rejects(closing.watch('/end'), { code: 'CLIENT_CLOSED' });

  await using client = await ZookeeperClient.connect({ servers: proxy.address, sessionTimeoutMs: 1_000 });
  await client.create('/end', { ephemeral: true });
  const watch = await client.watch('/end');
  const { watch: once } = await client.getAndWatch('/end');
  proxy.setOpen(false);
  while ((await other.exists('/end')) !== undefined) await sleep(50);
  proxy.setOpen(true);
  assert.deepEqual(await rest(watch), ['disconnected', 'expired']);
  assert.deepEqual(await rest(once), ['disconnected', 'expired']);
});

// SPDX-License-Identifier: Apache-2.0
/** A client with a chroot, beside one without, on a real server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitChroot } from '../../src/client/chroot.ts';
import { ServerError, type WatchEvent, ZookeeperClient } from '../../src/client/index.ts';
import { oneServer } from './one-server.ts';

const LIMIT = { timeout: 60_000 };

const server = oneServer();

test('a list of servers and its chroot are taken apart', () => {
  assert.deepEqual(splitChroot('a:1,[::1]:2/app/one'), { servers: 'a:1,[::1]:2', chroot: '/app/one' });
  for (const none of ['a:1', 'a:1/']) assert.deepEqual(splitChroot(none), { servers: 'a:1', chroot: '' });
  for (const bad of ['a/b/', 'a//b', 'a/../b']) assert.throws(() => splitChroot(bad), { code: 'BAD_REQUEST' }, bad);
});

test('every path goes through the chroot, there and back', LIMIT, async () => {
  await using outside = await ZookeeperClient.connect({ servers: server.servers });
  await using inside = await ZookeeperClient.connect({ servers: `${server.servers}/app/one` });
  await assert.rejects(inside.create('/a'), { code: 'NO_NODE', message: /^create \/a: / });
  for (const path of ['/app', '/app/one', '/app/one-more']) await outside.create(path);

  assert.equal(await inside.create('/a', { data: Buffer.from('a') }), '/a');
  assert.equal((await outside.get('/app/one/a')).data.toString(), 'a');
  assert.equal((await inside.create2('/a/b')).path, '/a/b');
  assert.match(await inside.create('/s-', { sequential: true, ephemeral: true }), /^\/s-\d{10}$/);
  assert.match(await inside.create('/', { sequential: true, ephemeral: true }), /^\/\d{10}$/);
  assert.match(await inside.create('/a/', { sequential: true }), /^\/a\/\d{10}$/);
  await outside.create('/app/one-more/e', { ephemeral: true });
  assert.equal((await inside.getEphemerals()).length, 2);
  assert.equal((await inside.getEphemerals('/s-')).length, 1);

  assert.equal((await inside.exists('/'))?.czxid, (await outside.exists('/app/one'))?.czxid);
  assert.deepEqual((await inside.getChildren('/')).children.toSorted(), (await children(outside)).toSorted());
  assert.equal((await inside.set('/a', Buffer.from('b'))).version, 1);
  assert.equal((await inside.get('/a')).data.toString(), 'b');
  assert.equal((await inside.getAcl('/a')).acl.length, 1);
  assert.equal((await inside.setAcl('/a', (await inside.getAcl('/a')).acl)).aclVersion, 1);
  assert.equal(await inside.getAllChildrenNumber('/a'), 2);
  await inside.sync();
  assert.match((await inside.getConfig()).data.toString(), /^server\.1=/);

  const [path, created] = await inside.multi([
    { kind: 'create', path: '/m' },
    { kind: 'create2', path: '/m/n' },
    { kind: 'set', path: '/m', data: Buffer.from('m') },
    { kind: 'check', path: '/m/n' },
    { kind: 'delete', path: '/m/n' },
  ]);
  assert.deepEqual([path, created.path], ['/m', '/m/n']);
  const [read, names] = await inside.multiRead([
    { kind: 'get', path: '/m' },
    { kind: 'getChildren', path: '/m' },
  ]);
  assert.ok(!(read instanceof ServerError));
  assert.equal(read.data.toString(), 'm');
  assert.deepEqual(names, []);
  await inside.delete('/m');
  assert.equal(await outside.exists('/app/one/m'), undefined);
});

async function children(outside: ZookeeperClient): Promise<string[]> {
  return (await outside.getChildren('/app/one')).children;
}

test('watches are told and set again with the paths of the client', LIMIT, async () => {
  await using proxy = await server.lossy();
  await using outside = await ZookeeperClient.connect({ servers: server.servers });
  await outside.create('/watched');
  const [host = '', port] = proxy.address.split(':');
  await using inside = await ZookeeperClient.connect({
    servers: [{ host, port: Number(port) }],
    chroot: '/watched',
    sessionTimeoutMs: 20_000,
  });
  const { watch: root } = await inside.getChildrenAndWatch('/');
  const { watch: none } = await inside.existsAndWatch('/a');
  await using all = await inside.watch('/', { recursive: true });
  const paths: string[] = [];
  const take = async (watch: AsyncIterator<WatchEvent>): Promise<void> => {
    const { value } = await watch.next();
    paths.push('path' in value ? `${value.kind} ${value.path}` : value.kind);
  };
  await outside.set('/watched', Buffer.alloc(1));
  await take(all);
  proxy.setOpen(false);
  await outside.create('/watched/a');
  proxy.setOpen(true);
  for (const watch of [root, root, none, none, all, all, all]) {
    await take(watch);
  }
  await outside.delete('/watched/a');
  await take(all);
  assert.deepEqual(paths, [
    'changed /',
    ...['disconnected', 'childrenChanged /', 'disconnected', 'created /a'],
    // The server replays the creation for the watch of the exists, and so the recursive one hears of it, too.
    ...['disconnected', 'created /a', 'rearmed'],
    'deleted /a',
  ]);
  await assert.rejects(ZookeeperClient.connect({ servers: `${server.servers}/a`, chroot: '/b' }), {
    code: 'BAD_REQUEST',
  });
  await assert.rejects(ZookeeperClient.connect({ servers: server.servers, chroot: 'b' }), { code: 'BAD_REQUEST' });
});

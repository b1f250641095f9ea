// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CREATOR_ACL, READ_ACL, ZookeeperClient } from '../../src/client/index.ts';
import { get } from '../../src/client/operations/get.ts';
import { parseServers } from '../../src/client/servers.ts';
import { ZookeeperSession } from '../../src/client/session.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';

const LIMIT = { timeout: 60_000 };

let ensemble: RealEnsemble;
let servers: string;

before(async () => {
  ensemble = await realEnsemble(1);
  servers = `${ensemble.server(1).address}:2181`;
});

after(() => ensemble[Symbol.asyncDispose]());

test('create, get, exists, set, getChildren, delete, sync', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  const startMs = Date.now();
  assert.equal(await client.create('/crud', { data: Buffer.from('one') }), '/crud');
  const { data, stat } = await client.get('/crud');
  assert.equal(data.toString(), 'one');
  assert.equal(stat.version, 0);
  assert.equal(stat.dataLength, 3);
  assert.equal(stat.ephemeralOwner, 0n);
  assert.ok(Math.abs(stat.createdMs - startMs) < 60_000);
  const after = await client.set('/crud', Buffer.from('zwei €'), { version: 0 });
  assert.equal(after.version, 1);
  assert.equal(after.czxid, stat.czxid);
  assert.ok(after.mzxid > stat.mzxid);
  assert.equal((await client.get('/crud')).data.toString(), 'zwei €');
  await client.create('/crud/ä');
  await client.create('/crud/b', { data: new Uint8Array([0, 255]) });
  assert.deepEqual([...(await client.get('/crud/b')).data], [0, 255]);
  assert.equal((await client.get('/crud/ä')).data.length, 0);
  const { children, stat: parent } = await client.getChildren('/crud');
  assert.deepEqual(children.toSorted(), ['b', 'ä']);
  assert.equal(parent.childrenCount, 2);
  assert.equal((await client.exists('/crud'))?.childrenVersion, 2);
  await client.sync('/crud');
  await client.sync();
  await client.delete('/crud/b', { version: 0 });
  await client.delete('/crud/ä');
  await client.delete('/crud');
  assert.equal(await client.exists('/crud'), undefined);
});

test('refusals of the server have their codes and say what was asked', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/refused');
  await client.create('/refused/child');
  await client.create('/refused/ephemeral', { ephemeral: true });
  await assert.rejects(client.get('/nowhere'), { code: 'NO_NODE', number: -101, message: /^get \/nowhere: / });
  await assert.rejects(client.create('/refused'), { code: 'NODE_EXISTS' });
  await assert.rejects(client.delete('/refused'), { code: 'NOT_EMPTY' });
  await assert.rejects(client.set('/refused', Buffer.alloc(0), { version: 5 }), { code: 'BAD_VERSION' });
  await assert.rejects(client.create('/refused/ephemeral/x'), { code: 'NO_CHILDREN_FOR_EPHEMERALS' });
  await assert.rejects(client.create('/bad', { acl: [] }), { code: 'INVALID_ACL' });
  await assert.rejects(client.get('no/slash'), { code: 'BAD_REQUEST' });
  await client.create('/refused/readable', { acl: READ_ACL });
  await assert.rejects(client.set('/refused/readable', Buffer.alloc(1)), { code: 'NO_AUTH' });
});

test('ephemeral nodes carry the session and go with it; sequential ones are numbered', LIMIT, async () => {
  await using watcher = await ZookeeperClient.connect({ servers });
  const owner = await ZookeeperClient.connect({ servers });
  const path = await owner.create('/e-', { ephemeral: true, sequential: true });
  assert.match(path, /^\/e-\d{10}$/);
  assert.equal((await watcher.exists(path))?.ephemeralOwner, owner.sessionId);
  await watcher.create('/dir');
  assert.match(await watcher.create('/dir/', { sequential: true }), /^\/dir\/\d{10}$/);
  await owner.close();
  await watcher.sync(path);
  assert.equal(await watcher.exists(path), undefined);
});

test('a digest opens what is closed to others', LIMIT, async () => {
  await using owner = await ZookeeperClient.connect({ servers });
  await using other = await ZookeeperClient.connect({ servers });
  await owner.addAuth('digest', 'user:password');
  await owner.create('/closed', { acl: CREATOR_ACL, data: Buffer.from('mine') });
  await assert.rejects(other.get('/closed'), { code: 'NO_AUTH' });
  const authenticated = other.addAuth('digest', 'user:password');
  // Sent behind the credential without waiting for its answer.
  assert.equal((await other.get('/closed')).data.toString(), 'mine');
  await authenticated;
});

test('a scheme that the server does not know is refused, and the session survives it', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  const { sessionId } = client;
  await assert.rejects(client.addAuth('no-such-scheme', 'x'), { code: 'AUTH_FAILED' });
  for (;;) {
    try {
      await client.exists('/');
      break;
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'CONNECTION_LOST');
    }
  }
  assert.equal(client.sessionId, sessionId);
});

test('10,000 pipelined writes keep their order', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/pipe');
  const settled: number[] = [];
  const writes = Array.from({ length: 10_000 }, async (_, index) => {
    const stat = await client.set('/pipe', Buffer.from(String(index)));
    settled.push(index);
    return stat;
  });
  const read = client.get('/pipe');
  const stats = await Promise.all(writes);
  assert.deepEqual(
    stats.map((stat) => stat.version),
    Array.from({ length: 10_000 }, (_, index) => index + 1),
  );
  assert.deepEqual(
    settled,
    Array.from({ length: 10_000 }, (_, index) => index),
  );
  assert.equal((await read).data.toString(), '9999');
  assert.equal(client.status.kind, 'connected');
});

test('large values, large batches and large answers', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  const large = Buffer.alloc(1_000_000, 'x');
  await client.create('/large', { data: large });
  await Promise.all(Array.from({ length: 20 }, () => client.set('/large', large)));
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.get('/large')));
  for (const { data } of answers) assert.ok(data.equals(large));
  const neighbour = client.set('/large', Buffer.alloc(1));
  await assert.rejects(client.set('/large', Buffer.alloc(1_048_576)), { code: 'REQUEST_TOO_LARGE' });
  assert.equal((await neighbour).version, 21);
  await client.create('/many');
  const names = Array.from({ length: 5_000 }, (_, index) => `child-with-a-long-name-${'n'.repeat(200)}-${index}`);
  await Promise.all(names.map((name) => client.create(`/many/${name}`)));
  const { children } = await client.getChildren('/many');
  assert.equal(children.length, 5_000);
  assert.equal(new Set(children).size, 5_000);
});

test('more calls at once than the server lets stand', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers, maxInFlight: 50 });
  const answers = await Promise.all(Array.from({ length: 5_000 }, () => client.exists('/')));
  assert.equal(answers.length, 5_000);
  await using wide = await ZookeeperClient.connect({ servers });
  await Promise.all(Array.from({ length: 20_000 }, () => wide.exists('/')));
  assert.equal(wide.status.kind, 'connected');
});

test('a real server does not mind xids that wrap', LIMIT, async () => {
  const session = new ZookeeperSession(parseServers(servers), {
    sessionTimeoutMs: 10_000,
    handshakeTimeoutMs: 5_000,
    connectLimitMs: 5_000,
    reconnectLimitMs: 0,
    requestTimeoutMs: 5_000,
    closeTimeoutMs: 5_000,
    maxInFlight: 10,
    maxQueued: 100,
    maxRequestBytes: 10_000,
    maxReplyBytes: 10_000,
    firstXid: 0x7fff_fffd,
  });
  await session.start(undefined);
  const answers = await Promise.all(Array.from({ length: 30 }, () => session.request(get, '/', '/', undefined)));
  assert.equal(answers.length, 30);
  await session.close();
});

test('two clients at once, many short sessions, none is left behind', LIMIT, async () => {
  for (let index = 0; index < 20; index++) {
    await using one = await ZookeeperClient.connect({ servers });
    await using two = await ZookeeperClient.connect({ servers });
    assert.notEqual(one.sessionId, two.sessionId);
    await Promise.all([one.sync(), two.sync()]);
  }
  const connections = /Connections: (\d+)/.exec(await ensemble.server(1).ask('srvr'))?.[1];
  // The asking connection itself is counted.
  assert.ok(Number(connections) <= 2, `${connections} connections are open`);
});

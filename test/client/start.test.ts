// SPDX-License-Identifier: Apache-2.0
/** How a client begins, and how it paces its attempts. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settingsOf } from '../../src/client/client-options.ts';
import { connect, ZookeeperClient } from '../../src/client/index.ts';
import { FakeServer, reply, STAT } from './fake-server.ts';

const LIMIT = { timeout: 20_000 };

test('a call before the start or after the close ends with CLIENT_CLOSED', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    for (;;) peer.socket.write(reply((await peer.call()).xid, STAT));
  });
  const client = new ZookeeperClient({ servers: fake.address, closeTimeoutMs: 500 });
  const closed = { code: 'CLIENT_CLOSED' };
  const calls = () => [client.get('/a'), client.create('/a'), client.watch('/a'), client.addAuth('digest', 'a:b')];
  for (const call of calls()) await assert.rejects(call, { ...closed, message: /not started/ });
  assert.equal(fake.connections, 0);
  const starting = client.start();
  const early = client.exists('/a');
  await starting;
  assert.equal((await early)?.version, 7);
  await client.start();
  assert.equal(fake.connections, 1);
  await client.close();
  for (const call of calls()) await assert.rejects(call, closed);
  await client.start();
  assert.equal(fake.connections, 1, 'the first start had succeeded, and there is no second');
});

test('a client that was closed before its start never connects', LIMIT, async () => {
  await using fake = await FakeServer.start(() => {});
  const client = new ZookeeperClient({ servers: fake.address });
  await client.close();
  await assert.rejects(client.start(), { code: 'CLIENT_CLOSED' });
  assert.deepEqual(client.status, { kind: 'closed' });
  assert.equal(fake.connections, 0);
});

test('without options a client goes to this machine', async () => {
  assert.deepEqual(settingsOf({}).servers, [{ host: '127.0.0.1', port: 2181 }]);
  const reason = new Error('never mind');
  await assert.rejects(connect({}, { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(new ZookeeperClient().start({ signal: AbortSignal.abort(reason) }), reason);
});

/** With the longest pauses that chance gives: 0, 100, 200, 400 and 800 ms before the first attempts. */
test('neither a TCP connection nor a handshake makes the pauses short again', LIMIT, async (t) => {
  t.after(() => mock.restoreAll());
  mock.method(Math, 'random', () => 1);
  await using accepting = await FakeServer.start((peer) => void peer.socket.destroy());
  const attempt = connect({ servers: accepting.address, connectLimitMs: 1_200 });
  await assert.rejects(attempt, { code: 'NO_SERVER' });
  assert.ok(accepting.connections >= 2 && accepting.connections <= 4, `${accepting.connections} attempts`);
  await using greeting = await FakeServer.start(async (peer) => {
    await peer.greet();
    peer.socket.destroy();
  });
  await using client = await connect({ servers: greeting.address });
  await sleep(1_200);
  assert.ok(greeting.connections >= 2 && greeting.connections <= 4, `${greeting.connections} attempts`);
  assert.notEqual(client.status.kind, 'closed');
});

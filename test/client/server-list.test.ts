// SPDX-License-Identifier: Apache-2.0
/** Which servers a client tries: names that are resolved anew, and the config of the ensemble. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientAddressesOf } from '../../src/client/config-follower.ts';
import { ZookeeperClient } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { realEnsemble } from '../support/real-server.ts';
import { FakeServer, int, reply, STAT, text } from './fake-server.ts';

const LIMIT = { timeout: 60_000 };

async function connectedAgain(client: ZookeeperClient, not: string): Promise<string> {
  for await (const status of client.statuses({ signal: AbortSignal.timeout(20_000) })) {
    if (status.kind === 'connected' && status.server !== not) return status.server;
  }
  assert.fail(`it is ${client.status.kind}`);
}

test('the config names where clients reach its members', () => {
  const config = [
    'server.1=10.0.0.1:2888:3888:participant;10.0.0.9:2181',
    'server.2=[fd00::2]:2888:3888:observer;[fd00::9]:2182',
    'server.3=name:2888:3888;0.0.0.0:2183',
    'server.4=10.0.0.4:2888:3888|10.0.0.5:2888:3888:participant;2184',
    'server.5=10.0.0.5:2888:3888:participant',
    'server.6=10.0.0.6:2888:3888:participant;[::]:2186;10.0.0.7:2286',
    'group.1=1:2',
    'version=100000003',
  ].join('\n');
  assert.deepEqual(clientAddressesOf(config, undefined), [
    { host: '10.0.0.9', port: 2181 },
    { host: 'fd00::9', port: 2182 },
    { host: 'name', port: 2183 },
    { host: '10.0.0.4', port: 2184 },
    { host: '10.0.0.6', port: 2186 },
  ]);
  assert.deepEqual(clientAddressesOf(config, 2281), [
    { host: '10.0.0.1', port: 2281 },
    { host: 'fd00::2', port: 2281 },
    { host: 'name', port: 2281 },
    { host: '10.0.0.4', port: 2281 },
    { host: '10.0.0.5', port: 2281 },
    { host: '10.0.0.7', port: 2286 },
  ]);
});

test('members are known by any host name, with underscores too', () => {
  for (const host of ['zk', 'zk-1.example.internal', 'zk_1', '_zk.orders_db.internal', '1zk.EXAMPLE.internal.']) {
    const config = [
      `server.1=${host}:2888:3888:participant;${host}:2181`,
      `server.2=${host}:2888:3888:participant;2182`,
      `server.3=10.0.0.3:2888:3888:participant;${host}:2183;${host}:2283`,
      'version=100000003',
    ].join('\n');
    const at = (...ports: readonly number[]) => ports.map((port) => ({ host, port }));
    assert.deepEqual(clientAddressesOf(config, undefined), at(2181, 2182, 2183));
    assert.deepEqual(clientAddressesOf(config, 2281), at(2281, 2281, 2283));
  }
});

test('a config that names nobody, or whose lines are cut off, gives no server', () => {
  const cut = ['server.1', 'server.1=', 'server.1=:2888:3888;2181', 'server.1=zk_1', 'server.x=zk_1:2888:3888;2181'];
  for (const config of ['', '\n', ' \r\n', '#server.1=zk_1:2888:3888;2181', 'version=1', ...cut]) {
    for (const securePort of [undefined, 2281]) assert.deepEqual(clientAddressesOf(config, securePort), [], config);
  }
});

test('a name is resolved at each attempt, and each of its addresses is tried', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer, number) => {
    await peer.greet();
    if (number === 0) return void peer.socket.end();
    for (;;) peer.socket.write(reply((await peer.call()).xid, STAT));
  });
  const port = Number(fake.address.split(':')[1]);
  const asked: string[] = [];
  const answers = [['127.0.0.9', '127.0.0.1'], new Error('no such name'), [], ['127.0.0.8', '127.0.0.9', '127.0.0.1']];
  const resolve = async (host: string) => {
    asked.push(host);
    const answer = answers.shift() ?? [];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const servers = [{ host: 'zookeeper.test', port }];
  await using client = await ZookeeperClient.connect({ servers, resolve, closeTimeoutMs: 50, connectLimitMs: 0 });
  assert.equal((await client.exists('/a').catch(() => client.exists('/a')))?.version, 7);
  const { status } = client;
  assert.ok(status.kind === 'connected');
  assert.equal(status.server, `zookeeper.test:${port} (127.0.0.1)`);
  assert.deepEqual(asked, Array(4).fill('zookeeper.test'));
});

test('a name that is not resolved ends with the reason', LIMIT, async () => {
  const options = { servers: 'zookeeper.test', connectLimitMs: 0, handshakeTimeoutMs: 100 };
  const hangs = () => new Promise<never>(() => {});
  for (const resolve of [hangs, () => Promise.reject(new Error('unknown')), () => Promise.resolve([])]) {
    const attempt = ZookeeperClient.connect({ ...options, resolve });
    await assert.rejects(attempt, { code: 'NO_SERVER', message: /the name zookeeper\.test / });
  }
});

test('the addresses of a name share the time for one server, unless a limit is given', LIMIT, async () => {
  await using silent = await FakeServer.start(() => new Promise<void>(() => {}));
  const port = Number(silent.address.split(':')[1]);
  // Nobody listens at the first one. The second one is the last, so its error is told.
  const resolve = async () => ['127.0.0.2', '127.0.0.1'];
  const options = { servers: [{ host: 'zookeeper.test', port }], resolve, shuffle: false, connectLimitMs: 0 };
  for (const [more, limitMs] of [
    [{ sessionTimeoutMs: 3_000 }, 1_000],
    [{ sessionTimeoutMs: 3_600 }, 1_200],
    [{ sessionTimeoutMs: 600 }, 400],
    [{ sessionTimeoutMs: 3_000, handshakeTimeoutMs: 300 }, 300],
  ] as const) {
    const message = new RegExp(`no handshake within ${limitMs} ms`);
    await assert.rejects(ZookeeperClient.connect({ ...options, ...more }), { code: 'NO_SERVER', message });
  }
});

test('a client that knows one server follows the config to the others, with a chroot, too', LIMIT, async () => {
  await using ensemble = await realEnsemble(3);
  const first = `${ensemble.server(1).address}:${CLIENT_PORT}`;
  const options = { followConfig: true, sessionTimeoutMs: 20_000 };
  await using plain = await ZookeeperClient.connect({ servers: first, ...options });
  await plain.create('/app', { ephemeral: true });
  await using below = await ZookeeperClient.connect({ servers: `${first}/app`, ...options });
  const ids = [plain.sessionId, below.sessionId];
  // The answer to the first read of the list comes before these.
  await Promise.all([plain.sync(), below.sync()]);
  await ensemble.server(1).kill();
  const now = await Promise.all([plain, below].map((client) => connectedAgain(client, first)));
  const others = [2, 3].map((id) => `${ensemble.server(id).address}:${CLIENT_PORT}`);
  for (const server of now) assert.ok(others.includes(server), server);
  assert.deepEqual([plain.sessionId, below.sessionId], ids);
  assert.equal((await below.exists('/'))?.ephemeralOwner, plain.sessionId);
});

for (const chroot of ['', '/app']) {
  test(`a change of the config renews the list: chroot "${chroot}"`, LIMIT, async () => {
    const serve = async (peer: Parameters<Parameters<typeof FakeServer.start>[0]>[0], config: () => string) => {
      await peer.greet();
      for (;;) {
        const { xid, opcode, body } = await peer.call();
        if (opcode === 4) {
          assert.deepEqual(body, Buffer.concat([text('/zookeeper/config'), Buffer.from([1])]));
          reads += 1;
        }
        peer.socket.write(reply(xid, opcode === 4 ? Buffer.concat([text(config()), STAT]) : STAT));
      }
    };
    let reads = 0;
    const notification = Buffer.concat([int(3), int(3), text('/zookeeper/config')]);
    await using last = await FakeServer.start((peer) => serve(peer, () => ''));
    let config = 'server.1=127.0.0.1:1:1;127.0.0.1:1\nversion=1';
    let change = () => {};
    const first = await FakeServer.start((peer) => {
      change = () => void peer.socket.write(reply(-1, notification, 0, -1n));
      return serve(peer, () => config);
    });
    const { address } = first;
    await using client = await ZookeeperClient.connect({
      servers: address + chroot,
      followConfig: true,
      closeTimeoutMs: 50,
    });
    while (reads < 1) await sleep(5);
    config = `server.1=127.0.0.1:1:1;${last.address}\nversion=2`;
    change();
    while (reads < 2) await sleep(5);
    await client.exists('/a');
    await first[Symbol.asyncDispose]();
    assert.equal(await connectedAgain(client, address), last.address);
    assert.ok(client.status.kind === 'connected' && client.status.resumed);
    assert.equal((await client.exists('/a'))?.version, 7);
    // The new connection reads the list, too.
    while (reads < 3) await sleep(5);
  });
}

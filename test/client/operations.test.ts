// SPDX-License-Identifier: Apache-2.0
/** Operations that the agent does not need, on a real server that also takes znodes with a TTL. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CREATOR_ACL,
  OPEN_ACL,
  READ_ACL,
  ServerError,
  type Stat,
  TransactionError,
  ZookeeperClient,
} from '../../src/client/index.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';

const LIMIT = { timeout: 60_000 };

let ensemble: RealEnsemble;
let servers: string;

before(async () => {
  const jvmOptions = ['-Dzookeeper.extendedTypesEnabled=true', '-Dznode.container.checkIntervalMs=100'];
  ensemble = await realEnsemble(1, { jvmOptions });
  servers = `${ensemble.server(1).address}:2181`;
});

after(() => ensemble[Symbol.asyncDispose]());

test('create2 gives the stat in every mode', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  const data = Buffer.from('four');
  const plain = await client.create2('/modes', { data });
  assert.equal(plain.path, '/modes');
  assert.equal(plain.stat.dataLength, 4);
  assert.deepEqual(plain.stat, await client.exists('/modes'));
  const sequential = await client.create2('/modes/s-', { sequential: true });
  assert.match(sequential.path, /^\/modes\/s-\d{10}$/);
  const ephemeral = await client.create2('/modes/e', { ephemeral: true });
  assert.equal(ephemeral.stat.ephemeralOwner, client.sessionId);
  const both = await client.create2('/modes/es-', { ephemeral: true, sequential: true });
  assert.match(both.path, /^\/modes\/es-\d{10}$/);
  assert.equal(both.stat.ephemeralOwner, client.sessionId);
  const container = await client.create2('/modes/c', { container: true, data });
  assert.equal(container.stat.dataLength, 4);
  const mortal = await client.create2('/modes/t', { ttlMs: 2 ** 40 - 1, data });
  assert.equal(mortal.stat.dataLength, 4);
  const numbered = await client.create2('/modes/t-', { ttlMs: 60_000, sequential: true });
  assert.match(numbered.path, /^\/modes\/t-\d{10}$/);
  assert.equal(await client.create('/modes/c2', { container: true }), '/modes/c2');
  assert.match(await client.create('/modes/t-', { ttlMs: 60_000, sequential: true }), /^\/modes\/t-\d{10}$/);
  await assert.rejects(client.create2('/modes'), { code: 'NODE_EXISTS' });
  await assert.rejects(client.create2('/modes/e/x'), { code: 'NO_CHILDREN_FOR_EPHEMERALS' });
});

test('the servers delete containers that lost their children, and znodes whose time is over', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/ends');
  await client.create('/ends/container', { container: true });
  await client.create('/ends/container/child');
  await client.create('/ends/long', { ttlMs: 600_000 });
  await client.multi([
    { kind: 'create', path: '/ends/short', ttlMs: 1 },
    { kind: 'create2', path: '/ends/container2', container: true },
    { kind: 'create', path: '/ends/container2/child' },
  ]);
  await client.multi([
    { kind: 'delete', path: '/ends/container/child' },
    { kind: 'delete', path: '/ends/container2/child' },
  ]);
  while ((await client.getChildren('/ends')).children.join() !== 'long') await sleep(20);
});

test('modes that do not go together are refused before anything is sent', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  const modes = [
    { container: true, ephemeral: true },
    { container: true, sequential: true },
    { container: true, ttlMs: 5 },
    { ephemeral: true, ttlMs: 5 },
    ...[0, -1, 1.5, 2 ** 40].map((ttlMs) => ({ ttlMs })),
  ];
  for (const mode of modes) {
    for (const call of [client.create('/m', mode), client.create2('/m', mode)]) {
      await assert.rejects(call, { code: 'BAD_REQUEST' }, JSON.stringify(mode));
    }
    await assert.rejects(client.multi([{ kind: 'create', path: '/m', ...mode }]), { code: 'BAD_REQUEST' });
  }
  assert.equal(await client.exists('/m'), undefined);
});

test('delete takes the version', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/versioned');
  await client.set('/versioned', Buffer.alloc(1));
  await assert.rejects(client.delete('/versioned', { version: 0 }), { code: 'BAD_VERSION' });
  await client.delete('/versioned', { version: 1 });
  assert.equal(await client.exists('/versioned'), undefined);
});

test('ACLs are read and set, with their version', LIMIT, async () => {
  await using owner = await ZookeeperClient.connect({ servers });
  await using other = await ZookeeperClient.connect({ servers });
  await owner.addAuth('digest', 'user:password');
  await owner.create('/acl');
  const open = await owner.getAcl('/acl');
  assert.deepEqual(open.acl, OPEN_ACL);
  assert.equal(open.stat.aclVersion, 0);
  const stat = await owner.setAcl('/acl', [...CREATOR_ACL, ...READ_ACL], { version: 0 });
  assert.equal(stat.aclVersion, 1);
  await assert.rejects(owner.setAcl('/acl', OPEN_ACL, { version: 0 }), { code: 'BAD_VERSION' });
  await assert.rejects(other.setAcl('/acl', OPEN_ACL), { code: 'NO_AUTH' });
  await assert.rejects(owner.setAcl('/acl', []), { code: 'INVALID_ACL' });
  await assert.rejects(owner.getAcl('/nowhere'), { code: 'NO_NODE' });
  const [mine, everybody] = (await owner.getAcl('/acl')).acl;
  assert.equal(mine?.scheme, 'digest');
  assert.match(mine?.id ?? '', /^user:[A-Za-z0-9+/]+=$/);
  assert.deepEqual(everybody, READ_ACL[0]);
  // Who may read and not administer does not see the secret part.
  assert.equal((await other.getAcl('/acl')).acl[0]?.id, 'user:x');
});

test('a transaction applies all of its parts, each with its result', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/multi', { data: Buffer.from('old') });
  await client.create('/multi/gone');
  const [path, created, set, removed, checked, container, mortal, numbered] = await client.multi([
    { kind: 'create', path: '/multi/a', data: Buffer.from('a') },
    { kind: 'create2', path: '/multi/e-', ephemeral: true, sequential: true },
    { kind: 'set', path: '/multi', data: Buffer.from('new'), version: 0 },
    { kind: 'delete', path: '/multi/gone', version: 0 },
    { kind: 'check', path: '/multi', version: 1 },
    { kind: 'create2', path: '/multi/c', container: true },
    { kind: 'create', path: '/multi/t', ttlMs: 60_000 },
    { kind: 'create', path: '/multi/n-', sequential: true },
  ]);
  assert.equal(path, '/multi/a');
  assert.match(created.path, /^\/multi\/e-\d{10}$/);
  assert.equal(created.stat.ephemeralOwner, client.sessionId);
  const { version }: Stat = set;
  assert.equal(version, 1);
  assert.deepEqual([removed, checked], [undefined, undefined]);
  assert.equal(container.path, '/multi/c');
  assert.equal(mortal, '/multi/t');
  assert.match(numbered, /^\/multi\/n-\d{10}$/);
  // All parts have one transaction id.
  assert.equal(created.stat.czxid, set.mzxid);
  assert.equal((await client.get('/multi/a')).data.toString(), 'a');
  assert.equal(await client.exists('/multi/gone'), undefined);
  await client.multi([{ kind: 'check', path: '/multi' }]);
});

test('a transaction with a part that fails applies none, and names that part', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.create('/none');
  const failing = client.multi([
    { kind: 'create', path: '/none/a' },
    { kind: 'set', path: '/none', data: Buffer.from('x'), version: 7 },
    { kind: 'delete', path: '/nowhere' },
  ]);
  await assert.rejects(failing, (error: Error) => {
    assert.ok(error instanceof TransactionError && error instanceof ServerError);
    assert.equal(error.code, 'BAD_VERSION');
    assert.equal(error.number, -103);
    assert.equal(error.index, 1);
    assert.match(error.message, /^multi, part 2 of 3, set \/none: /);
    return true;
  });
  const cases = [
    [{ kind: 'check', path: '/nowhere' }, 'NO_NODE'],
    [{ kind: 'check', path: '/none', version: 3 }, 'BAD_VERSION'],
    [{ kind: 'create2', path: '/none' }, 'NODE_EXISTS'],
    [{ kind: 'delete', path: '/none', version: 9 }, 'BAD_VERSION'],
  ] as const;
  for (const [part, code] of cases) {
    const parts = [{ kind: 'create', path: '/none/a' }, part, { kind: 'create', path: '/none/b' }] as const;
    await assert.rejects(client.multi(parts), { code, index: 1 });
    await assert.rejects(client.multi([part]), { code, index: 0 });
  }
  const { children, stat } = await client.getChildren('/none');
  assert.deepEqual(children, []);
  assert.equal(stat.version, 0);
  await assert.rejects(client.multi([]), { code: 'BAD_REQUEST' });
  await assert.rejects(client.multi([{ kind: 'check', path: 'bad' }]), { code: 'BAD_REQUEST' });
});

test('several reads in one request, each with its result or its error', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await client.addAuth('digest', 'user:password');
  await client.create('/reads', { data: Buffer.from('data') });
  await client.create('/reads/child');
  await client.create('/reads/closed', { acl: CREATOR_ACL });
  await using other = await ZookeeperClient.connect({ servers });
  const [node, names, none, closed] = await other.multiRead([
    { kind: 'get', path: '/reads' },
    { kind: 'getChildren', path: '/reads' },
    { kind: 'get', path: '/reads/none' },
    { kind: 'getChildren', path: '/reads/closed' },
  ]);
  assert.ok(!(node instanceof ServerError));
  assert.equal(node.data.toString(), 'data');
  assert.equal(node.stat.childrenCount, 2);
  assert.ok(!(names instanceof ServerError));
  assert.deepEqual(names.toSorted(), ['child', 'closed']);
  assert.ok(none instanceof ServerError);
  assert.equal(none.code, 'NO_NODE');
  assert.match(none.message, /^multiRead, get \/reads\/none: /);
  assert.ok(closed instanceof ServerError && closed.code === 'NO_AUTH');
  assert.deepEqual(await other.multiRead([]), []);
  await assert.rejects(other.multiRead([{ kind: 'get', path: 'bad' }]), { code: 'BAD_REQUEST' });
});

test('the ephemeral znodes of the session, by prefix', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  await using other = await ZookeeperClient.connect({ servers });
  assert.deepEqual(await client.getEphemerals(), []);
  await client.create('/eph-1', { ephemeral: true });
  await client.create('/eph-2', { ephemeral: true });
  await client.create('/else', { ephemeral: true });
  await other.create('/eph-3', { ephemeral: true });
  assert.deepEqual((await client.getEphemerals()).toSorted(), ['/else', '/eph-1', '/eph-2']);
  assert.deepEqual((await client.getEphemerals('/eph')).toSorted(), ['/eph-1', '/eph-2']);
  assert.deepEqual(await client.getEphemerals('/eph-3'), []);
});

test('all znodes below a path are counted', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  for (const path of ['/count', '/count/a', '/count/a/b', '/count/c']) await client.create(path);
  assert.equal(await client.getAllChildrenNumber('/count'), 3);
  assert.equal(await client.getAllChildrenNumber('/count/c'), 0);
  await assert.rejects(client.getAllChildrenNumber('/nowhere'), { code: 'NO_NODE' });
});

test('who the server takes the client for, and its config', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers });
  const before = await client.whoAmI();
  assert.ok(before.some(({ scheme }) => scheme === 'ip'));
  await client.addAuth('digest', 'user:password');
  const added = (await client.whoAmI()).filter(({ scheme }) => scheme === 'digest');
  assert.deepEqual(added, [{ scheme: 'digest', user: 'user' }]);
  assert.match((await client.getConfig()).data.toString(), /^server\.1=.*\nversion=[0-9a-f]+$/);
});

test('a limit for one call, longer or shorter than that of the client', LIMIT, async () => {
  await using client = await ZookeeperClient.connect({ servers, requestTimeoutMs: 1_000 });
  await client.create('/limit');
  await ensemble.server(1).kill('SIGSTOP');
  const longer = client.get('/limit', { timeoutMs: 30_000 });
  const results = await Promise.allSettled([
    client.get('/limit', { timeoutMs: 300 }),
    client.set('/limit', Buffer.alloc(1), { timeoutMs: 300 }),
    client.get('/limit'),
    client.addAuth('digest', 'u:p', { timeoutMs: 300 }),
  ]);
  await ensemble.server(1).kill('SIGCONT');
  const errors = results.map((result) => (result.status === 'rejected' ? result.reason : undefined));
  assert.deepEqual(
    errors.map((error) => error?.code ?? 'answered'),
    ['REQUEST_TIMEOUT', 'MAYBE_APPLIED', 'REQUEST_TIMEOUT', 'REQUEST_TIMEOUT'],
  );
  assert.match(errors[0].message, /within 300 ms/);
  assert.equal(errors[1].cause.code, 'REQUEST_TIMEOUT');
  assert.match(errors[2].message, /within 1000 ms/);
  assert.equal((await longer).stat.version, 0);
  for (const timeoutMs of [0, 1.5, 2 ** 31]) {
    await assert.rejects(client.get('/limit', { timeoutMs }), { code: 'BAD_REQUEST' });
  }
});

// SPDX-License-Identifier: Apache-2.0
/** Every error of a call says which call it was: `op` and `path`, whatever ended it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  AuthFailedError,
  type ClientOptions,
  ConnectionLostError,
  MaybeAppliedError,
  RetryFailedError,
  retry,
  ServerError,
  SessionExpiredError,
  TransactionError,
  ZookeeperClient,
  ZookeeperError,
} from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';
import { FakeServer, reply, STAT } from './fake-server.ts';

const LIMIT = { timeout: 60_000 };

let ensemble: RealEnsemble;
let client: ZookeeperClient;
let below: ZookeeperClient;

before(async () => {
  ensemble = await realEnsemble(1);
  const server = `${ensemble.server(1).address}:${CLIENT_PORT}`;
  client = await ZookeeperClient.connect({ servers: server });
  await client.create('/root');
  below = await ZookeeperClient.connect({ servers: `${server}/root` });
}, LIMIT);

after(async () => {
  await client?.close();
  await below?.close();
  await ensemble?.[Symbol.asyncDispose]();
}, LIMIT);

/** The error that the call ends with, held against what it should tell. */
async function ends(
  call: Promise<unknown>,
  code: string,
  op: string | undefined,
  path: string | undefined,
): Promise<ZookeeperError> {
  const error = await call.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ZookeeperError, String(error));
  assert.ok(error.stack?.includes(error.message));
  assert.equal(error.name, error.constructor.name);
  const { code: found, op: foundOp, path: foundPath } = error;
  assert.deepEqual({ code: found, op: foundOp, path: foundPath }, { code, op, path });
  return error;
}

/** A client of a fake that answers nothing after the handshake, until it is told to hang up. */
async function withSilent(
  use: (client: ZookeeperClient, hangUp: () => void) => Promise<unknown>,
  options: ClientOptions = {},
): Promise<void> {
  let hangUp = () => {};
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    hangUp = () => void peer.socket.destroy();
    for (;;) await peer.call();
  });
  await using silent = await ZookeeperClient.connect({
    servers: fake.address,
    closeTimeoutMs: 50,
    reconnectLimitMs: 0,
    ...options,
  });
  await use(silent, () => hangUp());
}

test('the server refuses: each operation has its own name', LIMIT, async () => {
  await ends(client.get('/nowhere'), 'NO_NODE', 'get', '/nowhere');
  await ends(client.set('/nowhere', Buffer.of(1)), 'NO_NODE', 'set', '/nowhere');
  await ends(client.create('/root'), 'NODE_EXISTS', 'create', '/root');
  await ends(client.create2('/root'), 'NODE_EXISTS', 'create2', '/root');
  await ends(client.create('/root', { container: true }), 'NODE_EXISTS', 'createContainer', '/root');
  await ends(client.delete('/nowhere'), 'NO_NODE', 'delete', '/nowhere');
  await ends(client.getAndWatch('/nowhere'), 'NO_NODE', 'get', '/nowhere');
  await ends(client.removeWatches('/nowhere'), 'NO_WATCHER', 'removeWatches', '/nowhere');
  await ends(client.reconfig({ leaving: [1] }), 'BAD_ARGUMENTS', 'reconfig', '/zookeeper/config');
  const refused = await ends(client.addAuth('nonsense', 'x'), 'AUTH_FAILED', 'addAuth', undefined);
  assert.ok(refused instanceof ServerError && !(refused instanceof AuthFailedError));
});

test('with a chroot the path is the one that the caller gave', LIMIT, async () => {
  const error = await ends(below.get('/a/b'), 'NO_NODE', 'get', '/a/b');
  assert.match(error.message, /^get \/a\/b: /);
  await ends(below.multi([{ kind: 'delete', path: '/c' }]), 'NO_NODE', 'delete', '/c');
  await ends(below.get('/a/'), 'BAD_REQUEST', 'get', '/a/');
});

test('in a transaction it is the part that failed', LIMIT, async () => {
  const error = await ends(
    client.multi([
      { kind: 'create', path: '/t' },
      { kind: 'check', path: '/missing' },
      { kind: 'set', path: '/t', data: Buffer.of(1) },
    ]),
    'NO_NODE',
    'check',
    '/missing',
  );
  assert.ok(error instanceof TransactionError && error.index === 1);
  const bad = { kind: 'create2', path: 'no-slash' } as const;
  await ends(client.multi([{ kind: 'delete', path: '/t' }, bad]), 'BAD_REQUEST', 'create2', 'no-slash');
  await ends(client.multi([]), 'BAD_REQUEST', 'multi', undefined);
  const [read] = await client.multiRead([{ kind: 'getChildren', path: '/missing' }]);
  assert.ok(read instanceof ServerError);
  assert.deepEqual([read.op, read.path], ['getChildren', '/missing']);
  await ends(client.multiRead([{ kind: 'get', path: '' }]), 'BAD_REQUEST', 'get', '');
});

test('BAD_REQUEST, also for the limit and the size', LIMIT, async () => {
  await ends(client.get('/a', { timeoutMs: 0 }), 'BAD_REQUEST', 'get', '/a');
  await ends(client.addAuth('digest', 'a:b', { timeoutMs: -1 }), 'BAD_REQUEST', 'addAuth', undefined);
  await ends(client.watch('a'), 'BAD_REQUEST', 'addWatch', 'a');
  await ends(client.watch('/a', { maxUnread: 0 }), 'BAD_REQUEST', 'addWatch', '/a');
  await ends(client.removeWatches('a'), 'BAD_REQUEST', 'removeWatches', 'a');
  await ends(client.create('/a', { protected: true }), 'BAD_REQUEST', 'create2', '/a');
  await ends(client.set('/root', Buffer.alloc(2 ** 20)), 'REQUEST_TOO_LARGE', 'set', '/root');
  const odd = await ends(client.get('/a\nb'), 'BAD_REQUEST', 'get', '/a\nb');
  assert.ok(!odd.message.includes('\n'), odd.message);
});

test('a lost connection: each call has an error of its own', LIMIT, () =>
  withSilent(async (silent, hangUp) => {
    const calls = [
      ends(silent.get('/a'), 'CONNECTION_LOST', 'get', '/a'),
      ends(silent.exists('/b'), 'CONNECTION_LOST', 'exists', '/b'),
      ends(silent.whoAmI(), 'CONNECTION_LOST', 'whoAmI', undefined),
      ends(silent.set('/c', Buffer.of(1)), 'MAYBE_APPLIED', 'set', '/c'),
      ends(silent.multi([{ kind: 'delete', path: '/d' }]), 'MAYBE_APPLIED', 'multi', undefined),
      ends(silent.create('/e/f-', { sequential: true, protected: true }), 'MAYBE_APPLIED', 'create2', '/e/f-'),
    ];
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    hangUp();
    const [a, b, , c, , f] = await Promise.all(calls);
    assert.ok(a instanceof ConnectionLostError && b instanceof ConnectionLostError && a !== b);
    assert.match(a.message, /^get \/a: lost the connection to 127\.0\.0\.1:\d+: the server closed the connection$/);
    assert.ok(c instanceof MaybeAppliedError && c.cause instanceof ConnectionLostError);
    assert.ok(f instanceof MaybeAppliedError && f.cause instanceof ConnectionLostError);
  }),
);

test('REQUEST_TIMEOUT of a call or of the client, and QUEUE_FULL', LIMIT, async () => {
  await withSilent(
    async (silent) => {
      const first = ends(silent.get('/a', { timeoutMs: 20 }), 'REQUEST_TIMEOUT', 'get', '/a');
      const second = ends(silent.sync('/b'), 'REQUEST_TIMEOUT', 'sync', '/b');
      const third = ends(silent.addAuth('digest', 'a:b', { timeoutMs: 20 }), 'REQUEST_TIMEOUT', 'addAuth', undefined);
      const fourth = ends(silent.addAuth('digest', 'c:d'), 'REQUEST_TIMEOUT', 'addAuth', undefined);
      await ends(silent.get('/c'), 'QUEUE_FULL', 'get', '/c');
      const write = await ends(
        silent.delete('/d').catch(() => silent.delete('/d')),
        'QUEUE_FULL',
        'delete',
        '/d',
      );
      assert.match(write.message, /^delete \/d: 2 requests wait already/);
      await Promise.all([first, second, third, fourth]);
      const sent = await ends(silent.delete('/d', { timeoutMs: 20 }), 'MAYBE_APPLIED', 'delete', '/d');
      assert.ok(sent.cause instanceof ZookeeperError && sent.cause.code === 'REQUEST_TIMEOUT');
    },
    { requestTimeoutMs: 60, maxQueued: 2 },
  );
});

test('CLIENT_CLOSED before the start, at the close, after it and after an aborted start', LIMIT, async () => {
  const unstarted = new ZookeeperClient();
  await ends(unstarted.get('/a'), 'CLIENT_CLOSED', 'get', '/a');
  const reason = new Error('no longer wanted');
  await assert.rejects(unstarted.start({ signal: AbortSignal.abort(reason) }), reason);
  const after = await ends(unstarted.get('/a'), 'CLIENT_CLOSED', 'get', '/a');
  assert.equal(after.cause, reason);
  await withSilent(
    async (silent) => {
      silent.get('/a').catch(() => {});
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      const waiting = ends(silent.get('/b'), 'CLIENT_CLOSED', 'get', '/b');
      const closing = silent.close();
      await ends(silent.get('/c'), 'CLIENT_CLOSED', 'get', '/c');
      await Promise.all([waiting, closing]);
      await ends(silent.multi([{ kind: 'delete', path: '/d' }]), 'CLIENT_CLOSED', 'multi', undefined);
      await ends(silent.addAuth('digest', 'a:b'), 'CLIENT_CLOSED', 'addAuth', undefined);
    },
    { maxInFlight: 1 },
  );
});

test('a session that ended, and a limit of retries', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer, number) => {
    if (number > 0) {
      await peer.frame();
      // A timeout of zero: the session is gone.
      peer.socket.write(Buffer.concat([Buffer.from([0, 0, 0, 37]), Buffer.alloc(37)]));
      return;
    }
    await peer.greet();
    peer.socket.write(reply((await peer.call()).xid, STAT));
    peer.socket.destroy();
  });
  await using expiring = await ZookeeperClient.connect({ servers: fake.address });
  await expiring.exists('/a');
  for await (const status of expiring.statuses()) if (status.kind === 'expired') break;
  const error = await ends(expiring.get('/a'), 'SESSION_EXPIRED', 'get', '/a');
  assert.ok(error instanceof SessionExpiredError);
  const failed = await ends(
    retry(() => Promise.reject(new ConnectionLostError('gone').of({ op: 'get', path: '/r' })), { maxTries: 1 }),
    'RETRY_FAILED',
    'get',
    '/r',
  );
  assert.ok(failed instanceof RetryFailedError);
  await ends(ZookeeperClient.connect({ servers: '127.0.0.1:1', connectLimitMs: 0 }), 'NO_SERVER', undefined, undefined);
});

test('an abort ends a call with the very reason, also when that is an error of the client', LIMIT, () =>
  withSilent(async (silent) => {
    const reason = new ConnectionLostError('of somebody else');
    const controller = new AbortController();
    const calls = [silent.get('/a', { signal: controller.signal }), silent.addAuth('x', 'y', controller)];
    controller.abort(reason);
    calls.push(silent.get('/b', controller));
    for (const call of calls) assert.equal(await call.catch((error: unknown) => error), reason);
  }),
);

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ClientOptions,
  ConnectionLostError,
  MaybeAppliedError,
  SessionExpiredError,
  ZookeeperClient,
} from '../../src/client/index.ts';
import { FakeServer, frame, handshakeReply, int, reply, SESSION_ID, STAT, text } from './fake-server.ts';

const LIMIT = { timeout: 20_000 };

/** Ends with its connection, so that a test sees the first loss. */
function connectOnce(fake: FakeServer, options: Partial<ClientOptions> = {}): Promise<ZookeeperClient> {
  return ZookeeperClient.connect({ servers: fake.address, reconnectLimitMs: 0, requestTimeoutMs: 10_000, ...options });
}

function never(): Promise<void> {
  return new Promise(() => {});
}

test('a server that accepts and stays silent: the handshake has a limit', LIMIT, async () => {
  await using fake = await FakeServer.start(never);
  const options = { connectLimitMs: 400, handshakeTimeoutMs: 100 };
  await assert.rejects(connectOnce(fake, options), { code: 'NO_SERVER', message: /no handshake within 100 ms/ });
  assert.ok(fake.connections >= 2, 'it was tried again within the limit');
});

test('a server that goes silent after the handshake is lost at two thirds of the session timeout', LIMIT, async () => {
  let pings = 0;
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet(600);
    for (;;) if ((await peer.request()).xid === -2) pings += 1;
  });
  const client = await connectOnce(fake);
  const startMs = performance.now();
  await assert.rejects(client.get('/a'), (error: Error) => {
    assert.ok(error instanceof ConnectionLostError);
    assert.match(error.message, /silent for/);
    return true;
  });
  assert.ok(performance.now() - startMs >= 350, 'not before its time');
  assert.ok(pings >= 1, 'it was asked before');
  assert.equal(client.status.kind, 'closed');
});

test('pings keep an idle connection', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet(300);
    await peer.call();
  });
  await using client = await connectOnce(fake, { closeTimeoutMs: 50 });
  await sleep(900);
  assert.equal(client.status.kind, 'connected');
});

test('a connection cut within a reply: reads are lost, writes may be applied', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    const { xid } = await peer.call();
    await peer.call();
    const whole = reply(xid, Buffer.concat([text('data'), STAT]));
    peer.socket.end(whole.subarray(0, 30));
  });
  const client = await connectOnce(fake);
  const read = client.get('/a');
  const write = client.set('/a', Buffer.from('x'));
  await Promise.all([
    assert.rejects(read, { code: 'CONNECTION_LOST' }),
    assert.rejects(write, (error: Error) => {
      assert.ok(error instanceof MaybeAppliedError);
      assert.equal(error.code, 'MAYBE_APPLIED');
      assert.ok(error.cause instanceof ConnectionLostError);
      return true;
    }),
  ]);
});

const GARBAGE: readonly (readonly [string, (xid: number) => Buffer])[] = [
  ['a negative length', () => int(-5)],
  ['a length above the limit', () => int(0x7fff_ffff)],
  ['an answer out of turn', (xid) => reply(xid + 1, STAT)],
  ['an answer to nothing', (xid) => Buffer.concat([reply(xid, STAT), reply(xid, STAT), reply(xid, STAT)])],
  ['an xid that nobody has', () => reply(-77)],
  ['an xid of zero', () => reply(0, STAT)],
  ['an answer to a credential that was not sent', () => reply(-4)],
  ['a reply that is too short for its header', (xid) => frame(int(xid))],
  ['a stat that is cut short in a whole frame', (xid) => reply(xid, STAT.subarray(0, 20))],
  ['an HTTP answer', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
];

for (const [what, garbage] of GARBAGE) {
  test(`garbage ends the connection with a clear error: ${what}`, LIMIT, async () => {
    await using fake = await FakeServer.start(async (peer) => {
      await peer.greet();
      const { xid } = await peer.call();
      await peer.call();
      peer.socket.write(garbage(xid));
      await once(peer.socket, 'close');
    });
    const client = await connectOnce(fake);
    const results = await Promise.allSettled([client.set('/a', Buffer.alloc(1)), client.set('/b', Buffer.alloc(1))]);
    const last = results[1];
    if (what === 'an answer to nothing') {
      assert.deepEqual(
        results.map((result) => result.status),
        ['fulfilled', 'rejected'],
      );
    }
    assert.ok(last.status === 'rejected');
    assert.equal(last.reason.code, 'MAYBE_APPLIED');
    assert.equal(last.reason.cause.cause.code, 'PROTOCOL');
  });
}

test('a reply may come in pieces, cut at every byte', LIMIT, async () => {
  const body = Buffer.concat([text('some data'), STAT]);
  const size = reply(1, body).length;
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    for (let cut = 1; cut < size; cut++) {
      const { xid } = await peer.call();
      const whole = reply(xid, body);
      peer.socket.write(whole.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      peer.socket.write(whole.subarray(cut));
    }
    const { xid } = await peer.call();
    for (const byte of reply(xid, body)) {
      peer.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await peer.call();
  });
  await using client = await connectOnce(fake, { closeTimeoutMs: 50 });
  for (let cut = 1; cut <= size; cut++) {
    const { data, stat } = await client.get('/a');
    assert.equal(data.toString(), 'some data');
    assert.equal(stat.czxid, 0x1_0000_0001n);
  }
});

test('the handshake may come in pieces too, with the first notification behind it', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.frame();
    for (const byte of Buffer.concat([handshakeReply(10_000), reply(-1, Buffer.alloc(9), 0, -1n)])) {
      peer.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { xid } = await peer.call();
    peer.socket.write(Buffer.concat([reply(-1, Buffer.alloc(9), 0, -1n), reply(xid, STAT)]));
    await peer.call();
  });
  await using client = await connectOnce(fake, { closeTimeoutMs: 50 });
  assert.equal(client.sessionId, SESSION_ID);
  assert.equal((await client.exists('/a'))?.version, 7);
});

test('a refused handshake is tried again until the limit', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.frame();
    peer.socket.destroy();
  });
  await assert.rejects(connectOnce(fake, { connectLimitMs: 500 }), {
    code: 'NO_SERVER',
    message: /closed the connection/,
  });
  assert.ok(fake.connections >= 2);
});

test('nobody listens: the error names the server and the reason', LIMIT, async () => {
  const fake = await FakeServer.start(never);
  const { address } = fake;
  await fake[Symbol.asyncDispose]();
  const attempt = ZookeeperClient.connect({ servers: address, connectLimitMs: 200 });
  await assert.rejects(attempt, (error: Error) => {
    assert.match(error.message, /ECONNREFUSED/);
    assert.ok(error.message.includes(address));
    return true;
  });
});

test('with no limit to connect each server is tried once', LIMIT, async () => {
  await using silent = await FakeServer.start(never);
  await using closing = await FakeServer.start((peer) => void peer.socket.destroy());
  const servers = `${silent.address},${closing.address}`;
  const attempt = ZookeeperClient.connect({ servers, connectLimitMs: 0, handshakeTimeoutMs: 100 });
  await assert.rejects(attempt, { code: 'NO_SERVER', message: /at the first attempt/ });
  assert.equal(silent.connections, 1);
  assert.equal(closing.connections, 1);
});

test(
  'a reconnect brings the session, its password and the newest zxid; unsent requests wait for it',
  LIMIT,
  async () => {
    const handshakes: Buffer[] = [];
    const opcodes: number[] = [];
    await using fake = await FakeServer.start(async (peer, number) => {
      handshakes.push(await peer.greet());
      const first = await peer.call();
      opcodes.push(first.opcode);
      if (number === 0) {
        peer.socket.write(reply(first.xid, STAT, 0, 0x5_0000_0007n));
        await peer.call();
        peer.socket.destroy();
        return;
      }
      peer.socket.write(reply(first.xid, STAT, 0, 0x5_0000_0008n));
      await peer.call();
    });
    await using client = await ZookeeperClient.connect({ servers: fake.address, maxInFlight: 1, closeTimeoutMs: 50 });
    await client.exists('/a');
    const sent = client.set('/a', Buffer.alloc(1));
    // With one place only, this one is not sent before the loss.
    const unsent = client.exists('/b');
    await assert.rejects(sent, { code: 'MAYBE_APPLIED' });
    assert.equal((await unsent)?.version, 7);
    assert.deepEqual(opcodes, [3, 3], 'the write was not sent again');
    const [, second] = handshakes;
    assert.ok(second);
    assert.equal(second.readBigInt64BE(4), 0x5_0000_0007n);
    assert.equal(second.readBigInt64BE(16), SESSION_ID);
    assert.equal(second.subarray(28, 44).toString(), '0123456789abcdef');
  },
);

test('the parser of a new connection knows nothing of the one before', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer, number) => {
    await peer.greet();
    const { xid } = await peer.call();
    if (number === 0) {
      peer.socket.end(reply(xid, STAT).subarray(0, 17));
      return;
    }
    peer.socket.write(reply(xid, STAT));
    await peer.call();
  });
  await using client = await ZookeeperClient.connect({ servers: fake.address, closeTimeoutMs: 50 });
  await assert.rejects(client.exists('/a'), { code: 'CONNECTION_LOST' });
  assert.equal((await client.exists('/a'))?.version, 7);
});

test('a session that expired while the client was away ends it, with all that waits', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer, number) => {
    if (number === 0) {
      await peer.greet();
      await peer.call();
      peer.socket.destroy();
    } else {
      await peer.frame();
      peer.socket.write(handshakeReply(0, 0n));
    }
  });
  const client = await ZookeeperClient.connect({ servers: fake.address, maxInFlight: 1 });
  const seen: string[] = [];
  const watching = (async () => {
    for await (const status of client.statuses()) seen.push(status.kind);
  })();
  const sent = client.get('/a');
  const unsent = [client.get('/b'), client.set('/c', Buffer.alloc(1)), client.addAuth('digest', 'a:b')];
  await assert.rejects(sent, { code: 'CONNECTION_LOST' });
  const results = await Promise.allSettled(unsent);
  for (const result of results) {
    assert.ok(result.status === 'rejected');
    assert.ok(result.reason instanceof SessionExpiredError);
  }
  await watching;
  assert.deepEqual(seen, ['connected', 'disconnected', 'expired']);
  assert.equal(client.status.kind, 'expired');
  await assert.rejects(client.get('/a'), { code: 'SESSION_EXPIRED' });
  await client.close();
});

test('a server that is reached no more: the client ends at its limit', LIMIT, async () => {
  const fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    await peer.call();
  });
  const client = await ZookeeperClient.connect({ servers: fake.address, maxInFlight: 1, reconnectLimitMs: 300 });
  const sent = client.get('/a');
  const unsent = client.get('/b');
  await fake[Symbol.asyncDispose]();
  await assert.rejects(sent, { code: 'CONNECTION_LOST' });
  await assert.rejects(unsent, { code: 'NO_SERVER' });
  assert.equal(client.status.kind, 'closed');
});

test('an aborted call: unsent and reads end with the reason, a sent write may be applied', LIMIT, async () => {
  const opcodes: number[] = [];
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    const read = await peer.call();
    const write = await peer.call();
    opcodes.push(read.opcode, write.opcode);
    await sleep(200);
    peer.socket.write(Buffer.concat([reply(read.xid, STAT), reply(write.xid, STAT)]));
    const later = await peer.call();
    opcodes.push(later.opcode);
    peer.socket.write(reply(later.xid, STAT));
    await peer.call();
  });
  await using client = await connectOnce(fake, { maxInFlight: 2, closeTimeoutMs: 50 });
  const abort = new AbortController();
  const { signal } = abort;
  const read = client.exists('/a', { signal });
  const write = client.set('/a', Buffer.alloc(1), { signal });
  const unsent = client.delete('/a', { signal });
  const later = client.exists('/b');
  await sleep(50);
  const reason = new Error('enough');
  abort.abort(reason);
  await assert.rejects(read, reason);
  await assert.rejects(unsent, reason);
  await assert.rejects(write, { code: 'MAYBE_APPLIED', cause: reason });
  await assert.rejects(client.exists('/a', { signal }), reason);
  // The late answers find their turns, and the aborted delete is never sent.
  assert.equal((await later)?.version, 7);
  assert.deepEqual(opcodes, [3, 5, 3]);
});

test('a request without an answer has a limit of its own while pings are answered', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    for (;;) await peer.call();
  });
  await using client = await connectOnce(fake, { requestTimeoutMs: 200, maxInFlight: 2, closeTimeoutMs: 50 });
  const results = await Promise.allSettled([client.set('/a', Buffer.alloc(1)), client.get('/a'), client.get('/b')]);
  const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : result.status));
  assert.deepEqual(codes, ['MAYBE_APPLIED', 'REQUEST_TIMEOUT', 'REQUEST_TIMEOUT']);
  assert.equal(client.status.kind, 'connected');
});

test('never more in flight than the bound; the queue behind it has a bound, too', LIMIT, async () => {
  let most = 0;
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    let held: number[] = [];
    peer.socket.on('end', () => {});
    for (;;) {
      held.push((await peer.call()).xid);
      most = Math.max(most, held.length);
      if (held.length < 5) continue;
      await sleep(5);
      peer.socket.write(Buffer.concat(held.map((xid) => reply(xid, STAT))));
      held = [];
    }
  });
  await using client = await connectOnce(fake, { maxInFlight: 5, maxQueued: 20, closeTimeoutMs: 50 });
  const waiting = Array.from({ length: 20 }, () => client.exists('/a'));
  await assert.rejects(client.exists('/a'), { code: 'QUEUE_FULL' });
  await Promise.all(waiting);
  assert.equal(most, 5);
});

test('what is queued in one turn leaves in one write', LIMIT, async () => {
  let chunks = 0;
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    peer.socket.on('data', () => {
      chunks += 1;
    });
    for (let index = 0; index < 100; index++) {
      const { xid } = await peer.call();
      peer.socket.write(reply(xid, STAT));
    }
    await peer.call();
  });
  await using client = await connectOnce(fake, { closeTimeoutMs: 50 });
  await Promise.all(Array.from({ length: 100 }, () => client.exists('/a')));
  assert.equal(chunks, 1);
});

test('credentials are sent first on every connection; a refused one is forgotten', LIMIT, async () => {
  const seen: string[][] = [];
  await using fake = await FakeServer.start(async (peer, number) => {
    const lines: string[] = [];
    seen.push(lines);
    await peer.greet();
    for (;;) {
      const { xid, opcode, body } = await peer.call();
      if (opcode !== 100) {
        lines.push(`op ${opcode}`);
        if (number < 2) return void peer.socket.destroy();
        peer.socket.write(reply(xid, STAT));
        continue;
      }
      assert.equal(xid, -4);
      lines.push(body.subarray(8).toString().replaceAll('\0', ''));
      const refused = body.includes('bad');
      peer.socket.write(reply(-4, undefined, refused ? -115 : 0));
      if (refused) return void peer.socket.end();
    }
  });
  await using client = await ZookeeperClient.connect({ servers: fake.address, closeTimeoutMs: 50 });
  await client.addAuth('digest', 'u:one');
  await assert.rejects(client.addAuth('bad', 'u:two'), { code: 'AUTH_FAILED' });
  while (fake.connections < 2 || client.status.kind !== 'connected') await sleep(5);
  await assert.rejects(client.exists('/a'), { code: 'CONNECTION_LOST' });
  assert.equal((await client.exists('/a'))?.version, 7);
  assert.equal(seen.length, 3);
  assert.match(seen[1]?.[0] ?? '', /u:one/);
  assert.deepEqual(seen[1]?.slice(1), ['op 3']);
  assert.match(seen[2]?.[0] ?? '', /u:one/);
  assert.deepEqual(seen[2]?.slice(1, 2), ['op 3']);
});

test('close answers what was sent, rejects what was not, and takes nothing more', LIMIT, async () => {
  const opcodes: number[] = [];
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    const first = await peer.call();
    const last = await peer.call();
    opcodes.push(first.opcode, last.opcode);
    peer.socket.end(Buffer.concat([reply(first.xid, STAT), reply(last.xid)]));
  });
  const client = await connectOnce(fake, { maxInFlight: 1 });
  const sent = client.set('/a', Buffer.alloc(1));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const unsent = client.set('/b', Buffer.alloc(1));
  const closing = client.close();
  await assert.rejects(client.get('/c'), { code: 'CLIENT_CLOSED' });
  await assert.rejects(unsent, { code: 'CLIENT_CLOSED' });
  assert.equal((await sent).version, 7);
  await closing;
  assert.deepEqual(opcodes, [5, -11]);
  assert.deepEqual(client.status, { kind: 'closed' });
  await client.close();
});

test('close of a client whose server is silent has a limit', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    for (;;) await peer.call();
  });
  const client = await connectOnce(fake, { closeTimeoutMs: 100 });
  const pending = client.set('/a', Buffer.alloc(1));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await Promise.all([assert.rejects(pending, { code: 'MAYBE_APPLIED' }), client.close()]);
});

test('an aborted connect ends at once with the reason', LIMIT, async () => {
  await using fake = await FakeServer.start(never);
  const reason = new Error('no longer wanted');
  const signal = AbortSignal.any([AbortSignal.timeout(60)]);
  const attempt = ZookeeperClient.connect({ servers: fake.address }, { signal });
  await assert.rejects(attempt, { name: 'TimeoutError' });
  await assert.rejects(
    ZookeeperClient.connect({ servers: fake.address }, { signal: AbortSignal.abort(reason) }),
    reason,
  );
});

test('errors of a server that leave a write in doubt are told as such', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    for (const error of [-1, -7, -999, -103]) {
      const { xid } = await peer.call();
      peer.socket.write(reply(xid, undefined, error));
    }
    const { xid } = await peer.call();
    peer.socket.write(reply(xid, undefined, -999));
    await peer.call();
  });
  await using client = await connectOnce(fake, { closeTimeoutMs: 50 });
  const results = await Promise.allSettled([
    ...Array.from({ length: 4 }, () => client.set('/a', Buffer.alloc(1))),
    client.get('/a'),
  ]);
  const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : result.status));
  assert.deepEqual(codes, ['MAYBE_APPLIED', 'MAYBE_APPLIED', 'MAYBE_APPLIED', 'BAD_VERSION', 'UNKNOWN_SERVER_ERROR']);
});

test('a handshake that names another session than the one asked for is expiry, once', LIMIT, async () => {
  for (const id of [0n, SESSION_ID + 1n]) {
    await using fake = await FakeServer.start(async (peer, number) => {
      await peer.frame();
      peer.socket.write(handshakeReply(10_000, number === 0 ? SESSION_ID : id));
      if (number > 0) return;
      await peer.call();
      peer.socket.destroy();
    });
    const client = await ZookeeperClient.connect({ servers: fake.address, reconnectLimitMs: 10_000 });
    const statuses = client.statuses();
    await assert.rejects(client.get('/a'), { code: 'CONNECTION_LOST' });
    await assert.rejects(client.get('/a'), { code: 'SESSION_EXPIRED' });
    const seen: string[] = [];
    for await (const { kind } of statuses) seen.push(kind);
    assert.equal(seen.at(-1), 'expired');
    assert.equal(seen.filter((kind) => kind === 'expired').length, 1);
    assert.equal(client.sessionId, SESSION_ID);
    assert.equal(fake.connections, 2);
  }
});

test('a handshake that names no session is refused', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.frame();
    peer.socket.write(handshakeReply(10_000, 0n));
  });
  const attempt = ZookeeperClient.connect({ servers: fake.address, connectLimitMs: 200 });
  await assert.rejects(attempt, { code: 'NO_SERVER', message: /handshake names no session/ });
});

test('options out of range are refused before anything is done', async () => {
  for (const bad of [{ sessionTimeoutMs: 0 }, { maxInFlight: 1.5 }, { requestTimeoutMs: 2 ** 31 }, { servers: [] }]) {
    await assert.rejects(ZookeeperClient.connect({ servers: '127.0.0.1:1', ...bad }), { code: 'BAD_REQUEST' });
  }
});

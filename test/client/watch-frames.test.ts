// SPDX-License-Identifier: Apache-2.0
/** Watches against a server that sends what a test wants, when it wants it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type WatchEvent, ZookeeperClient } from '../../src/client/index.ts';
import { JuteReader } from '../../src/client/jute-reader.ts';
import { decodeNotification } from '../../src/client/operations/notification.ts';
import { type FakePeer, FakeServer, frame, int, long, reply, STAT, text } from './fake-server.ts';

const LIMIT = { timeout: 20_000 };

/** type 1 created, 2 deleted, 3 changed, 4 children changed */
function notification(type: number, path: string, zxid = -1n): Buffer {
  return frame(int(-1), long(zxid), int(0), int(type), int(3), text(path));
}

function connect(fake: FakeServer, options = {}): Promise<ZookeeperClient> {
  return ZookeeperClient.connect({ servers: fake.address, closeTimeoutMs: 50, ...options });
}

interface SetWatches {
  readonly relativeZxid: bigint;
  readonly vectors: string[][];
  readonly bytes: number;
}

/** The next frame, which sets watches again; its answer is left to the test. */
async function watchesSet(peer: FakePeer): Promise<SetWatches> {
  const { xid, opcode, body } = await peer.call();
  assert.deepEqual([xid, opcode], [-8, 105]);
  const reader = new JuteReader();
  reader.setChunk(body);
  reader.setFrame(0, body.length);
  const relativeZxid = reader.long();
  const vectors = Array.from({ length: 5 }, () => reader.strings());
  assert.equal(reader.remaining, 0);
  return { relativeZxid, vectors, bytes: body.length + 8 };
}

async function answerWatch(peer: FakePeer, zxid: bigint, body: Buffer): Promise<void> {
  const { xid } = await peer.call();
  peer.socket.write(reply(xid, body, 0, zxid));
}

test('the requests have the bytes of the protocol', LIMIT, async () => {
  const requests: [number, Buffer][] = [];
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    for (;;) {
      const { xid, opcode, body } = await peer.call();
      requests.push([opcode, Buffer.from(body)]);
      const got = Buffer.concat([text('data'), STAT]);
      const children = Buffer.concat([int(0), STAT]);
      const answers: Record<number, Buffer> = { 3: STAT, 4: got, 12: children, 106: int(0) };
      peer.socket.write(reply(xid, answers[opcode]));
    }
  });
  await using client = await connect(fake);
  await client.watch('/a');
  await client.watch('/a', { recursive: true });
  await client.getAndWatch('/a');
  await client.existsAndWatch('/a');
  await client.getChildrenAndWatch('/a');
  for (const type of ['children', 'data', 'any', 'persistent', 'recursive'] as const) {
    await client.removeWatches('/a', type);
  }
  const on = Buffer.from([1]);
  assert.deepEqual(requests, [
    [106, Buffer.concat([text('/a'), int(0)])],
    [106, Buffer.concat([text('/a'), int(1)])],
    ...[4, 3, 12].map((opcode) => [opcode, Buffer.concat([text('/a'), on])]),
    ...[1, 2, 3, 4, 5].map((type) => [18, Buffer.concat([text('/a'), int(type)])]),
  ]);
});

test('a notification that is cut at any byte is a protocol error, other kinds of it are left alone', () => {
  const whole = Buffer.concat([int(3), int(3), text('/path')]);
  const readerOf = (bytes: Buffer): JuteReader => {
    const reader = new JuteReader();
    reader.setChunk(bytes);
    reader.setFrame(0, bytes.length);
    return reader;
  };
  assert.deepEqual(decodeNotification(readerOf(whole), 7n), { kind: 'changed', path: '/path', zxid: 7n });
  for (let cut = 0; cut < whole.length; cut++) {
    assert.throws(() => decodeNotification(readerOf(whole.subarray(0, cut)), 7n), { code: 'PROTOCOL' });
  }
  for (const type of [-1, 0, 5, 6, 7, 99]) assert.equal(decodeNotification(readerOf(int(type)), 7n), undefined);
});

test('an event in the same bytes as the answer to its watch is not missed', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    const { xid } = await peer.call();
    const answer = reply(xid, Buffer.concat([text('old'), STAT]));
    peer.socket.write(Buffer.concat([answer, notification(3, '/a', 9n), notification(3, '/a', 10n)]));
    await peer.call();
  });
  await using client = await connect(fake);
  const { data, watch } = await client.getAndWatch('/a');
  assert.equal(data.toString(), 'old');
  const events: WatchEvent[] = [];
  for await (const event of watch) events.push(event);
  assert.deepEqual(events, [{ kind: 'changed', path: '/a', zxid: 9n }]);
});

test('watches are set again from the last answer, not from a later notification', LIMIT, async () => {
  const sets: SetWatches[] = [];
  const handshakes: bigint[] = [];
  await using fake = await FakeServer.start(async (peer, number) => {
    handshakes.push((await peer.greet()).readBigInt64BE(4));
    if (number === 0) {
      await answerWatch(peer, 5n, STAT);
      await answerWatch(peer, 6n, int(0));
      // One transaction deletes the znode and changes its parent: the connection is lost between the two events.
      peer.socket.end(notification(2, '/p/other', 8n));
      return;
    }
    sets.push(await watchesSet(peer));
    peer.socket.write(Buffer.concat([notification(4, '/p'), reply(-8, undefined, 0, 8n)]));
    await peer.call();
  });
  await using client = await connect(fake);
  const { watch } = await client.existsAndWatch('/p');
  const persistent = await client.watch('/p');
  assert.equal((await persistent.next()).value?.kind, 'disconnected');
  assert.equal((await persistent.next()).value?.kind, 'childrenChanged');
  assert.equal((await persistent.next()).value?.kind, 'rearmed');
  assert.equal((await watch.next()).value?.kind, 'disconnected');
  assert.deepEqual(
    sets.map(({ relativeZxid, vectors }) => [relativeZxid, vectors]),
    [[6n, [['/p'], [], [], ['/p'], []]]],
  );
  assert.deepEqual(handshakes, [0n, 8n], 'no server that knows less than the client is taken');
});

test('batches are at most 128 kB, each waits for the one before, requests wait for all', LIMIT, async () => {
  const paths = Array.from({ length: 700 }, (_, index) => `/${'ä'.repeat(150)}${index}`);
  const seen: SetWatches[] = [];
  let read = 0;
  await using fake = await FakeServer.start(async (peer, number) => {
    await peer.greet();
    if (number === 0) {
      for (const [index] of paths.entries()) await answerWatch(peer, BigInt(index + 1), STAT);
      peer.socket.end();
      return;
    }
    for (let batch = 0; batch < 2; batch++) {
      seen.push(await watchesSet(peer));
      // Cut off between the batches, once: the second batch must not be set from the zxid of this answer.
      peer.socket.write(reply(-8, undefined, 0, 9_999n));
      if (number === 1) return void peer.socket.end();
    }
    const { xid, opcode } = await peer.call();
    read = opcode;
    peer.socket.write(reply(xid, STAT, 0, 10_000n));
    await peer.call();
  });
  await using client = await connect(fake);
  const watches = await Promise.all(paths.map(async (path) => (await client.existsAndWatch(path)).watch));
  for (;;) {
    try {
      await client.exists('/later');
      break;
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'CONNECTION_LOST');
    }
  }
  assert.equal(read, 3);
  assert.deepEqual(
    seen.map(({ relativeZxid }) => relativeZxid),
    [700n, 700n, 700n],
  );
  for (const { bytes } of seen) assert.ok(bytes <= 128 * 1024, `${bytes}`);
  assert.ok((seen[0]?.bytes ?? 0) > 127 * 1024);
  assert.deepEqual([seen[1], seen[2]].flatMap((set) => set?.vectors[0] ?? []).toSorted(), paths.toSorted());
  const kinds = await Promise.all(
    watches.slice(-3).map(async (watch) => [(await watch.next()).value?.kind, (await watch.next()).value?.kind]),
  );
  for (const pair of kinds) assert.deepEqual(pair, ['disconnected', 'rearmed'], 'told once, although cut off twice');
});

test('a server that refuses to set watches again is left', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer, number) => {
    await peer.greet();
    if (number === 0) {
      await answerWatch(peer, 1n, STAT);
      peer.socket.end();
      return;
    }
    await watchesSet(peer);
    peer.socket.write(reply(-8, undefined, number === 1 ? -6 : 0));
    await peer.call();
  });
  await using client = await connect(fake);
  const { watch } = await client.existsAndWatch('/a');
  assert.equal((await watch.next()).value?.kind, 'disconnected');
  assert.equal((await watch.next()).value?.kind, 'rearmed');
  assert.equal(fake.connections, 3);
});

test('an answer to watches that nobody set ends the connection', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    await peer.call();
    peer.socket.write(reply(-8));
    await peer.call();
  });
  const client = await connect(fake, { reconnectLimitMs: 0 });
  await assert.rejects(client.get('/a'), { code: 'CONNECTION_LOST', message: /none were sent/ });
});

test('a reader that is too slow is told how many events it has lost', LIMIT, async () => {
  let burst: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    burst = resolve;
  });
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    await answerWatch(peer, 1n, int(0));
    await ready;
    const all = Array.from({ length: 25 }, (_, index) => notification(3, `/${index}`, BigInt(index)));
    peer.socket.write(Buffer.concat(all));
    await answerWatch(peer, 30n, STAT);
    await peer.call();
  });
  await using client = await connect(fake);
  for (const maxUnread of [0, 1.5]) {
    await assert.rejects(client.watch('/', { maxUnread }), { code: 'BAD_REQUEST' });
  }
  const watch = await client.watch('/', { recursive: true, maxUnread: 10 });
  burst();
  await client.exists('/a');
  const events: WatchEvent[] = [];
  for (let count = 0; count < 11; count++) events.push((await watch.next()).value as WatchEvent);
  assert.deepEqual(events[0], { kind: 'overflow', lost: 15 });
  assert.deepEqual(
    events.slice(1).map((event) => (event.kind === 'changed' ? event.path : event.kind)),
    Array.from({ length: 10 }, (_, index) => `/${index + 15}`),
  );
});

test('a watch whose call was given up is taken back; a late answer to removeWatches still counts', LIMIT, async () => {
  const opcodes: number[] = [];
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    const first = await peer.call();
    const second = await peer.call();
    opcodes.push(first.opcode, second.opcode);
    peer.socket.write(Buffer.concat([reply(first.xid, int(0)), notification(3, '/a'), reply(second.xid)]));
    await answerWatch(peer, 1n, int(0));
    const removing = await peer.call();
    await peer.call();
    peer.socket.write(reply(removing.xid));
    await peer.call();
  });
  await using client = await connect(fake);
  await assert.rejects(client.watch('/a', { timeoutMs: 50 }), { code: 'REQUEST_TIMEOUT' });
  const watch = await client.watch('/a');
  assert.deepEqual(opcodes, [106, 18]);
  await assert.rejects(client.removeWatches('/a', 'any', { timeoutMs: 50 }), { code: 'REQUEST_TIMEOUT' });
  client.exists('/b').catch(() => {});
  assert.deepEqual(await watch.next(), { done: false, value: { kind: 'removed' } });
  assert.deepEqual(await watch.next(), { done: true, value: undefined });
});

test('a path that no frame could set again is refused', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    for (;;) await answerWatch(peer, 1n, STAT);
  });
  await using client = await connect(fake);
  const long = `/${'x'.repeat(128 * 1024)}`;
  for (const call of [client.watch(long), client.existsAndWatch(long)]) {
    await assert.rejects(call, { code: 'REQUEST_TOO_LARGE' });
  }
  assert.equal((await client.exists(long))?.version, 7);
  await client.existsAndWatch(`/${'x'.repeat(128 * 1024 - 41)}`);
});

// SPDX-License-Identifier: Apache-2.0
/**
 * Replies to each operation: read well, cut at every byte, with counts that can't be, and longer than they should be.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ServerError, TransactionError, type TransactionPart, ZookeeperClient } from '../../src/client/index.ts';
import { JuteReader } from '../../src/client/jute-reader.ts';
import { JuteWriter } from '../../src/client/jute-writer.ts';
import type { Operation } from '../../src/client/operation.ts';
import { createContainer } from '../../src/client/operations/create-container.ts';
import { createTtl } from '../../src/client/operations/create-ttl.ts';
import { create2 } from '../../src/client/operations/create2.ts';
import { getAcl } from '../../src/client/operations/get-acl.ts';
import { getAllChildrenNumber } from '../../src/client/operations/get-all-children-number.ts';
import { getEphemerals } from '../../src/client/operations/get-ephemerals.ts';
import { multi } from '../../src/client/operations/multi.ts';
import { multiRead, type ReadPart } from '../../src/client/operations/multi-read.ts';
import { setAcl } from '../../src/client/operations/set-acl.ts';
import { whoAmI } from '../../src/client/operations/who-am-i.ts';
import { readStat, type Stat } from '../../src/client/stat.ts';
import { FakeServer, int, long, reply, STAT, text } from './fake-server.ts';

const LIMIT = { timeout: 20_000 };

function readerOf(bytes: Buffer): JuteReader {
  const reader = new JuteReader();
  reader.setChunk(bytes);
  reader.setFrame(0, bytes.length);
  return reader;
}

function encoded<Body>(operation: Operation<Body, unknown>, body: Body): Buffer {
  const writer = new JuteWriter();
  operation.encode(writer, body);
  return writer.take();
}

/** A header before a part or a result of a multi. */
function header(type: number, error = -1): Buffer {
  return Buffer.concat([int(type), Buffer.from([0]), int(error)]);
}

const END = Buffer.concat([int(-1), Buffer.from([1]), int(-1)]);
const WHOLE_STAT: Stat = readStat(readerOf(STAT));
const CREATE = { path: '/a', data: Buffer.from('x'), acl: [{ permissions: 1, scheme: 's', id: 'i' }] };
const CREATE_BYTES = Buffer.concat([text('/a'), text('x'), int(1), int(1), text('s'), text('i')]);
const PARTS: readonly TransactionPart[] = [
  { kind: 'create', ...CREATE, sequential: true },
  { kind: 'create2', ...CREATE },
  { kind: 'create', ...CREATE, container: true },
  { kind: 'create2', ...CREATE, ttlMs: 7 },
  { kind: 'set', path: '/s', data: Buffer.from('y'), version: 3 },
  { kind: 'delete', path: '/d' },
  { kind: 'check', path: '/c', version: 4 },
];
const READS: readonly ReadPart[] = [
  { kind: 'get', path: '/a' },
  { kind: 'getChildren', path: '/b' },
  { kind: 'get', path: '/c' },
];

interface Exchange {
  readonly operation: Operation<never, unknown>;
  readonly opcode: number;
  readonly request: unknown;
  readonly requestBytes: Buffer;
  readonly replyBytes: Buffer;
  readonly reply: unknown;
}

function exchange<Body, Reply>(
  operation: Operation<Body, Reply>,
  opcode: number,
  request: Body,
  requestBytes: readonly Buffer[],
  replyBytes: readonly Buffer[],
  expected: Reply,
): Exchange {
  return {
    operation,
    opcode,
    request,
    requestBytes: Buffer.concat(requestBytes),
    replyBytes: Buffer.concat(replyBytes),
    reply: expected,
  };
}

const PATH_AND_STAT = { path: '/a', stat: WHOLE_STAT };
const EXCHANGES: readonly Exchange[] = [
  exchange(create2, 15, CREATE, [CREATE_BYTES, int(0)], [text('/a'), STAT], PATH_AND_STAT),
  exchange(
    createContainer,
    19,
    { ...CREATE, container: true },
    [CREATE_BYTES, int(4)],
    [text('/a'), STAT],
    PATH_AND_STAT,
  ),
  exchange(
    createTtl,
    21,
    { ...CREATE, ttlMs: 2 ** 40 - 1, sequential: true },
    [CREATE_BYTES, int(6), long(0xff_ffff_ffffn)],
    [text('/a'), STAT],
    PATH_AND_STAT,
  ),
  exchange(getAcl, 6, '/a', [text('/a')], [int(1), int(31), text('world'), text('anyone'), STAT], {
    acl: [{ permissions: 31, scheme: 'world', id: 'anyone' }],
    stat: WHOLE_STAT,
  }),
  exchange(
    setAcl,
    7,
    { path: '/a', acl: CREATE.acl, version: 5 },
    [text('/a'), int(1), int(1), text('s'), text('i'), int(5)],
    [STAT],
    WHOLE_STAT,
  ),
  exchange(getEphemerals, 103, '/', [text('/')], [int(2), text('/a'), text('/b')], ['/a', '/b']),
  exchange(getAllChildrenNumber, 104, '/', [text('/')], [int(7)], 7),
  exchange(whoAmI, 107, undefined, [], [int(1), text('digest'), text('user')], [{ scheme: 'digest', user: 'user' }]),
  exchange(
    multi,
    14,
    PARTS,
    [
      ...[header(1), CREATE_BYTES, int(2), header(15), CREATE_BYTES, int(0)],
      ...[header(19), CREATE_BYTES, int(4), header(21), CREATE_BYTES, int(5), long(7n)],
      ...[
        header(5),
        text('/s'),
        text('y'),
        int(3),
        header(2),
        text('/d'),
        int(-1),
        header(13),
        text('/c'),
        int(4),
        END,
      ],
    ],
    [
      ...[header(1, 0), text('/a1'), header(15, 0), text('/a2'), STAT, header(15, 0), text('/a3'), STAT],
      ...[header(15, 0), text('/a4'), STAT, header(5, 0), STAT, header(2, 0), header(13, 0), END],
    ],
    [
      '/a1',
      { path: '/a2', stat: WHOLE_STAT },
      '/a3',
      { path: '/a4', stat: WHOLE_STAT },
      WHOLE_STAT,
      undefined,
      undefined,
    ],
  ),
  exchange(
    multiRead,
    22,
    READS,
    [4, 8, 4].flatMap((type, index) => [header(type), text(READS[index]?.path ?? ''), Buffer.from([0])]).concat(END),
    [header(4, 0), text('data'), STAT, header(8, 0), int(1), text('b'), header(-1, -101), int(-101), END],
    [
      { data: Buffer.from('data'), stat: WHOLE_STAT },
      ['b'],
      new ServerError(-101, 'multiRead, get /c', { op: 'get', path: '/c' }),
    ],
  ),
];

for (const { operation, opcode, request, requestBytes, replyBytes, reply: expected } of EXCHANGES) {
  test(`${operation.name}: request and reply have the bytes of the protocol`, () => {
    assert.equal(operation.opcode, opcode);
    assert.deepEqual(encoded(operation, request as never), requestBytes);
    const reader = readerOf(replyBytes);
    assert.deepEqual(operation.decode(reader, request as never), expected);
    assert.equal(reader.remaining, 0);
  });

  test(`${operation.name}: a reply that is cut at any byte is a protocol error`, () => {
    for (let cut = 0; cut < replyBytes.length; cut++) {
      const reader = readerOf(replyBytes.subarray(0, cut));
      assert.throws(() => operation.decode(reader, request as never), { code: 'PROTOCOL' }, `cut at ${cut}`);
    }
  });

  test(`${operation.name}: no number in a reply makes it crash, hang or take memory`, () => {
    for (let at = 0; at + 4 <= replyBytes.length; at++) {
      for (const value of [-1, -2, 0x7fff_ffff, -0x8000_0000, 0x10_0000]) {
        const bad = Buffer.from(replyBytes);
        bad.writeInt32BE(value, at);
        try {
          operation.decode(readerOf(bad), request as never);
        } catch (error) {
          assert.equal((error as { code?: unknown }).code, 'PROTOCOL', `${value} at ${at}: ${error}`);
        }
      }
    }
  });
}

test('a transaction that failed: the first part with an error is told', () => {
  const failed = (numbers: readonly number[]): Buffer =>
    Buffer.concat([...numbers.flatMap((number) => [header(-1, number), int(number)]), END]);
  const parts = PARTS.slice(4);
  for (const [numbers, index, code] of [
    [[0, -101, -2], 1, 'NO_NODE'],
    [[-103, -2, -2], 0, 'BAD_VERSION'],
    [[0, 0, -111], 2, 'NOT_EMPTY'],
  ] as const) {
    const error = multi.decode(readerOf(failed(numbers)), parts);
    assert.ok(error instanceof TransactionError);
    assert.deepEqual([error.index, error.code], [index, code]);
  }
});

test('results of a multi that are too few, too many or of another kind are a protocol error', () => {
  const parts: readonly TransactionPart[] = [{ kind: 'delete', path: '/d' }];
  for (const bytes of [
    [END],
    [header(2, 0), header(2, 0), END],
    [header(13, 0), END],
    [header(1, 0), text('/a'), END],
    [header(77, 0), END],
  ]) {
    assert.throws(() => multi.decode(readerOf(Buffer.concat(bytes)), parts), { code: 'PROTOCOL' });
  }
  const reads: readonly ReadPart[] = [{ kind: 'getChildren', path: '/d' }];
  for (const bytes of [[END], [header(4, 0), text('d'), STAT, END], [header(12, 0), int(0), STAT, END]]) {
    assert.throws(() => multiRead.decode(readerOf(Buffer.concat(bytes)), reads), { code: 'PROTOCOL' });
  }
});

/** One call of each operation, as users make it. */
const CALLS: readonly ((client: ZookeeperClient) => Promise<unknown>)[] = [
  (client) => client.create2('/a'),
  (client) => client.create2('/a', { container: true }),
  (client) => client.create2('/a', { ttlMs: 1 }),
  (client) => client.getAcl('/a'),
  (client) => client.setAcl('/a', CREATE.acl),
  (client) => client.getEphemerals(),
  (client) => client.getAllChildrenNumber('/'),
  (client) => client.whoAmI(),
  (client) => client.multi(PARTS),
  (client) => client.multiRead(READS),
];

for (const [index, call] of CALLS.entries()) {
  const { operation, opcode, replyBytes, reply: expected } = EXCHANGES[index] as Exchange;

  test(`${operation.name} over a connection: a cut reply ends it, and what was asked`, LIMIT, async () => {
    await using fake = await FakeServer.start(async (peer) => {
      await peer.greet();
      const request = await peer.call();
      assert.equal(request.opcode, opcode);
      peer.socket.write(reply(request.xid, replyBytes.subarray(0, -1)));
      await once(peer.socket, 'close');
    });
    const client = await ZookeeperClient.connect({ servers: fake.address, reconnectLimitMs: 0 });
    await assert.rejects(call(client), (error: Error & { code?: unknown }) => {
      assert.equal(error.code, operation.isWrite ? 'MAYBE_APPLIED' : 'CONNECTION_LOST');
      return true;
    });
  });

  test(`${operation.name} over a connection: bytes behind the reply disturb nothing`, LIMIT, async () => {
    await using fake = await FakeServer.start(async (peer) => {
      await peer.greet();
      for (;;) {
        const { xid } = await peer.call();
        peer.socket.write(reply(xid, Buffer.concat([replyBytes, Buffer.alloc(9, 7)])));
      }
    });
    await using client = await ZookeeperClient.connect({ servers: fake.address, closeTimeoutMs: 50 });
    assert.deepEqual(await Promise.all([call(client), call(client)]), [expected, expected]);
  });
}

test('a reply above the limit of the client ends the connection', LIMIT, async () => {
  await using fake = await FakeServer.start(async (peer) => {
    await peer.greet();
    const { xid } = await peer.call();
    peer.socket.write(reply(xid, Buffer.concat([int(1), text('a'.repeat(2_000))])));
    await once(peer.socket, 'close');
  });
  const client = await ZookeeperClient.connect({ servers: fake.address, reconnectLimitMs: 0, maxReplyBytes: 1_000 });
  await assert.rejects(client.getEphemerals(), { code: 'CONNECTION_LOST', message: /a frame claims 20\d\d bytes/ });
});

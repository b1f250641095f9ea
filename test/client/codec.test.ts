// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameParser } from '../../src/client/frames.ts';
import { InFlight } from '../../src/client/in-flight.ts';
import { JuteReader } from '../../src/client/jute-reader.ts';
import { JuteWriter } from '../../src/client/jute-writer.ts';
import { NULL_DATA } from '../../src/client/null-data.ts';
import { encodeConnect } from '../../src/client/operations/connect.ts';
import { create } from '../../src/client/operations/create.ts';
import { get } from '../../src/client/operations/get.ts';
import { reconfig } from '../../src/client/operations/reconfig.ts';
import { pathProblem } from '../../src/client/path.ts';
import { parseServers, ServerRound } from '../../src/client/servers.ts';
import { readStat } from '../../src/client/stat.ts';
import { frame, int, long, STAT, text } from './fake-server.ts';

function readerOf(bytes: Buffer): JuteReader {
  const reader = new JuteReader();
  reader.setChunk(bytes);
  reader.setFrame(0, bytes.length);
  return reader;
}

/** What the writer makes of one frame, without the length field, which is checked. */
function written(write: (writer: JuteWriter) => void): Buffer {
  const writer = new JuteWriter();
  writer.beginFrame();
  write(writer);
  writer.endFrame();
  const bytes = writer.take();
  assert.equal(bytes.readInt32BE(0), bytes.length - 4);
  return bytes.subarray(4);
}

test('the writer makes the bytes of the protocol', () => {
  const request = { lastZxid: 5n, timeoutMs: 4000, sessionId: -1n, password: Buffer.from('secret') };
  for (const allowReadOnly of [false, true]) {
    assert.deepEqual(
      written((writer) => encodeConnect(writer, { ...request, allowReadOnly })),
      Buffer.concat([int(0), long(5n), int(4000), long(-1n), text('secret'), Buffer.from([allowReadOnly ? 1 : 0])]),
    );
  }
  const acl = [{ permissions: 31, scheme: 'world', id: 'anyone' }];
  const body = { path: '/ä', data: Buffer.from('x'), acl, ephemeral: true, sequential: true };
  assert.deepEqual(
    written((writer) => create.encode(writer, body)),
    Buffer.concat([text('/ä'), text('x'), int(1), int(31), text('world'), text('anyone'), int(3)]),
  );
  assert.deepEqual(
    written((writer) => reconfig.encode(writer, { leaving: [3, 4], fromVersion: 0x1_0000_0003n })),
    Buffer.concat([int(-1), text('3,4'), int(-1), long(0x1_0000_0003n)]),
  );
});

test('null data is an object of its own, and written as null again; empty data is neither', () => {
  const nothing = get.decode(readerOf(Buffer.concat([int(-1), STAT])), '/a').data;
  const empty = get.decode(readerOf(Buffer.concat([int(0), STAT])), '/a').data;
  assert.deepEqual([nothing.length, empty.length, nothing === NULL_DATA, empty === NULL_DATA], [0, 0, true, false]);
  assert.deepEqual(
    written((writer) => writer.bytes(nothing)),
    int(-1),
  );
  assert.deepEqual(
    written((writer) => writer.bytes(empty)),
    int(0),
  );
});

test('strings of every kind survive writing and reading', () => {
  const long = 'a'.repeat(70_000);
  const samples = ['', 'a', '/plain/path', 'ä', '€', '😀', 'a'.repeat(64), 'a'.repeat(65), `${'a'.repeat(63)}ä`, long];
  for (const sample of samples) {
    const reader = readerOf(written((writer) => writer.string(sample)));
    assert.equal(reader.string(), sample);
    assert.equal(reader.remaining, 0);
  }
});

test('a batch that was taken is not touched by what is written later', () => {
  const writer = new JuteWriter();
  const batches: Buffer[] = [];
  const copies: Buffer[] = [];
  for (let index = 0; index < 500; index++) {
    writer.beginFrame();
    writer.bytes(Buffer.alloc((index * 37) % 3000, index));
    writer.endFrame();
    if (index % 3 === 2) {
      const batch = writer.take();
      batches.push(batch);
      copies.push(Buffer.from(batch));
    }
  }
  assert.deepEqual(batches, copies);
});

test('a dropped frame leaves no trace, even when the buffer had to grow for it', () => {
  const writer = new JuteWriter();
  for (const value of [1, 2]) {
    writer.beginFrame();
    writer.int(value);
    writer.endFrame();
    writer.beginFrame();
    writer.bytes(Buffer.alloc(200_000));
    writer.dropFrame();
  }
  assert.deepEqual(writer.take(), Buffer.concat([frame(int(1)), frame(int(2))]));
});

test('a stat is read field by field', () => {
  assert.deepEqual(readStat(readerOf(STAT)), {
    czxid: 0x1_0000_0001n,
    mzxid: 0x2_0000_0002n,
    createdMs: 1_700_000_000_123,
    modifiedMs: 1_700_000_000_456,
    version: 7,
    childrenVersion: 8,
    aclVersion: 9,
    ephemeralOwner: -2n,
    dataLength: 11,
    childrenCount: 12,
    pzxid: 0x7fff_ffff_ffff_ffffn,
  });
});

test('a record that claims more than its frame holds is a protocol error', () => {
  const faults: (() => unknown)[] = [
    () => readerOf(int(5)).bytes(),
    () => readerOf(int(-7)).string(),
    () => readerOf(int(2_000_000_000)).strings(),
    () => readerOf(Buffer.concat([int(2), text('a')])).strings(),
    () => readStat(readerOf(STAT.subarray(0, 67))),
    () => readerOf(Buffer.alloc(3)).int(),
    () => readerOf(Buffer.alloc(7)).long(),
    () => readerOf(Buffer.alloc(0)).boolean(),
  ];
  for (const problem of faults) assert.throws(problem, { code: 'PROTOCOL' });
  assert.equal(readerOf(int(-1)).string(), '');
  assert.deepEqual(readerOf(int(-1)).strings(), []);
});

test('a reader does not see the bytes of the next frame', () => {
  const reader = new JuteReader();
  reader.setChunk(Buffer.concat([int(1), int(2)]));
  reader.setFrame(0, 4);
  assert.equal(reader.int(), 1);
  assert.throws(() => reader.int(), { code: 'PROTOCOL' });
});

/** Reads all frames of the stream, cut into chunks at the given places. */
function framesOf(stream: Buffer, cuts: readonly number[], limit = 1_000_000): string[] {
  const frames: string[] = [];
  const parser = new FrameParser(limit, (reader) => frames.push(reader.string()));
  let start = 0;
  for (const cut of [...cuts, stream.length]) {
    parser.push(stream.subarray(start, cut));
    start = cut;
  }
  return frames;
}

test('frames are the same wherever the stream is cut', () => {
  const words = ['', 'one', 'a longer word', 'ä€😀', 'x'.repeat(100)];
  const stream = Buffer.concat(words.map((word) => frame(text(word))));
  const every = Array.from({ length: stream.length - 1 }, (_, index) => index + 1);
  assert.deepEqual(framesOf(stream, []), words);
  assert.deepEqual(framesOf(stream, every), words);
  for (const first of every) {
    assert.deepEqual(framesOf(stream, [first]), words);
    for (const second of every.filter((cut) => cut > first && cut % 3 === 0)) {
      assert.deepEqual(framesOf(stream, [first, second]), words);
    }
  }
});

test('a chunk may be written over once it was pushed', () => {
  const words = ['', 'one', 'a longer word', 'x'.repeat(100)];
  const stream = Buffer.concat(words.map((word) => frame(text(word))));
  for (let size = 1; size <= stream.length; size++) {
    const frames: string[] = [];
    const parser = new FrameParser(1_000_000, (reader) => frames.push(reader.string()));
    const chunk = Buffer.alloc(size);
    for (let start = 0; start < stream.length; start += size) {
      parser.push(chunk.subarray(0, stream.copy(chunk, 0, start, start + size)));
      chunk.fill(0xff);
    }
    assert.deepEqual(frames, words, `pieces of ${size} bytes`);
  }
});

test('an empty frame is a frame', () => {
  let count = 0;
  const parser = new FrameParser(10, () => {
    count += 1;
  });
  const stream = Buffer.concat([frame(), frame(), frame()]);
  parser.push(stream);
  for (const byte of stream) parser.push(Buffer.from([byte]));
  assert.equal(count, 6);
});

test('a length that cannot be is refused, whole or in pieces', () => {
  for (const length of [-1, -2_147_483_648, 11, 0x7fff_ffff]) {
    assert.throws(() => framesOf(int(length), [], 10), { code: 'PROTOCOL' });
    assert.throws(() => framesOf(int(length), [1, 2, 3], 10), { code: 'PROTOCOL' });
    assert.throws(() => framesOf(Buffer.concat([frame(text('ok')), int(length)]), [], 10), { code: 'PROTOCOL' });
  }
});

test('a stopped parser hands out nothing more of its chunk', () => {
  const seen: string[] = [];
  const parser = new FrameParser(100, (reader) => {
    seen.push(reader.string());
    parser.stop();
  });
  parser.push(Buffer.concat([frame(text('a')), frame(text('b'))]));
  parser.push(frame(text('c')));
  assert.deepEqual(seen, ['a']);
});

test('xids begin at 1 and wrap to 1, never reaching the reserved ones', () => {
  const fresh = new InFlight();
  assert.deepEqual([fresh.takeXid(), fresh.takeXid()], [1, 2]);
  const old = new InFlight(0x7fff_fffe);
  assert.deepEqual([old.takeXid(), old.takeXid(), old.takeXid(), old.takeXid()], [0x7fff_fffe, 0x7fff_ffff, 1, 2]);
});

test('paths that no server accepts are found', () => {
  for (const path of ['/', '/a', '/a/b', '/.a', '/a..', '/ä', '/...', '/zookeeper/config']) {
    assert.equal(pathProblem(path, false), undefined, path);
  }
  const bad = ['', 'a', 'a/b', '/a/', '//', '/a//b', '/.', '/..', '/a/./b', '/a/..', '/a\0', '/\x1f', '/\x7f', '/\x9f'];
  for (const path of [...bad, '/\ud83d\ude00', '/\ue000', '/\uffff']) {
    assert.equal(pathProblem(path, false)?.code, 'BAD_REQUEST', JSON.stringify(path));
  }
  assert.equal(pathProblem('/a/', true), undefined);
  assert.equal(pathProblem('/a//', true)?.code, 'BAD_REQUEST');
});

test('lists of servers are read, IPv6 too', () => {
  assert.deepEqual(parseServers('a:1, b ,[::1]:2182,[fe80::1%eth0]'), [
    { host: 'a', port: 1 },
    { host: 'b', port: 2181 },
    { host: '::1', port: 2182 },
    { host: 'fe80::1%eth0', port: 2181 },
  ]);
  assert.deepEqual(parseServers('_zk.orders_db.internal:2182,1ZK.example.'), [
    { host: '_zk.orders_db.internal', port: 2182 },
    { host: '1ZK.example.', port: 2181 },
  ]);
  for (const bad of ['', 'a:', 'a:0', 'a:65536', ':2181', '::1', 'a:1,', 'a b', 'a/chroot', '[::1']) {
    assert.throws(() => parseServers(bad), { code: 'BAD_REQUEST' }, bad);
  }
});

test('a round asks every server before it pauses, and pauses have a bound', () => {
  const servers = parseServers('a,b,c');
  const round = new ServerRound(servers);
  const hosts = [];
  for (let index = 0; index < 3; index++) {
    assert.equal(round.pauseMs(), 0);
    hosts.push(round.next().server.host);
  }
  assert.deepEqual(hosts.toSorted(), ['a', 'b', 'c']);
  assert.ok(round.pauseMs(() => 1) > 0);
  for (let index = 0; index < 100; index++) round.next();
  assert.equal(
    round.pauseMs(() => 1),
    1_000,
  );
  round.rest();
  assert.equal(round.pauseMs(), 0);
});

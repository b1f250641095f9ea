// SPDX-License-Identifier: Apache-2.0
/** Which snapshot a server would start on, and what is said of one that does not load. */
import assert from 'node:assert/strict';
import { rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { DataFacts } from '../../src/model/disk.ts';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { countingCalls } from './crashing-file-system.ts';
import { oldSnapshotOf, snapshotOf } from './snapshot-file.ts';
import { LOG_HEADER, logEntry, zxid } from './transaction-log-file.ts';

const SIGNAL = new AbortController().signal;

type Files = Readonly<Record<string, Buffer | string>>;

async function factsOf(files: Files): Promise<DataFacts> {
  await using directory = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory.path, name), content);
  const facts = await readDataDirectory(directory.path, SIGNAL);
  assert.ok(facts);
  return facts;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 0x55, at);
  return copy;
}

const BAD = flipped(snapshotOf('a tree of nodes'), 20);

describe('snapshot', () => {
  it('a bit that flipped in the only one is found, whatever its seal says', async () => {
    const facts = await factsOf({ 'snapshot.5': BAD });
    assert.match(facts.damage ?? '', /no snapshot that loads: snapshot\.5 is damaged, it has a wrong checksum/);
  });

  it('any bit that flips is found', async () => {
    const whole = snapshotOf('a tree of nodes');
    for (let at = 0; at < whole.length; at++) {
      // The server does not look at version and database id; the checksum does.
      const facts = await factsOf({
        'snapshot.5': flipped(whole, at),
        'log.6': Buffer.concat([LOG_HEADER, logEntry(6)]),
      });
      assert.ok(facts.damage, `byte ${at}`);
    }
  });

  it('of another moment under this name is damage: a server would start without the writes between', async () => {
    const log = Buffer.concat([LOG_HEADER, logEntry(0x64), logEntry(0x65)]);
    const facts = await factsOf({ 'snapshot.64': snapshotOf('an older tree', 0x3n), 'log.64': log });
    assert.match(facts.damage ?? '', /snapshot\.64 is not the snapshot that its name tells: it ends at zxid 0+3,/);
    assert.equal(facts.lastZxid, zxid(0x65), 'It blocks a recovery as far as its name and the logs reach.');
    for (const bytes of [snapshotOf('written while writes went on', 0x70n), snapshotOf('still', 0x64n)]) {
      assert.equal((await factsOf({ 'snapshot.64': bytes, 'log.64': log })).damage, undefined);
      assert.equal((await factsOf({ 'snapshot.64.gz': gzipSync(bytes), 'log.64': log })).damage, undefined);
    }
    const behind = gzipSync(snapshotOf('an older tree', 0x63n));
    assert.match((await factsOf({ 'snapshot.64.gz': behind, 'log.64': log })).damage ?? '', /ends at zxid 0+63,/);
  });

  it('that does not load gives way to the one before, where the logs hold what came between', async () => {
    const log = Buffer.concat([LOG_HEADER, logEntry(4), logEntry(5), logEntry(6)]);
    const facts = await factsOf({ 'snapshot.3': snapshotOf(), 'snapshot.5': BAD, 'log.4': log });
    assert.equal(facts.damage, undefined);
    assert.equal(facts.lastZxid, zxid(6));
  });

  it('that does not load is damage where the logs leave a gap, as after a copy from the leader', async () => {
    const gaps = [
      Buffer.concat([LOG_HEADER, logEntry(6)]),
      Buffer.concat([LOG_HEADER, logEntry(4), logEntry(6)]),
      Buffer.concat([LOG_HEADER, logEntry(4)]),
      LOG_HEADER,
    ];
    for (const log of gaps) {
      const facts = await factsOf({ 'snapshot.3': snapshotOf(), 'snapshot.5': BAD, 'log.4': log });
      assert.match(facts.damage ?? '', /snapshot\.5 is damaged.*don't hold all/);
      assert.ok(facts.lastZxid >= zxid(5), 'it may hold that much, and whoever recovers must know');
    }
  });

  it('is followed by what the log that began before it holds, as the server reads it', async () => {
    const log = Buffer.concat([LOG_HEADER, logEntry(4), logEntry(5), logEntry(6)]);
    // The server begins no new log with a snapshot, so the last one of both may well be the log.
    assert.equal((await factsOf({ 'snapshot.5': snapshotOf(), 'log.4': log })).lastZxid, zxid(6));
    const later = Buffer.concat([LOG_HEADER]);
    const facts = await factsOf({ 'snapshot.5': snapshotOf(), 'log.4': log, 'log.7': later });
    assert.equal(facts.lastZxid, zxid(6), 'the one after it holds nothing yet');
  });

  it('that was not finished is looked past, and ranks by nothing', async () => {
    for (const torn of [Buffer.alloc(0), Buffer.from('ZKSN'), snapshotOf().subarray(0, 30), Buffer.alloc(200)]) {
      const facts = await factsOf({ 'snapshot.3': snapshotOf(), 'snapshot.900': torn });
      assert.deepEqual(facts, { currentEpoch: 0, acceptedEpoch: 0, lastZxid: zxid(3) });
    }
  });

  it('of an older version, or cut after an earlier seal, loads', async () => {
    assert.equal((await factsOf({ 'snapshot.3': oldSnapshotOf('tree') })).damage, undefined);
    const first = snapshotOf('tree').length - 2 * 13 - 28;
    assert.equal((await factsOf({ 'snapshot.3': snapshotOf('tree').subarray(0, first) })).damage, undefined);
  });

  it('counts under any name that the server takes', async () => {
    assert.equal((await factsOf({ 'snapshot.3': snapshotOf(), 'snapshot.A.tmp': snapshotOf() })).lastZxid, zxid(10));
    const log = Buffer.concat([LOG_HEADER, logEntry(4)]);
    assert.equal((await factsOf({ 'snapshot.3': snapshotOf(), 'log.4.bak': log })).lastZxid, zxid(4));
  });

  it('packed with gzip is read as the server reads it', async () => {
    const whole = snapshotOf('x'.repeat(300_000));
    const packed = gzipSync(whole);
    assert.equal((await factsOf({ 'snapshot.5.gz': packed })).damage, undefined);
    assert.equal((await factsOf({ 'snapshot.5.gz': packed.subarray(0, packed.length - 8) })).damage, undefined);
    assert.match((await factsOf({ 'snapshot.5.gz': gzipSync(flipped(whole, 50)) })).damage ?? '', /checksum/);
    assert.match((await factsOf({ 'snapshot.5.gz': packed.subarray(0, packed.length / 2) })).damage ?? '', /damaged/);
    assert.equal((await factsOf({ 'snapshot.3': snapshotOf(), 'snapshot.5.gz': 'no' })).lastZxid, zxid(3));
  });

  it('packed with snappy is read as the server reads it', async () => {
    const whole = snapshotOf('yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy');
    assert.equal((await factsOf({ 'snapshot.5.snappy': snappyOf(whole) })).damage, undefined);
    assert.match((await factsOf({ 'snapshot.5.snappy': snappyOf(flipped(whole, 40)) })).damage ?? '', /checksum/);
    assert.match((await factsOf({ 'snapshot.5.snappy': snappyOf(whole).subarray(0, 40) })).damage ?? '', /damaged/);
  });

  it('is read once as long as it does not change, a large one by the next process too', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'snapshot.5');
    const note = join(directory.path, 'note.json');
    await writeFile(path, snapshotOf(Buffer.alloc(17_000_000, 1)));
    const read = (): Promise<DataFacts | undefined> => readDataDirectory(directory.path, SIGNAL, note);
    assert.equal((await read())?.damage, undefined);
    const { calls } = await countingCalls(async () => {
      await read();
    });
    assert.ok(!calls.includes(`open ${path}`), calls.join('\n'));
    assert.ok((await stat(note)).size > 0);
    await writeFile(note, 'garbage');
    await utimes(path, 1, 1);
    await truncate(path, 16_900_000);
    assert.equal((await read())?.damage, undefined, 'unfinished, and no log: no database');
    await rm(note);
  });
});

/** A literal, then a copy of what it ends with where it can: the two kinds of element. */
function snappyOf(bytes: Buffer): Buffer {
  const head = Buffer.from('82534e41505059000000000100000001', 'hex');
  const [first, rest] = [bytes.subarray(0, 48), bytes.subarray(48)];
  const repeated = rest.subarray(0, 8).every((byte) => byte === bytes[47]);
  const copied = repeated ? 8 : 0;
  const block = Buffer.concat([
    varint(bytes.length),
    literal(first),
    repeated ? Buffer.from([((8 - 1) << 2) | 2, 1, 0]) : Buffer.alloc(0),
    literal(rest.subarray(copied)),
  ]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(block.length);
  return Buffer.concat([head, length, block]);
}

function literal(bytes: Buffer): Buffer {
  return bytes.length <= 60
    ? Buffer.concat([Buffer.from([(bytes.length - 1) << 2]), bytes])
    : Buffer.concat([Buffer.from([60 << 2, bytes.length - 1]), bytes]);
}

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.from([(value & 127) | 128, value >> 7]);
}

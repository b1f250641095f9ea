import assert from 'node:assert/strict';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { adler32 } from '../../src/zookeeper/adler32.ts';
import { type LogScan, scanTransactionLog } from '../../src/zookeeper/transaction-log.ts';
import { randomOf } from '../support/random.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { LOG_HEADER, logEntry, zxid } from './transaction-log-file.ts';

const SIGNAL = new AbortController().signal;

async function scanOf(bytes: Buffer): Promise<LogScan> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'log.1');
  await writeFile(path, bytes);
  // Awaited here: the folder goes with the end of this function.
  return await scanTransactionLog(path, SIGNAL);
}

describe('Adler-32', () => {
  it('agrees with known values', () => {
    assert.equal(adler32(Buffer.from('')), 1);
    assert.equal(adler32(Buffer.from('Wikipedia')), 0x11e60398);
    // The highest sums that can come up.
    const highest = Buffer.alloc(1_000_000, 0xff);
    assert.equal(adler32(highest), slow(highest));
  });
});

/** By the definition, a modulus at every byte. */
function slow(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

describe('transaction log', () => {
  it('finds the last of many entries of any size', async () => {
    const random = randomOf(7);
    const entries = Array.from({ length: 400 }, (_, index) => logEntry(index + 1, random.between(32, 9_000)));
    const big = logEntry(401, 1_500_000);
    const scan = await scanOf(Buffer.concat([LOG_HEADER, ...entries, big, logEntry(402), Buffer.alloc(100_000)]));
    assert.equal(scan.last?.zxid, zxid(402));
    assert.equal(scan.damage, undefined);
  });

  it('forgives a tail that is torn at any byte', async () => {
    const whole = Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2)]);
    const first = LOG_HEADER.length + logEntry(1).length;
    for (let length = first; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      for (const bytes of [cut, Buffer.concat([cut, Buffer.alloc(200)])]) {
        const scan = await scanOf(bytes);
        assert.equal(scan.last?.zxid, zxid(1), `cut at ${length}`);
        assert.equal(scan.damage, undefined, `cut at ${length}`);
      }
    }
  });

  it('reports a wrong checksum, naming the place', async () => {
    const bytes = Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2), logEntry(3)]);
    const offset = LOG_HEADER.length + logEntry(1).length;
    bytes.writeUInt8(0xee, offset + 30);
    const scan = await scanOf(bytes);
    assert.equal(scan.last?.zxid, zxid(1));
    assert.match(scan.damage ?? '', new RegExp(`byte ${offset} has a wrong checksum`));
  });

  it('reports an impossible length and reserves no memory for it', async () => {
    const head = Buffer.alloc(12);
    head.writeInt32BE(0x7fff_ffff, 8);
    assert.match((await scanOf(Buffer.concat([LOG_HEADER, head]))).damage ?? '', /impossible length/);
    head.writeInt32BE(-1, 8);
    assert.match((await scanOf(Buffer.concat([LOG_HEADER, head]))).damage ?? '', /impossible length/);
  });

  it('tells an empty file from one that is no log', async () => {
    assert.deepEqual(await scanOf(Buffer.alloc(0)), { empty: true, last: undefined, damage: undefined });
    assert.match((await scanOf(LOG_HEADER.subarray(0, 9))).damage ?? '', /cut off/);
    assert.match((await scanOf(Buffer.alloc(64, 1))).damage ?? '', /magic/);
  });

  it('goes on after an earlier scan, and starts over when the log was truncated', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'log.1');
    await writeFile(path, Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2)]));
    const first = await scanTransactionLog(path, SIGNAL);
    await appendFile(path, logEntry(3));
    const second = await scanTransactionLog(path, SIGNAL, first.last);
    assert.equal(second.last?.zxid, zxid(3));
    await truncate(path, LOG_HEADER.length + logEntry(1).length);
    assert.equal((await scanTransactionLog(path, SIGNAL, second.last)).last?.zxid, zxid(1));
    await appendFile(path, Buffer.concat([logEntry(7), logEntry(8)]));
    assert.equal((await scanTransactionLog(path, SIGNAL, second.last)).last?.zxid, zxid(8));
  });

  it('stops when it is told to', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'log.1');
    await writeFile(path, Buffer.concat([LOG_HEADER, logEntry(1)]));
    await assert.rejects(scanTransactionLog(path, AbortSignal.abort(new Error('enough'))), /enough/);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type LogScan, scanTransactionLog } from '../../src/zookeeper/transaction-log.ts';
import { randomOf } from '../support/random.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { adler32 } from './adler32.ts';
import { LOG_HEADER, logEntry, zxid } from './transaction-log-file.ts';

const SIGNAL = new AbortController().signal;
const ZEROS = Buffer.alloc(5_000_000);

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
    assert.equal(scan.last?.zxid, zxid(3), 'what stands behind it tells how far the log goes');
    assert.match(scan.damage ?? '', new RegExp(`byte ${offset} has a wrong checksum`));
  });

  it('an entry of 5 MB with a right checksum is whole, as a raised jute.maxbuffer leaves it', async () => {
    const scan = await scanOf(Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2, 5_000_000), logEntry(3), ZEROS]));
    assert.equal(scan.damage, undefined);
    assert.equal(scan.last?.zxid, zxid(3));
  });

  it('an entry of 5 MB that is torn is the tail, wherever it was cut', async () => {
    const whole = Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2, 5_000_000)]);
    for (const kept of [160, 100_000, 4_000_000, whole.length - 1]) {
      for (const bytes of [whole.subarray(0, kept), Buffer.concat([whole.subarray(0, kept), ZEROS, ZEROS])]) {
        const scan = await scanOf(bytes);
        assert.equal(scan.damage, undefined, `cut at ${kept}`);
        assert.equal(scan.last?.zxid, zxid(1), `cut at ${kept}`);
      }
    }
  });

  it('a length that is wrong hides nothing of what follows, and reserves no memory', async () => {
    const offset = LOG_HEADER.length + logEntry(1).length;
    for (const length of [-1, 0x7fff_ffff, 0x0100_0028]) {
      const bytes = Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2), logEntry(3), logEntry(4), ZEROS]);
      bytes.writeInt32BE(length, offset + 8);
      const scan = await scanOf(bytes);
      assert.match(scan.damage ?? '', new RegExp(`byte ${offset} claims .*length of ${length}`));
      assert.equal(scan.last?.zxid, zxid(4));
      assert.equal(scan.mayHoldMore, false, 'whole entries stand behind it');
    }
  });

  it('finds the entry behind a wrong length wherever a piece of the file ends', async () => {
    // Around the size of a piece, 256 KiB, that is read at a time.
    for (let size = 256 * 1024 - 120; size < 256 * 1024 + 4; size++) {
      const bytes = Buffer.concat([LOG_HEADER, logEntry(1, size), logEntry(2), ZEROS]);
      bytes.writeInt32BE(0x7fff_ffff, LOG_HEADER.length + 8);
      assert.equal((await scanOf(bytes)).last?.zxid, zxid(2), `an entry of ${size} bytes`);
    }
  });

  it('a length that is wrong hides what follows when its own zxid is wrong too', async () => {
    const bytes = Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2), logEntry(3), ZEROS]);
    const offset = LOG_HEADER.length + logEntry(1).length;
    bytes.writeInt32BE(-1, offset + 8);
    bytes.writeUInt8(0xee, offset + 12 + 8 + 4 + 7);
    const scan = await scanOf(bytes);
    assert.match(scan.damage ?? '', /impossible length/);
    assert.equal(scan.mayHoldMore, true);
  });

  it('tells an empty file from one that is no log', async () => {
    const nothing = await scanOf(Buffer.alloc(0));
    assert.ok(nothing.empty && nothing.last === undefined && nothing.damage === undefined);
    assert.match((await scanOf(LOG_HEADER.subarray(0, 9))).damage ?? '', /cut off/);
    assert.match((await scanOf(Buffer.alloc(64, 1))).damage ?? '', /magic/);
  });

  it('goes on after an earlier scan, and starts over when the log was truncated', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'log.1');
    await writeFile(path, Buffer.concat([LOG_HEADER, logEntry(1), logEntry(2)]));
    const first = await scanTransactionLog(path, SIGNAL);
    await appendFile(path, logEntry(3));
    const second = await scanTransactionLog(path, SIGNAL, first);
    assert.equal(second.last?.zxid, zxid(3));
    await truncate(path, LOG_HEADER.length + logEntry(1).length);
    assert.equal((await scanTransactionLog(path, SIGNAL, second)).last?.zxid, zxid(1));
    await appendFile(path, Buffer.concat([logEntry(7), logEntry(8)]));
    assert.equal((await scanTransactionLog(path, SIGNAL, second)).last?.zxid, zxid(8));
  });

  it('stops when it is told to', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'log.1');
    await writeFile(path, Buffer.concat([LOG_HEADER, logEntry(1)]));
    await assert.rejects(scanTransactionLog(path, AbortSignal.abort(new Error('enough'))), /enough/);
  });
});

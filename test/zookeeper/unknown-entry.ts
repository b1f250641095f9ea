// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { logEntry } from './transaction-log-file.ts';

const HEADER_BYTES = 16;

/** Adds it to the newest log in this `version-2`. */
export function addUnknownEntry(data: string): void {
  const [newest = ''] = readdirSync(data)
    .filter((name) => name.startsWith('log.'))
    .sort((a, b) => (firstZxid(a) > firstZxid(b) ? -1 : 1));
  addUnknownEntryTo(join(data, newest));
}

function firstZxid(name: string): bigint {
  return BigInt(`0x${name.slice('log.'.length)}`);
}

/** An entry with a right checksum and end mark, of a kind that no server knows: nothing but a start tells. */
export function addUnknownEntryTo(path: string): void {
  const log = readFileSync(path);
  let end = HEADER_BYTES;
  let zxid = firstZxid(basename(path));
  for (let length = log.readInt32BE(end + 8); length > 0; length = log.readInt32BE(end + 8)) {
    zxid = log.readBigInt64BE(end + 12 + 12);
    end += 12 + length + 1;
  }
  const entry = logEntry(Number(zxid) + 1);
  writeFileSync(path, Buffer.concat([log.subarray(0, end), entry, log.subarray(end + entry.length)]));
}

// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logEntry } from './transaction-log-file.ts';

const HEADER_BYTES = 16;

/** An entry with a right checksum and end mark, of a kind that no server knows: nothing but a start tells. */
export function addUnknownEntry(data: string): void {
  const hex = (name: string): bigint => BigInt(`0x${name.slice('log.'.length)}`);
  const [newest = ''] = readdirSync(data)
    .filter((name) => name.startsWith('log.'))
    .sort((a, b) => (hex(a) > hex(b) ? -1 : 1));
  const log = readFileSync(join(data, newest));
  let end = HEADER_BYTES;
  let zxid = hex(newest);
  for (let length = log.readInt32BE(end + 8); length > 0; length = log.readInt32BE(end + 8)) {
    zxid = log.readBigInt64BE(end + 12 + 12);
    end += 12 + length + 1;
  }
  const entry = logEntry(Number(zxid) + 1);
  writeFileSync(join(data, newest), Buffer.concat([log.subarray(0, end), entry, log.subarray(end + entry.length)]));
}

// SPDX-License-Identifier: Apache-2.0
/** Snapshots made byte by byte: content that no server looks into here, sealed as a server seals it. */
import { adler32 } from './adler32.ts';

const END = Buffer.from([0, 0, 0, 1, 0x2f]);

/** Content, seal, digest, seal, last zxid, seal. The last zxid is behind no name, unless told otherwise. */
export function snapshotOf(content: string | Buffer = 'content', lastZxid = 0x7fff_ffff_ffff_ffffn): Buffer {
  const header = Buffer.from('5a4b534e00000002ffffffffffffffff', 'hex');
  const last = Buffer.alloc(8);
  last.writeBigUInt64BE(lastZxid);
  return sealed(sealed(sealed(Buffer.concat([header, Buffer.from(content)])), Buffer.alloc(20)), last);
}

/** What a version before 3.6 writes. */
export function oldSnapshotOf(content: string): Buffer {
  return sealed(Buffer.from(`ZKSN........x...${content}`));
}

function sealed(before: Buffer, more = Buffer.alloc(0)): Buffer {
  const sum = Buffer.alloc(8);
  sum.writeBigInt64BE(BigInt(adler32(Buffer.concat([before, more]))));
  return Buffer.concat([before, more, sum, END]);
}

/**
 * Names of snapshots, `version-2/snapshot.<hex zxid>[.gz|.snappy]`: the zxid is the last one applied when the snapshot
 * began (ZooKeeper 3.9.5, FileSnap and SnapStream.isValidSnapshot).
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { toZxid, type Zxid } from '../model/zxid.ts';

const NAME = /^snapshot\.([0-9a-f]{1,16})(?:\.(gz|snappy))?$/;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const SNAPPY_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Every snapshot ends with the string "/": its length as an int, then the character. */
const SEAL = Buffer.from([0, 0, 0, 1, 0x2f]);
const SHORTEST_BYTES = 10;

/** The zxid of the newest snapshot that is whole by the server's own quick test; undefined when there is none. */
export async function newestSnapshot(directory: string, names: readonly string[]): Promise<Zxid | undefined> {
  const snapshots = names
    .map((name) => ({ name, zxid: zxidOf(name) }))
    .filter((found): found is { name: string; zxid: Zxid } => found.zxid !== undefined)
    .sort((a, b) => (a.zxid < b.zxid ? 1 : -1));
  for (const { name, zxid } of snapshots) {
    if (await isWhole(join(directory, name))) {
      return zxid;
    }
  }
  return undefined;
}

function zxidOf(name: string): Zxid | undefined {
  const hex = NAME.exec(name)?.[1];
  return hex === undefined ? undefined : toZxid(BigInt(`0x${hex}`));
}

async function isWhole(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const read = async (length: number, position: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    if (path.endsWith('.gz')) {
      return (await read(GZIP_MAGIC.length, 0)).equals(GZIP_MAGIC);
    }
    if (path.endsWith('.snappy')) {
      return (await read(SNAPPY_MAGIC.length, 0)).equals(SNAPPY_MAGIC);
    }
    return size >= SHORTEST_BYTES && (await read(SEAL.length, size - SEAL.length)).equals(SEAL);
  } finally {
    await file.close();
  }
}

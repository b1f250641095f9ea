/** Files that others may be reading: whole, or as they were. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The file appears whole, with this mode where one is given; its directory is made. Not synced to the disk. */
export async function writeWhole(path: string, contents: string | Uint8Array, mode?: number): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}-${randomUUID()}`);
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(partial, contents);
    if (mode !== undefined) await chmod(partial, mode);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Of a file of any size. */
export async function sha512Of(file: string, encoding: 'hex' | 'base64', signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash, signal === undefined ? {} : { signal });
  return hash.digest(encoding);
}

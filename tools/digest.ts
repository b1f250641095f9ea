import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** SHA-512 of a file of any size. */
export async function sha512Of(file: string, encoding: 'hex' | 'base64', signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash, signal === undefined ? {} : { signal });
  return hash.digest(encoding);
}

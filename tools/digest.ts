// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** SHA-512 of a file of any size. */
export async function sha512Of(file: string, encoding: 'hex' | 'base64', signal?: AbortSignal): Promise<string> {
  return digestOf('sha512', file, encoding, signal);
}

/** SHA-256 of a file of any size, as `sha256sum` prints it. */
export async function sha256Of(file: string): Promise<string> {
  return digestOf('sha256', file, 'hex');
}

async function digestOf(
  algorithm: string,
  file: string,
  encoding: 'hex' | 'base64',
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash, signal === undefined ? {} : { signal });
  return hash.digest(encoding);
}

// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { link, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { agentFiles } from './agent-files.ts';
import { explained, isUnreadable } from './disk-errors.ts';
import {
  doneWithHalf,
  halfBeside,
  isCode,
  makeDirectory,
  readIfThere,
  renameDurably,
  syncDirectory,
  writeDurably,
} from './durable-file.ts';

interface SuperSecret {
  /** For `addAuth` with the scheme `digest` as `super:<password>`, on the node's own server only. */
  readonly password: string;
  /** Java reads it as `@<file>`, so that the digest is in no argument list and no environment. */
  readonly javaOptionsFile: string;
}

const SECRET_MODE = 0o600;
const SECRET_BYTES = 24;
const SECRET = /^[0-9a-f]{48}$/;

/**
 * The super secret of this node's server, made on first use. Each node has its own, and no other server knows it. A
 * server checks its own clients and passes the result on with the request, so nothing has to be shared.
 */
export function superSecret(dataDir: string): Promise<SuperSecret> {
  return explained(() => findOrMake(dataDir));
}

async function findOrMake(dataDir: string): Promise<SuperSecret> {
  const files = agentFiles(dataDir);
  await makeDirectory(files.directory);
  const password = (await usable(files.superSecret)) ?? (await create(files.superSecret));
  const options = `-Dzookeeper.DigestAuthenticationProvider.superDigest=${superDigest(password)}\n`;
  if ((await readable(files.javaOptions)) !== options) {
    await writeDurably(files.javaOptions, options, SECRET_MODE);
  }
  return { password, javaOptionsFile: files.javaOptions };
}

/** An empty or torn file is no secret: anybody who guesses its content would be the super user. */
async function usable(path: string): Promise<string | undefined> {
  const text = await readable(path);
  if (text === undefined) return undefined;
  if (SECRET.test(text.trim())) return text.trim();
  await renameDurably(path, `${path}.unusable`);
  return undefined;
}

/**
 * A file that can't be read is put out of the way. Both files are then made anew, and without them no server starts.
 */
async function readable(path: string): Promise<string | undefined> {
  try {
    return await readIfThere(path);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    await renameDurably(path, `${path}.unusable`);
    return undefined;
  }
}

/** As ZooKeeper's DigestAuthenticationProvider makes it: the user, then the Base64 of the SHA-1 of `user:password`. */
function superDigest(password: string): string {
  return `super:${createHash('sha1').update(`super:${password}`).digest('base64')}`;
}

/** Two runs at the same time agree on one secret: a link, unlike a rename, never replaces a file. */
async function create(path: string): Promise<string> {
  const own = randomBytes(SECRET_BYTES).toString('hex');
  const half = halfBeside(path);
  try {
    await writeDurably(half, `${own}\n`, SECRET_MODE);
    await link(half, path).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) {
        throw error;
      }
    });
  } finally {
    await rm(half, { force: true });
    doneWithHalf(half);
  }
  await syncDirectory(dirname(path));
  return (await readFile(path, 'utf8')).trim();
}

// SPDX-License-Identifier: Apache-2.0
/** ZooKeeper's archive and its required digest. A local file is checked before anything is launched. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sha512Of } from '../tools/digest.ts';
import { BakeError } from './errors.ts';
import { ARCHIVE_NAME } from './options.ts';

export interface Archive {
  /** Where the instance gets it from: an absolute path, or an https URL. */
  readonly from: string;
  /** 128 hex digits. */
  readonly sha512: string;
}

const DIGEST = /^[0-9a-f]{128}$/i;
/** The format of Apache's digest files, and of sha512sum. */
const DIGEST_FILE = /^\s*([0-9a-f]{128})(\s|$)/i;

/** Rejects with BAD_INPUT, or with WRONG_CHECKSUM when the file does not have this digest. */
export async function checkedArchive(
  archive: string,
  digest: string | undefined,
  signal: AbortSignal,
): Promise<Archive> {
  const from = /^[a-z]+:\/\//i.test(archive) ? url(archive) : resolve(archive);
  const local = from === resolve(archive);
  if (local) await mustBeFile(from, '--zookeeper-archive');
  const sha512 = await wantedDigest(local ? from : undefined, digest);
  if (!local) return { from, sha512 };
  const found = await sha512Of(from, 'hex', signal);
  if (found === sha512) return { from, sha512 };
  throw new BakeError(
    'WRONG_CHECKSUM',
    `${from} has the SHA-512 ${found}, and ${sha512} is wanted.`,
    `Fetch ${ARCHIVE_NAME} again, and its digest from Apache itself. Nothing was launched.`,
  );
}

export async function mustBeFile(file: string, flag: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw badInput(`There is no file ${file} (${flag}).`);
}

function url(text: string): string {
  // With plain HTTP, somebody on the network could replace the archive and see when it is fetched.
  if (/^https:\/\//i.test(text) && URL.canParse(text)) return text;
  throw badInput(`--zookeeper-archive ${text}: only a file or an https URL will do.`);
}

async function wantedDigest(file: string | undefined, given: string | undefined): Promise<string> {
  if (given !== undefined && DIGEST.test(given)) return given.toLowerCase();
  const source = given ?? (file === undefined ? undefined : `${file}.sha512`);
  const text = source === undefined ? undefined : await readFile(source, 'utf8').catch(() => undefined);
  if (text === undefined) {
    const missing = given === undefined ? '--zookeeper-sha512 is missing' : `There is no file ${given}`;
    throw badInput(`${missing}: the SHA-512 of ${ARCHIVE_NAME} as Apache publishes it, or a file that has it.`);
  }
  const [, digest] = DIGEST_FILE.exec(text) ?? [];
  if (digest === undefined) throw badInput(`${source} does not begin with a SHA-512 (128 hex digits).`);
  return digest.toLowerCase();
}

function badInput(message: string): BakeError {
  return new BakeError('BAD_INPUT', message, 'Correct it; docs/building.md says where the archive comes from.');
}

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BakeCode, BakeError } from '../../bake/errors.ts';
import { checkedArchive } from '../../bake/zookeeper-archive.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const { signal } = new AbortController();
const CONTENT = 'an archive';
const DIGEST = createHash('sha512').update(CONTENT).digest('hex');

async function rejects(promise: Promise<unknown>, code: BakeCode, sentence: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof BakeError);
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
    return true;
  });
}

test('a file with the digest that is given, or in a file, or in the file beside it', async () => {
  await using directory = await temporaryDirectory();
  const archive = join(directory.path, 'archive.tar.gz');
  await writeFile(archive, CONTENT);
  const wanted = { from: archive, sha512: DIGEST };
  assert.deepEqual(await checkedArchive(archive, DIGEST.toUpperCase(), signal), wanted);
  const other = join(directory.path, 'digest');
  await writeFile(other, `${DIGEST}  apache-zookeeper-3.9.5-bin.tar.gz\n`);
  assert.deepEqual(await checkedArchive(archive, other, signal), wanted);
  await rejects(checkedArchive(archive, undefined, signal), 'BAD_INPUT', /--zookeeper-sha512 is missing/);
  await writeFile(`${archive}.sha512`, DIGEST);
  assert.deepEqual(await checkedArchive(archive, undefined, signal), wanted);
});

test('another file than the digest says is refused', async () => {
  await using directory = await temporaryDirectory();
  const archive = join(directory.path, 'archive.tar.gz');
  await writeFile(archive, `${CONTENT}, cut`);
  await rejects(checkedArchive(archive, DIGEST, signal), 'WRONG_CHECKSUM', new RegExp(`and ${DIGEST} is wanted`));
});

test('what is no file, no digest, no https', async () => {
  await using directory = await temporaryDirectory();
  const archive = join(directory.path, 'archive.tar.gz');
  await rejects(checkedArchive(archive, DIGEST, signal), 'BAD_INPUT', /There is no file .*archive\.tar\.gz/);
  await writeFile(archive, CONTENT);
  await rejects(checkedArchive(archive, 'abc', signal), 'BAD_INPUT', /There is no file abc/);
  await rejects(checkedArchive(archive, archive, signal), 'BAD_INPUT', /does not begin with a SHA-512/);
  await rejects(
    checkedArchive('http://127.0.0.1/a.tar.gz', DIGEST, signal),
    'BAD_INPUT',
    /only a file or an https URL/,
  );
});

test('an URL goes to the instance, which checks what it fetches', async () => {
  const url = 'https://127.0.0.1/archive.tar.gz';
  assert.deepEqual(await checkedArchive(url, DIGEST, signal), { from: url, sha512: DIGEST });
  await rejects(checkedArchive(url, undefined, signal), 'BAD_INPUT', /--zookeeper-sha512 is missing/);
});

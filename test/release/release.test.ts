// SPDX-License-Identifier: Apache-2.0
/** A release is made from a tag, twice to the same bytes, and from nothing else than what the tag has. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { makeRelease } from '../../build/release.ts';
import type { NodeArchitecture } from '../../build/target.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { runProgram } from '../../tools/program.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NOT_COPIED = new Set(['.git', '.cache', 'node_modules', 'dist']);
const VERSION = packageJson.version;
const TAG = `v${VERSION}`;
const architecture: NodeArchitecture = process.arch === 'arm64' ? 'arm64' : 'x64';
const IDENTITY = ['-c', 'user.name=Release', '-c', 'user.email=release@localhost', '-c', 'commit.gpgsign=false'];

let folder: TemporaryDirectory;
let root: string;

async function git(...words: readonly string[]): Promise<void> {
  await runProgram('git', ['-C', root, ...IDENTITY, ...words]);
}

/** This checkout as it is, with a section of its version, committed and tagged. */
before(async () => {
  folder = await temporaryDirectory();
  root = join(folder.path, 'checkout');
  await mkdir(root);
  for (const name of await readdir(ROOT)) {
    if (!NOT_COPIED.has(name)) {
      await cp(join(ROOT, name), join(root, name), { recursive: true, verbatimSymlinks: true });
    }
  }
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const changelog = join(root, 'CHANGELOG.md');
  const section = `## [${VERSION}] - 2026-01-02\n\n### Added\n\n- A first release.\n\n## [0.0.1] - 2026-01-01\n\n- Less.\n`;
  await writeFile(changelog, `${await readFile(changelog, 'utf8')}\n${section}`);
  await git('init', '--quiet');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'A release');
  await git('tag', TAG);
});
after(async () => {
  await folder[Symbol.asyncDispose]();
});

const made = (outdir: string, tag = TAG, architectures: readonly NodeArchitecture[] = []) =>
  makeRelease({ root, tag, architectures, outdir: join(folder.path, outdir) });

test('twice it has the same bytes, all of it stands in the checksums, and nothing else changes', async () => {
  await writeFile(join(root, 'src/version.ts'), 'this is not committed\n');
  const first = await made('one', TAG, [architecture]);
  const second = await made('another/folder', TAG, [architecture]);
  const sums = await readFile(join(first, 'SHA256SUMS'), 'utf8');
  assert.equal(await readFile(join(second, 'SHA256SUMS'), 'utf8'), sums);
  const executable = `zk-agent-linux-${architecture}`;
  assert.deepEqual(
    (await readdir(first)).sort(),
    [
      ...['CHANGES.md', 'LICENSE', 'NOTICE', 'SHA256SUMS', 'deployer-policy.json', 'template.json', 'template.yaml'],
      ...[executable, `${executable}.cdx.json`, `${executable}.licenses.txt`],
    ].sort(),
  );
  await runProgram('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { directory: first });
  assert.equal(sums.split('\n').length, (await readdir(first)).length);
  assert.match(
    await runProgram(join(first, executable), ['--version'], { environment: {} }),
    new RegExp(`^zk-agent ${VERSION}, commit [0-9a-f]{12},`),
  );
  assert.equal(
    await readFile(join(first, 'CHANGES.md'), 'utf8'),
    `## [${VERSION}] - 2026-01-02\n\n### Added\n\n- A first release.\n`,
  );
  assert.ok(JSON.parse(await readFile(join(first, 'template.json'), 'utf8')).Resources.Group);
  assert.deepEqual(await readdir(join(folder.path, 'one')), [TAG]);
  assert.equal(
    await runProgram('git', ['-C', root, 'status', '--porcelain', '--untracked-files=no']),
    ' M src/version.ts\n',
  );
});

test('a tag that does not fit makes nothing, and the error says what to do', async () => {
  const bad = join(folder.path, 'bad');
  await assert.rejects(made('bad', 'main'), /no tag of a release.*v1\.2\.3/);
  await assert.rejects(made('bad', 'v9.9.9'), /There is no tag v9\.9\.9/);
  await git('tag', 'v9.9.8');
  await assert.rejects(
    made('bad', 'v9.9.8'),
    new RegExp(`package\\.json has the version ${VERSION.replaceAll('.', '\\.')}`),
  );
  await git('checkout', '--quiet', '--', 'src/version.ts');
  await writeFile(join(root, 'package-lock.json'), '{}\n');
  await assert.rejects(made('bad'), /lock file of .* is another one.*npm ci/);
  assert.deepEqual(await readdir(bad), []);
});

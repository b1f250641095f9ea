// SPDX-License-Identifier: Apache-2.0
/**
 * What container machines are made from: apt's sources, the archive, mounts as the kernel lists them. No root needed.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sourcesOf } from '../../lab/container/apt-sources.ts';
import { zookeeperArchive } from '../../lab/container/archive.ts';
import { ConsoleLog } from '../../lab/container/console-log.ts';
import { mountsUnder, overlayOptions } from '../../lab/container/layers.ts';
import { runProgram } from '../../tools/program.ts';

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'zookeeper-container-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("a release's sources are the host's, whatever their format, with the release's name", async () => {
  await using apt = await temporary();
  const parts = join(apt.path, 'sources.list.d');
  await mkdir(parts);
  await writeFile(
    join(apt.path, 'sources.list'),
    '# deb http://127.0.0.9/no bookworm main\ndeb [signed-by=/k.gpg arch=amd64] http://127.0.0.1/debian bookworm main contrib\n',
  );
  await writeFile(
    join(parts, 'other.list'),
    'deb http://127.0.0.2/tool stable-tool main\ndeb-src http://127.0.0.1/debian bookworm main\n',
  );
  await writeFile(
    join(parts, 'debian.sources'),
    [
      'Types: deb deb-src',
      '# a comment within',
      'URIs: http://127.0.0.1/debian',
      'Suites: bookworm-updates',
      ' bookworm-backports',
      'Components: main',
      '',
      'Types: deb',
      'URIs: http://127.0.0.1/security',
      'Suites: bookworm-security',
      'Components: main non-free',
      '',
      'Enabled: no',
      'Types: deb',
      'URIs: http://127.0.0.3/off',
      'Suites: bookworm',
      'Components: main',
    ].join('\n'),
  );
  assert.deepEqual(sourcesOf(13, apt.path), [
    'deb http://127.0.0.1/debian trixie main',
    'deb http://127.0.0.1/debian trixie-updates main',
    'deb http://127.0.0.1/security trixie-security main',
  ]);
  assert.equal(sourcesOf(12, apt.path)[0], 'deb http://127.0.0.1/debian bookworm main');
});

test('a host without a source of Debian says what to do', async () => {
  await using apt = await temporary();
  await writeFile(join(apt.path, 'sources.list'), 'deb http://127.0.0.1/ubuntu noble main\n');
  assert.throws(() => sourcesOf(12, apt.path), /DEBIAN_MIRROR/);
});

test('the archive has the official layout and the same bytes each time', async () => {
  const first = await zookeeperArchive();
  const bytes = await readFile(first.file);
  const second = await zookeeperArchive();
  assert.deepEqual(second, first);
  assert.ok(bytes.equals(await readFile(second.file)));
  const sum = await runProgram('sha512sum', [first.file]);
  assert.equal(sum.split(' ')[0], first.sha512);
  const names = await runProgram('tar', ['tzf', first.file]);
  assert.match(names, /^apache-zookeeper-3\.9\.5-bin\/lib\/zookeeper-3\.9\.5\.jar$/m);
  assert.deepEqual(
    names.split('\n').filter((name) => name !== '' && !name.startsWith('apache-zookeeper-3.9.5-bin/')),
    [],
  );
});

test('mounts are found below a directory alone, innermost first', () => {
  const line = (point: string): string => `36 35 98:0 / ${point} rw shared:1 - overlay overlay rw`;
  const mountinfo = ['/', '/labs/a', '/labs/a/m/root', '/labs/ab', '/labs/a/with\\040space'].map(line).join('\n');
  assert.deepEqual(mountsUnder('/labs/a', mountinfo), ['/labs/a/with space', '/labs/a/m/root', '/labs/a']);
  assert.deepEqual(mountsUnder('/labs/b', mountinfo), []);
});

test("a disk's paths go into a mount's options unchanged, or are refused", () => {
  assert.equal(
    overlayOptions({ layers: ['/top', '/base'], upper: '/m/upper', work: '/m/work' }),
    'lowerdir=/top:/base,upperdir=/m/upper,workdir=/m/work',
  );
  assert.throws(() => overlayOptions({ layers: ['/a:b'], upper: '/u', work: '/w' }), /\/a:b can't be part/);
});

test('a console that never stops talking keeps to its size', async () => {
  await using directory = await temporary();
  const log = new ConsoleLog(join(directory.path, 'console.log'));
  for (let i = 0; i < 50; i++) log.write(Buffer.alloc(100_000, 'x'));
  log.write(Buffer.from('last'));
  const [now, before] = await Promise.all([readFile(log.path), readFile(`${log.path}.1`)]);
  assert.ok(now.length <= 1_048_576 && before.length <= 1_048_576);
  assert.equal(now.subarray(-4).toString(), 'last');
});

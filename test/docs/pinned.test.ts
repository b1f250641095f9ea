// SPDX-License-Identifier: Apache-2.0
/** Python packages come from an index: each is pinned, with the hashes of all its files, and pip is told to insist. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = ['ansible', 'bench', 'cf', 'cloud', 'lab', 'tools', 'test'];
const FILES = FOLDERS.flatMap((folder) => globSync(`${folder}/**/requirements*.txt`, { cwd: ROOT })).sort();

test('every Python requirement has its version and its hashes', () => {
  assert.ok(FILES.length >= 4, 'A search that finds nothing would prove nothing.');
  for (const file of FILES) {
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll('\\\n', ' ');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.ok(lines.length > 0, file);
    for (const line of lines) {
      assert.match(line, /^[A-Za-z0-9][\w.-]*(\[[\w,]+\])?==[\w.!+-]+( +--hash=sha256:[0-9a-f]{64})+$/, file);
    }
  }
});

test('pip refuses what has no hash', () => {
  const source = readFileSync(join(ROOT, 'tools/python-environment.ts'), 'utf8');
  assert.match(source, /'pip', 'install', \.\.\.options, '--require-hashes'/);
});

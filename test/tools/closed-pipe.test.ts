// SPDX-License-Identifier: Apache-2.0
/** Commands whose reader has gone before they print, as with `| head -1`: no stack trace, and the usual exit code. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');

const COMMANDS: readonly (readonly [script: string, ...words: string[]])[] = [
  ['cf/main.ts', '--deployer-policy'],
  ['deploy/main.ts', '--', '--help'],
  ['bake/main.ts', '--', '--policy'],
];

for (const [script, ...words] of COMMANDS) {
  test(`${script} ${words.join(' ')}`, { timeout: 120_000 }, async () => {
    const child = spawn(process.execPath, [script, ...words], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const [[code], said] = await Promise.all([once(child, 'close'), text(child.stderr)]);
    assert.equal(said, '');
    assert.equal(code, 0);
  });
}

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flagsWin, wordsOf } from '../../tools/script-settings.ts';

test('a flag wins over the setting of the same name, with all its values', () => {
  const settings = ['--subnets', 'a', 'b', 'c', '--stackname=orders', '--no-lint', '--numhosts', '3'];
  assert.deepEqual(flagsWin(settings, []), settings);
  assert.deepEqual(flagsWin(settings, ['--subnets', 'x', '--lint', '--stackname', 'other']), [
    ...['--numhosts', '3'],
    ...['--subnets', 'x', '--lint', '--stackname', 'other'],
  ]);
});

test('settings stand before a lone --, flags after it', () => {
  assert.deepEqual(wordsOf(['--numhosts', '3', '--yes', '--', '--numhosts', '5']), ['--yes', '--numhosts', '5']);
  assert.deepEqual(wordsOf(['--', '--json']), ['--json']);
  assert.deepEqual(wordsOf(['--json']), ['--json']);
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { holdLock } from '../../tools/file-lock.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('a lock is held by one at a time, and gone with its holder', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'lock');
  const order: string[] = [];
  const first = await holdLock(path);
  const second = holdLock(path).then((lock) => {
    order.push('second');
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  order.push('released');
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  assert.deepEqual(order, ['released', 'second']);
  const abort = new AbortController();
  await using _held = await holdLock(path);
  const third = holdLock(path, abort.signal);
  abort.abort();
  await assert.rejects(third, { name: 'AbortError' });
});

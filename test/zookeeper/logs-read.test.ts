// SPDX-License-Identifier: Apache-2.0
/** Which logs count beside a snapshot: the server replays from the one before those that begin after it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { snapshotOf } from './snapshot-file.ts';
import { LOG_HEADER, logEntry, zxid } from './transaction-log-file.ts';

test('the log that began before the snapshot may end after it, and the next may be empty', async () => {
  await using directory = await temporaryDirectory();
  const write = (name: string, bytes: Buffer | string): Promise<void> => writeFile(join(directory.path, name), bytes);
  await write('currentEpoch', '0');
  await write('acceptedEpoch', '0');
  await write('snapshot.7', snapshotOf());
  await write('log.1', Buffer.concat([LOG_HEADER, ...[1, 7, 8, 9].map((number) => logEntry(number))]));
  await write('log.a', LOG_HEADER);
  const facts = await readDataDirectory(directory.path, new AbortController().signal);
  assert.equal(facts?.damage, undefined);
  assert.equal(facts?.lastZxid, zxid(9));
});

// SPDX-License-Identifier: Apache-2.0
/** The user data as cloud-init runs it: at every boot, on a node whose last one may have been cut off anywhere. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { settingsOfUserData, userData } from '../../cf/user-data.ts';
import { parseEnvironmentFile } from '../../src/environment-file.ts';
import { runProgram } from '../../tools/program.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const SETTINGS = { CLUSTER: 'orders-4f1c2a90', AWS_ENDPOINT_URL: 'http://127.0.0.1:9/$(id)`id`$HOME\\n "x" #' };

/** cloud-init takes its own first line away and runs the rest (cloudinit/handlers/boot_hook.py). */
async function boot(script: string, directory: string): Promise<void> {
  const [first, ...rest] = script.split('\n');
  assert.equal(first, '#cloud-boothook');
  assert.equal(rest[0], '#!/bin/sh');
  const file = join(directory, 'boothook');
  await writeFile(file, rest.join('\n').replaceAll('/etc/zookeeper-on-aws', join(directory, 'etc/zookeeper-on-aws')), {
    mode: 0o700,
  });
  await runProgram(file, []);
}

test('each boot writes the settings, readable by all, with every value as it is', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'etc/zookeeper-on-aws/agent.env');
  for (const settings of [SETTINGS, SETTINGS, { CLUSTER: 'another' }]) {
    const script = userData(settings);
    await boot(script, directory.path);
    const text = await readFile(path, 'utf8');
    assert.deepEqual(Object.fromEntries(parseEnvironmentFile(text, path)), settings);
    assert.equal(text, settingsOfUserData(script));
    assert.equal((await stat(path)).mode & 0o777, 0o644);
  }
});

test('a boot that was cut off leaves the settings as they were, and the next one writes them', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'etc/zookeeper-on-aws/agent.env');
  await boot(userData({ CLUSTER: 'before' }), directory.path);
  // What a power cut in the middle of the writing leaves.
  await writeFile(`${path}.new`, "CLUSTER='ord");
  assert.match(await readFile(path, 'utf8'), /before/);
  await boot(userData(SETTINGS), directory.path);
  assert.deepEqual(Object.fromEntries(parseEnvironmentFile(await readFile(path, 'utf8'), path)), SETTINGS);
  await assert.rejects(stat(`${path}.new`), { code: 'ENOENT' });
});

test('a boot that can not write fails, and leaves the settings as they were', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'etc/zookeeper-on-aws/agent.env');
  await boot(userData({ CLUSTER: 'before' }), directory.path);
  await mkdir(`${path}.new`);
  await assert.rejects(boot(userData(SETTINGS), directory.path));
  assert.equal(await readFile(path, 'utf8'), "CLUSTER='before'\n");
  await rm(`${path}.new`, { recursive: true });
});

test('a script that writes no settings is no user data of ours', () => {
  assert.throws(() => settingsOfUserData('#cloud-boothook\n#!/bin/sh\ntrue\n'), /does not write/);
});

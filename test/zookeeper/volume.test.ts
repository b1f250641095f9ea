// SPDX-License-Identifier: Apache-2.0
/**
 * Which EBS volume holds a directory, from a sysfs laid out as Linux lays it out. Whatever else it shows is unknown.
 */
import assert from 'node:assert/strict';
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { volumeOf } from '../../src/zookeeper/volume.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { layOutSysfs } from './sysfs.ts';

test('the whole disk and a partition of it have the volume’s id, with its hyphen', async () => {
  for (const partition of [false, true]) {
    await using directory = await temporaryDirectory();
    const sysfs = join(directory.path, 'sys');
    // The kernel pads the serial number.
    await layOutSysfs(sysfs, directory.path, { serial: 'vol0a1b2c3d4e5f60718 \n', partition });
    assert.equal(await volumeOf(directory.path, sysfs), 'vol-0a1b2c3d4e5f60718');
  }
});

test('a serial number that is no id of a volume is unknown', async () => {
  for (const serial of ['AWS1A2B3C4D5E6F7890A\n', 'vol\n', '', 'vol0a1b2c3d4e5f6071z\n', 'S4EVNF0M123456']) {
    await using directory = await temporaryDirectory();
    const sysfs = join(directory.path, 'sys');
    await layOutSysfs(sysfs, directory.path, { serial });
    assert.equal(await volumeOf(directory.path, sysfs), undefined, serial);
  }
});

test('a device without a serial number, one that is mapped, and none at all are unknown', async () => {
  await using directory = await temporaryDirectory();
  const sysfs = join(directory.path, 'sys');
  assert.equal(await volumeOf(directory.path, sysfs), undefined, 'no sysfs');
  await mkdir(sysfs);
  assert.equal(await volumeOf(directory.path, sysfs), undefined, 'an overlay has no block device');
  // Data on a mapped device may move to another volume under a running server.
  const below = join(sysfs, 'devices', 'nvme1n1');
  await mkdir(join(below, 'device'), { recursive: true });
  await writeFile(join(below, 'device', 'serial'), 'vol0a1b2c3d4e5f60718\n');
  await layOutSysfs(sysfs, directory.path, {});
  const mapped = join(sysfs, 'devices', 'disk', 'slaves');
  await mkdir(mapped);
  await symlink(below, join(mapped, 'nvme1n1'));
  assert.equal(await volumeOf(directory.path, sysfs), undefined, 'a mapped device');
  assert.equal(await volumeOf(join(directory.path, 'missing'), sysfs), undefined, 'no directory');
});

test('what this machine shows is a volume or unknown, and nothing else', async () => {
  await using directory = await temporaryDirectory();
  assert.ok((await stat(directory.path)).dev > 0);
  assert.match((await volumeOf(directory.path, '/sys')) ?? 'vol-0', /^vol-[0-9a-f]+$/);
});

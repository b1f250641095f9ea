// SPDX-License-Identifier: Apache-2.0
/** What a killed run left half made goes before the next change, and nothing else ever does (Disk 2). */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { LAB_TICK } from '../../src/timings.ts';
import { findLeftovers } from '../../src/zookeeper/leftovers.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { snapshotOf } from './snapshot-file.ts';

/** No process has this number: it is above the kernel's highest. */
const NOBODY = 2 ** 22 + 1;
const LEFTOVERS = [
  'data/.version-2.new/acceptedEpoch',
  'data/.version-2.restoring/log.1',
  `data/initialize.${NOBODY}-1.half`,
  `data/myid.${NOBODY}-1.half`,
  'data/aside/.source-of-record-2.copying/version-2/log.1',
  'data/aside/.lineage-1-before-2.moving/facts.json',
  `data/version-2/acceptedEpoch.${NOBODY}-1.half`,
  `data/zk-agent/fence.json.${NOBODY}-1f.half`,
  `data/zk-agent/super-secret.${NOBODY}-a.half.${NOBODY}-b.half`,
  'conf/aside/.half/zoo.cfg',
  `conf/zoo.cfg.${NOBODY}-2.half`,
  `conf/zoo.cfg.dynamic.${NOBODY}-3.half`,
  `conf/zoo.cfg.dynamic.100000012.${NOBODY}-4.half`,
];
const OTHERS = [
  'data/.version-2.mine/log.1',
  'data/version-2/log.1',
  `data/version-2/log.1.${NOBODY}-1.half`,
  'data/aside/kept.copying/version-2/log.1',
  'data/aside/.mine/version-2/log.1',
  // A process that lives, init, may be writing it.
  'data/myid.1-1.half',
  `data/notes.${NOBODY}-1.half`,
  `conf/log4j.${NOBODY}-1.half`,
  'conf/zoo.cfg.half',
  `conf/zoo.cfg.dynamic.next.${NOBODY}-1.half`,
  'conf/aside/1/zoo.cfg',
];

async function filled(root: string): Promise<Parameters<typeof findLeftovers>[0]> {
  for (const path of [...LEFTOVERS, ...OTHERS]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), '1');
  }
  return {
    dataDir: join(root, 'data'),
    confDir: join(root, 'conf'),
    idFile: join(root, 'data', 'myid'),
    dynamicFile: join(root, 'conf', 'zoo.cfg.dynamic'),
  };
}

function still(root: string, paths: readonly string[]): readonly string[] {
  return paths.filter((path) => existsSync(join(root, path)));
}

describe('leftovers of a killed run', () => {
  it('go with the first change, and nothing else does', async () => {
    await using directory = await temporaryDirectory();
    const places = await filled(directory.path);
    const disk = nodeDisk({ ...places, cluster: 'c-1', tick: LAB_TICK });
    assert.equal((await findLeftovers(places)).length, LEFTOVERS.length);
    await disk.mark('ready');
    assert.deepEqual(still(directory.path, LEFTOVERS), []);
    assert.deepEqual(still(directory.path, OTHERS), OTHERS);
    assert.deepEqual(await findLeftovers(places), []);
  });

  it('a move under way with data in it is data: it is finished and never removed', async () => {
    await using directory = await temporaryDirectory();
    const places = await filled(directory.path);
    const moving = join(directory.path, 'data', 'aside', '.lineage-1-before-2.moving', 'version-2');
    await mkdir(moving);
    await writeFile(join(moving, 'log.1'), 'data');
    assert.equal((await findLeftovers(places)).length, LEFTOVERS.length - 1);
    await nodeDisk({ ...places, cluster: 'c-1', tick: LAB_TICK }).mark('ready');
    assert.deepEqual(still(directory.path, ['data/aside/lineage-1-before-2/version-2/log.1']).length, 1);
  });

  it('go before the space for a copy is checked', async () => {
    await using directory = await temporaryDirectory();
    const places = await filled(directory.path);
    const { dataDir } = places;
    await writeFile(join(dataDir, 'version-2', 'snapshot.0'), snapshotOf());
    await writeFile(join(dataDir, 'version-2', 'log.1'), '');
    // A sparse file far larger than any disk here.
    const file = await open(join(dataDir, 'version-2', 'large'), 'w');
    await file.truncate(2 ** 43);
    await file.close();
    const disk = nodeDisk({ ...places, cluster: 'c-1', tick: LAB_TICK });
    await assert.rejects(disk.copyDataAside('source-of-record-2'), { code: 'NO_SPACE' });
    assert.deepEqual(still(directory.path, LEFTOVERS), []);
  });

  it('a copy that was killed does not take the space of the next one', (t) => {
    if (spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status !== 0) {
      t.skip('this needs to mount a small disk');
      return;
    }
    const inSmallDisk = `mount -t tmpfs -o size=200m none /mnt && exec "$0" "$1"`;
    const program = join(import.meta.dirname, 'killed-copy.ts');
    const said = execFileSync('unshare', ['-m', 'sh', '-c', inSmallDisk, process.execPath, program], {
      encoding: 'utf8',
      timeout: 300_000,
    });
    assert.deepEqual(JSON.parse(said), { left: ['.source-of-record-2.copying'], after: ['source-of-record-2'] });
  });
});

// SPDX-License-Identifier: Apache-2.0
/** Data that is set aside, copied aside and brought back on the disk of a node. */
import assert from 'node:assert/strict';
import { open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { memberAt } from '../../src/model/member.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { crashingAt } from './crashing-file-system.ts';
import { layOutSysfs } from './sysfs.ts';
import { bytesOf, DATA, diskIn, fillData, filledDisk, MEMBERS, STAMP } from './test-disk.ts';
import { LOG_HEADER, logEntry, zxid } from './transaction-log-file.ts';

describe('data set aside', () => {
  it('moves with its stamp and a copy of the config, and leaves a node without data', async () => {
    await using test = await filledDisk();
    const bytes = await bytesOf(join(test.dataDir, 'version-2'));
    await test.disk.setDataAside('lineage-1');
    const facts = await test.read();
    assert.equal(facts.data, undefined);
    assert.equal(facts.stamp, undefined);
    const config = { version: zxid(0), members: MEMBERS };
    assert.deepEqual(facts.config, config);
    assert.deepEqual(facts.aside, [{ name: 'lineage-1', lineage: 1, data: DATA, config }]);
    const folder = join(test.dataDir, 'aside', 'lineage-1');
    assert.deepEqual(await bytesOf(join(folder, 'version-2')), bytes);
    assert.deepEqual((await readdir(folder)).sort(), ['config', 'facts.json', 'stamp.json', 'version-2']);
    assert.deepEqual((await readdir(join(folder, 'config'))).sort(), ['zoo.cfg', 'zoo.cfg.dynamic']);
    await test.disk.setDataAside('lineage-1');
    assert.equal((await test.read()).aside.length, 1, 'nothing to do without data');
  });

  it('takes another name when the name is taken', async () => {
    await using test = await filledDisk();
    await test.disk.copyDataAside('kept');
    await test.disk.setDataAside('kept');
    await fillData(test, 11);
    await test.disk.setDataAside('kept');
    const names = (await test.read()).aside.map(({ name, data, lineage }) => [name, data.lastZxid, lineage]);
    assert.deepEqual(names, [
      ['kept', zxid(9), 1],
      ['kept-2', zxid(9), 1],
      ['kept-3', zxid(11), 0],
    ]);
  });

  it('is copied once, even when the accepted epoch was raised in between', async () => {
    await using test = await filledDisk();
    await test.disk.copyDataAside('before-2');
    await test.disk.raiseAcceptedEpoch(9);
    await test.disk.writeConfig({ version: ZXID_ZERO, members: [memberAt(3, '127.9.9.3', 'participant')] });
    await test.disk.copyDataAside('before-2');
    const facts = await test.read();
    assert.deepEqual(
      facts.aside.map(({ name, data }) => [name, data.acceptedEpoch]),
      [['before-2', 2]],
    );
    assert.deepEqual(facts.stamp, STAMP);
    await writeFile(join(test.dataDir, 'version-2', 'log.a'), Buffer.concat([LOG_HEADER, logEntry(10)]));
    await test.disk.copyDataAside('before-2');
    assert.deepEqual(
      (await test.read()).aside.map(({ name, data }) => [name, data.lastZxid]),
      [
        ['before-2', zxid(9)],
        ['before-2-2', zxid(10)],
      ],
    );
  });

  it('comes back with its own stamp, and the copy stays', async () => {
    await using test = await filledDisk();
    const bytes = await bytesOf(join(test.dataDir, 'version-2'));
    await test.disk.setDataAside('kept');
    await test.disk.restoreAside('kept');
    const facts = await test.read();
    assert.deepEqual(facts.data, DATA);
    assert.deepEqual(facts.stamp, STAMP);
    assert.equal(facts.aside.length, 1);
    assert.deepEqual(await bytesOf(join(test.dataDir, 'version-2')), bytes);
    await assert.rejects(test.disk.restoreAside('kept'), { code: 'PRECONDITION_CHANGED' });
    await test.disk.setDataAside('again');
    await assert.rejects(test.disk.restoreAside('nothing'), { code: 'BAD_DATA_DIRECTORY' });
  });

  it('names its volume in every stamp, and reads a stamp of another volume as it is', async () => {
    await using directory = await temporaryDirectory();
    const sysfs = join(directory.path, 'sys');
    await layOutSysfs(sysfs, directory.path, { serial: 'vol0aaa0aaa\n' });
    const test = await diskIn(directory, STAMP.cluster, sysfs);
    await fillData(test, 9);
    // Whoever asks for a stamp does not know of volumes.
    await test.disk.writeStamp({ ...STAMP, volume: 'vol-0bbb' } as typeof STAMP);
    const { volume, stamp } = await test.read();
    assert.deepEqual([volume, stamp], ['vol-0aaa0aaa', { ...STAMP, volume: 'vol-0aaa0aaa' }]);

    const other = JSON.stringify({ ...STAMP, volume: 'vol-0bbb0bbb' });
    await writeFile(join(test.dataDir, 'zk-agent', 'stamp.json'), other);
    assert.equal((await test.read()).stamp?.volume, 'vol-0bbb0bbb');
    // What is restored is this volume's, wherever it was set aside.
    await test.disk.setDataAside('kept');
    await test.disk.restoreAside('kept');
    assert.deepEqual((await test.read()).stamp, { ...STAMP, volume: 'vol-0aaa0aaa' });

    await writeFile(join(test.dataDir, 'zk-agent', 'stamp.json'), JSON.stringify({ ...STAMP, volume: 7 }));
    const read = await test.read();
    assert.deepEqual([read.stamp, read.unreadable?.map(({ what }) => what)], [undefined, ['stamp']]);
  });

  it('sets a copy of another disk aside with all that says that the node has started', async () => {
    await using test = await filledDisk();
    await test.disk.writeMarker();
    await test.disk.writeNonce('00ff');
    await test.disk.writeId(3);
    await test.disk.setCopyAside('copy-of-vol-0bbb');
    const { stamp, nonce, data, marker, id, aside } = await test.read();
    assert.deepEqual([stamp, nonce, data, marker, id], [undefined, undefined, undefined, false, 3]);
    assert.deepEqual(
      aside.map((each) => [each.name, each.lineage, each.data]),
      [['copy-of-vol-0bbb', 1, DATA]],
    );
    // Without data it goes as well, and nothing is set aside.
    await test.disk.writeStamp(STAMP);
    await test.disk.setCopyAside('copy-of-vol-0bbb');
    const again = await test.read();
    assert.deepEqual([again.stamp, again.aside.length], [undefined, 1]);
  });

  it('refuses a name that leads out of its folder', async () => {
    await using test = await filledDisk();
    for (const name of ['../out', '', '.hidden', 'a/b']) {
      await assert.rejects(test.disk.setDataAside(name), { code: 'BAD_ARGUMENT' });
    }
    assert.deepEqual((await test.read()).data, DATA);
  });

  it('does not show data of another cluster', async () => {
    const directory = await temporaryDirectory();
    await using test = await diskIn(directory);
    const foreign = await diskIn(directory, 'payments-00000001');
    await fillData(foreign, 9);
    await foreign.disk.writeStamp({ ...STAMP, cluster: 'payments-00000001' });
    await foreign.disk.setDataAside('kept');
    assert.deepEqual((await test.read()).aside, []);
    assert.equal((await foreign.read()).aside.length, 1);
  });

  it('is not half seen while an operator removes it', async () => {
    await using test = await filledDisk();
    await test.disk.setDataAside('kept');
    const folder = join(test.dataDir, 'aside', 'kept');
    await rm(join(folder, 'version-2'), { recursive: true });
    assert.deepEqual((await test.read()).aside, []);
  });

  it('is moved whole or not at all, wherever it is cut off, and the next call finishes it', async () => {
    let crashes = 0;
    for (let at = 1, crashed = true; crashed; at++) {
      await using test = await filledDisk();
      const bytes = await bytesOf(join(test.dataDir, 'version-2'));
      ({ crashed } = await crashingAt(at, () => test.disk.setDataAside('kept')));
      crashes += crashed ? 1 : 0;
      const facts = await test.read();
      if (facts.data === undefined) {
        assert.equal(facts.stamp, undefined, `call ${at}: the stamp goes with the data`);
        assert.deepEqual(
          facts.aside.map(({ data }) => data),
          [DATA],
          `call ${at}`,
        );
      } else {
        assert.deepEqual([facts.data, facts.stamp, facts.aside], [DATA, STAMP, []], `call ${at}`);
      }
      await test.disk.setDataAside('kept');
      const after = await test.read();
      assert.deepEqual([after.data, after.stamp, after.aside.length], [undefined, undefined, 1], `call ${at}`);
      assert.deepEqual(await bytesOf(join(test.dataDir, 'aside', 'kept', 'version-2')), bytes);
      assert.deepEqual(await readdir(join(test.dataDir, 'aside')), ['kept']);
    }
    assert.ok(crashes > 10, `${crashes} places were tried`);
  });

  it('is finished by whatever change comes next: a new stamp is not taken for the old one', async () => {
    for (let at = 1, crashed = true; crashed; at++) {
      await using test = await filledDisk();
      ({ crashed } = await crashingAt(at, () => test.disk.setDataAside('kept')));
      if ((await test.read()).data !== undefined) {
        continue;
      }
      await test.disk.writeStamp({ ...STAMP, lineage: 2 });
      const facts = await test.read();
      assert.deepEqual(facts.stamp, { ...STAMP, lineage: 2 }, `call ${at}`);
      assert.deepEqual(
        facts.aside.map(({ lineage }) => lineage),
        [1],
      );
    }
  });

  it('is copied whole or not at all, wherever it is cut off', async () => {
    for (let at = 1, crashed = true; crashed; at++) {
      await using test = await filledDisk();
      const bytes = await bytesOf(join(test.dataDir, 'version-2'));
      ({ crashed } = await crashingAt(at, () => test.disk.copyDataAside('kept')));
      const facts = await test.read();
      assert.deepEqual([facts.data, facts.stamp], [DATA, STAMP], `call ${at}`);
      for (const { name } of facts.aside) {
        assert.deepEqual(await bytesOf(join(test.dataDir, 'aside', name, 'version-2')), bytes, `call ${at}`);
      }
      await test.disk.copyDataAside('kept');
      assert.deepEqual(
        (await test.read()).aside.map(({ name }) => name),
        ['kept'],
        `call ${at}`,
      );
    }
  });

  it('is restored whole or not at all, wherever it is cut off', async () => {
    for (let at = 1, crashed = true; crashed; at++) {
      await using test = await filledDisk();
      const bytes = await bytesOf(join(test.dataDir, 'version-2'));
      await test.disk.setDataAside('kept');
      ({ crashed } = await crashingAt(at, () => test.disk.restoreAside('kept')));
      const facts = await test.read();
      assert.deepEqual(
        facts.aside.map(({ name }) => name),
        ['kept'],
        `call ${at}`,
      );
      if (facts.data === undefined) {
        await test.disk.restoreAside('kept');
      }
      assert.deepEqual(await bytesOf(join(test.dataDir, 'version-2')), bytes, `call ${at}`);
      assert.deepEqual((await test.read()).stamp, STAMP, `call ${at}`);
    }
  });

  it('is not copied onto a full disk', async () => {
    await using test = await filledDisk();
    // A sparse file far larger than any disk here.
    const file = await open(join(test.dataDir, 'version-2', 'snapshot.1'), 'w');
    await file.truncate(2 ** 43);
    await file.close();
    await assert.rejects(test.disk.copyDataAside('kept'), {
      code: 'NO_SPACE',
      message: /needs \d+ MiB.*has \d+ MiB free/,
    });
    assert.deepEqual((await test.read()).aside, []);
    assert.equal((await stat(join(test.dataDir, 'version-2', 'snapshot.1'))).size, 2 ** 43);
  });

  it('is not copied back onto a full disk, and nothing takes its place', async () => {
    await using test = await filledDisk();
    await test.disk.setDataAside('kept');
    const file = await open(join(test.dataDir, 'aside', 'kept', 'version-2', 'snapshot.1'), 'w');
    await file.truncate(2 ** 43);
    await file.close();
    await assert.rejects(test.disk.restoreAside('kept'), { code: 'NO_SPACE' });
    const { data, aside } = await test.read();
    assert.equal(data, undefined);
    assert.deepEqual(
      aside.map(({ name }) => name),
      ['kept'],
    );
  });
});

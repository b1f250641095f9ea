// SPDX-License-Identifier: Apache-2.0
/** What the disk of a node says, and the files that the agent writes there. */
import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { DiskFacts } from '../../src/model/disk.ts';
import { toZxid, ZXID_ZERO } from '../../src/model/zxid.ts';
import { superSecret } from '../../src/zookeeper/super-secret.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { DATA, diskIn, emptyDisk, filledDisk, MEMBERS, STAMP } from './test-disk.ts';
import { zxid } from './transaction-log-file.ts';

const NOTHING: DiskFacts = { marker: false, left: false, reported: false, ready: false, signalled: false, aside: [] };

describe('the node disk', () => {
  it('says nothing of an empty disk', async () => {
    await using test = await emptyDisk();
    assert.deepEqual(await test.read(), NOTHING);
  });

  it('a config with a version is read back with it, and no other file with one is left', async () => {
    await using test = await emptyDisk();
    const old = { version: toZxid(0x300000001n), members: MEMBERS };
    await test.disk.writeConfig(old);
    const fresh = { version: toZxid(0x1000100000000n), members: MEMBERS.slice(0, 1) };
    await test.disk.writeConfig(fresh);
    const { config, pending } = await test.read();
    assert.deepEqual([config, pending], [fresh, undefined]);
    const names = (await readdir(test.confDir)).filter((name) => name.startsWith('zoo.cfg.dynamic.'));
    assert.deepEqual(names, ['zoo.cfg.dynamic.1000100000000']);
  });

  it('reads back all that it writes', async () => {
    await using test = await emptyDisk();
    const { disk } = test;
    await disk.writeId(3);
    await disk.writeNonce('00ff');
    await disk.writeMarker();
    await disk.writeStamp(STAMP);
    await disk.writeConfig({ version: ZXID_ZERO, members: MEMBERS });
    await disk.raiseAcceptedEpoch(4);
    await disk.raiseFence({ record: 2 });
    await disk.mark('left');
    await disk.mark('reported');
    await disk.mark('ready');
    await disk.mark('signalled');
    assert.deepEqual(await test.read(), {
      id: 3,
      nonce: '00ff',
      marker: true,
      stamp: STAMP,
      data: { currentEpoch: -1, acceptedEpoch: 4, lastZxid: zxid(0) },
      fence: { record: 2 },
      left: true,
      reported: true,
      ready: true,
      signalled: true,
      config: { version: zxid(0), members: MEMBERS },
      aside: [],
    });
    await disk.liftFence();
    await disk.unmark('left');
    await disk.unmark('reported');
    await disk.unmark('ready');
    await disk.unmark('signalled');
    const facts = await test.read();
    assert.equal(facts.fence, undefined);
    assert.deepEqual([facts.left, facts.reported, facts.ready, facts.signalled], [false, false, false, false]);
  });

  it('remembers since when the node has been in a lifecycle state', async () => {
    await using test = await emptyDisk();
    assert.equal(await test.disk.inStateSince('Pending:Wait', 1_000), 1_000);
    assert.equal(await test.disk.inStateSince('Pending:Wait', 5_000), 1_000);
    assert.equal(await test.disk.inStateSince('Terminating:Wait', 9_000), 9_000);
    assert.equal(await test.disk.inStateSince('Terminating:Wait', 9_500), 9_000);
  });

  it('lifts and unmarks what is not there', async () => {
    await using test = await emptyDisk();
    await test.disk.liftFence();
    await test.disk.unmark('reported');
    assert.deepEqual(await test.read(), NOTHING);
  });

  it('never lowers the accepted epoch', async () => {
    await using test = await filledDisk();
    await test.disk.raiseAcceptedEpoch(1);
    assert.equal((await test.read()).data?.acceptedEpoch, 2);
    await test.disk.raiseAcceptedEpoch(8);
    assert.deepEqual((await test.read()).data, { ...DATA, acceptedEpoch: 8 });
  });

  it('does not take a disk that is not mounted, or is no directory, for a node without data', async () => {
    await using test = await emptyDisk();
    await rm(test.dataDir, { recursive: true });
    await assert.rejects(test.read(), { code: 'BAD_DATA_DIRECTORY', message: /no such file.*data/ });
    await assert.rejects(test.disk.mark('ready'), { code: 'BAD_DATA_DIRECTORY' });
    await writeFile(test.dataDir, '');
    await assert.rejects(test.read(), { code: 'BAD_DATA_DIRECTORY', message: /not a directory/ });
    await assert.rejects(superSecret(test.dataDir), { code: 'BAD_DATA_DIRECTORY' });
  });

  it('tells of a stamp of another cluster, which decide refuses', async () => {
    const directory = await temporaryDirectory();
    await using test = await diskIn(directory, 'payments-00000001');
    await (await diskIn(directory)).disk.writeStamp(STAMP);
    assert.deepEqual((await test.read()).stamp, STAMP);
  });
});

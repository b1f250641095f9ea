// SPDX-License-Identifier: Apache-2.0
/** The epochs by the server's rule (QuorumPeer.loadDataBase of 3.9.5), `currentEpoch.tmp` included. */
import assert from 'node:assert/strict';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bestCandidate } from '../../src/decide/rank.ts';
import { recoverable } from '../../src/facts/data.ts';
import type { DataFacts } from '../../src/model/disk.ts';
import type { Report } from '../../src/model/records.ts';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { snapshotOf } from './snapshot-file.ts';

const SIGNAL = new AbortController().signal;

interface Files {
  readonly snapshot: string;
  readonly current?: string;
  readonly accepted?: string;
  readonly half?: string;
}

async function factsOf({ snapshot, current, accepted, half }: Files): Promise<DataFacts> {
  await using directory = await temporaryDirectory();
  const write = async (name: string, text: string | Buffer | undefined): Promise<void> => {
    if (text !== undefined) await writeFile(join(directory.path, name), text);
  };
  await write(`snapshot.${snapshot}`, snapshotOf());
  await write('currentEpoch', current);
  await write('acceptedEpoch', accepted);
  await write('currentEpoch.tmp', half);
  const facts = await readDataDirectory(directory.path, SIGNAL);
  assert.ok(facts);
  return facts;
}

function report(instance: string, id: number, data: DataFacts): Report {
  const address = `10.0.0.${id}`;
  return { instance, id, address, record: 1, fenced: true, canVote: true, lineage: 1, data, aside: [] };
}

describe('currentEpoch.tmp', () => {
  it('counts where the data is ahead of currentEpoch, so committed data is not passed over', async () => {
    const behind = await factsOf({ snapshot: '500000003', current: '5', accepted: '5' });
    for (const current of ['-1', '4']) {
      const ahead = await factsOf({ snapshot: '500000064', current, accepted: '5', half: '5' });
      assert.deepEqual(ahead, { currentEpoch: 5, acceptedEpoch: 5, lastZxid: '0000000500000064' });
      assert.equal(bestCandidate([report('i-behind', 2, behind), report('i-ahead', 1, ahead)])?.instance, 'i-ahead');
    }
  });

  it('is not looked at where currentEpoch is not behind', async () => {
    const facts = await factsOf({ snapshot: '500000003', current: '5', accepted: '6', half: '' });
    assert.deepEqual(facts, { currentEpoch: 5, acceptedEpoch: 6, lastZxid: '0000000500000003' });
  });

  it('that is empty or no number is damage, since the server ends on it', async () => {
    for (const half of ['', 'garbage', '\0']) {
      const facts = await factsOf({ snapshot: '500000064', current: '4', accepted: '5', half });
      assert.match(facts.damage ?? '', /currentEpoch\.tmp should hold one number/);
      assert.equal(recoverable(facts), false);
    }
  });

  it('above the accepted epoch is damage as well', async () => {
    const facts = await factsOf({ snapshot: '500000064', current: '4', accepted: '4', half: '5' });
    assert.match(facts.damage ?? '', /accepted epoch 4 is below the current epoch 5/);
  });

  it('that can not be opened is damage: the server would try to follow, and fail to write its epoch, for ever', async () => {
    for (const name of ['currentEpoch.tmp', 'acceptedEpoch.tmp']) {
      await using directory = await temporaryDirectory();
      await writeFile(join(directory.path, 'snapshot.500000003'), snapshotOf());
      await symlink(name, join(directory.path, name));
      const facts = await readDataDirectory(directory.path, SIGNAL);
      assert.match(facts?.damage ?? '', new RegExp(`can't write its epoch, since .*${name}`));
      assert.equal(facts?.lastZxid, '0000000500000003', 'What it holds is known all the same.');
      assert.equal(facts?.mayHoldMore, undefined);
    }
  });

  it('missing where the data is ahead is damage', async () => {
    const facts = await factsOf({ snapshot: '500000064', current: '4', accepted: '5' });
    assert.match(facts.damage ?? '', /current epoch 4 is older than the epoch 5 of the last zxid/);
  });
});

// SPDX-License-Identifier: Apache-2.0
/** Recovery 3: which of the reported configs says who the voters are, and who has to be heard. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { type Known, known } from '../../src/model/cloud.ts';
import type { Shared } from '../../src/model/observation.ts';
import type { FoundReport } from '../../src/model/records.ts';
import { toZxid } from '../../src/model/zxid.ts';
import {
  CLUSTER,
  configOf,
  diskOf,
  forcedOf,
  genesisOf,
  groupOf,
  instanceOf,
  livesOf,
  recordMember,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { fencedSurvivor, survivor } from './situations.ts';

const LOST = [{ what: 'config', file: '/etc/zookeeper/zoo.cfg', why: 'it is empty' }] as const;

/** By it the nodes 1 and 4 are all voters, and both live: no quorum would be lost. */
const LATER = configOf([1, 4], toZxid(0x100000009n));

/** Node 1 of the voters 1, 2 and 3 is left, and node 4 has reported this. */
function countsAsVoters(other: FoundReport): boolean {
  const decision = decide(
    fencedSurvivor({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
      group: groupOf([1, 4]),
      lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
      silence: silenceOf([1, 2, 3, 4], [reportOf(1, { fenced: true }), other]),
      watch: { digest: JSON.stringify([1, ['s1', 's4'], [1, 2, 3, 4].map(instanceOf)]), forMs: 25_000 },
    }),
  );
  return decision.kind === 'step' && decision.step.kind === 'lift-fence';
}

test('Recovery 3: a later config of the newest record says who the voters are', () => {
  assert.equal(countsAsVoters(reportOf(4, { fenced: true, config: LATER })), true);
});

test('Recovery 3: a config beside data of nobody knows which record says nothing, however late it is', () => {
  const { report, ...found } = reportOf(4, { fenced: true, config: LATER });
  const { lineage: _, ...unstamped } = report;
  assert.equal(countsAsVoters({ ...found, report: unstamped }), false);
});

test('Recovery 3: a config of an older lineage says nothing, however late it is', () => {
  assert.equal(countsAsVoters(reportOf(4, { fenced: true, config: LATER, lineage: 0 })), false);
});

test('Recovery 3: where the only config is lost, a server that still runs under it keeps nobody waiting', () => {
  const { report, ...found } = reportOf(1, { record: 2, lineage: 2 });
  const { config: _, ...own } = report;
  const { config: __, ...disk } = diskOf(1, { stamp: { cluster: CLUSTER, lineage: 2, id: 1 }, reported: true });
  const decision = decide(
    survivor({
      disk: { ...disk, unreadable: LOST },
      shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(1))], [1, 2]),
      lives: { ...livesOf([1]), ...livesOf([2], 'gone') },
      silence: silenceOf([1], [{ ...found, report: { ...own, unreadable: LOST } }]),
    }),
  );
  assert.equal(decision.kind === 'step' && decision.step.kind, 'raise-fence', decision.why);
});

test('Recovery 3: whoever wrote a report that can not be understood is awaited, though it never claimed anything', () => {
  const unreadable = [{ instance: instanceOf(9), key: `reports/${instanceOf(9)}.json`, why: 'it is no JSON' }];
  const unclaimedForMs = { [instanceOf(9)]: 600_000 };
  const own = reportOf(1, { fenced: true });
  const seen = (silence: Parameters<typeof silenceOf>[2]) =>
    decide(fencedSurvivor({ silence: silenceOf([1, 2, 3], [own], silence), watch: undefined })).why;
  assert.match(seen({ unreadable, unclaimedForMs }), /i-0a09 has not reported/);
  assert.doesNotMatch(seen({ unclaimedForMs }), /i-0a09/);
});

test('Recovery 3: a note of a death that can not be understood is named with the instance that is awaited', () => {
  const key = `dead/${instanceOf(4)}`;
  const unreadableNotes = [{ instance: instanceOf(4), key, why: 'it was written by a newer release' }];
  const shared = { ...factOf(sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4])), unreadableNotes };
  const silence = silenceOf([1, 2, 3, 4], [reportOf(1, { fenced: true })]);
  const decision = decide(fencedSurvivor({ shared: known(shared), silence, watch: undefined }));
  assert.equal(decision.kind, 'wait');
  assert.match(
    decision.why,
    new RegExp(`${instanceOf(4)} has not reported.*${key} can't be understood: it was written`),
  );
});

function factOf(shared: Known<Shared>): Shared {
  assert.ok(shared.known);
  return shared.value;
}

// SPDX-License-Identifier: Apache-2.0
/** A stack's group is scaled under a writing client: whoever goes has left the ensemble first, the leader too. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { allInService, scaleInOf, setDesired } from './support/group.ts';
import { startLab, type TestLab } from './support/lab.ts';
import { TerminationWatch } from './support/termination-watch.ts';
import { underWrites } from './support/under-writes.ts';

const LIMIT_MS = 300_000;

let lab: TestLab;

before(async () => {
  lab = await startLab({ nodes: 3, deployed: true });
  await lab.healthy();
  await lab.lab.deployed(AbortSignal.timeout(LIMIT_MS));
});

after(() => lab[Symbol.asyncDispose]());

test('3 → 5 → 3 → 7 → 3: a quorum of the config of the moment is up at every moment', {
  timeout: 1_500_000,
}, async (t) => {
  using watch = new TerminationWatch(lab);
  const founders = await allInService(lab, 3);
  const all = new Set(founders);
  const { seen, inWords } = await underWrites(lab, 3, async () => {
    for (const nodes of [5, 3, 7, 3]) {
      await setDesired(lab, nodes);
      for (const instance of await allInService(lab, nodes)) all.add(instance);
      await lab.healthy();
    }
  });
  t.diagnostic(inWords);
  assert.deepEqual([seen.voters.least, seen.voters.most], [3, 7], inWords);
  const left = await allInService(lab, 3);
  assert.deepEqual(left.toSorted(), founders.toSorted(), 'Newcomers go first.');
  const gone = [...all].filter((instance) => !left.includes(instance));
  await lab.untilGone(gone);
  assert.equal(gone.length, 6);
  watch.check(gone);
});

test('the leader is scaled in, twice: it has left the config by the time EC2 is told to terminate it', {
  timeout: 1_500_000,
}, async (t) => {
  await setDesired(lab, 5);
  await allInService(lab, 5);
  await lab.healthy();
  using watch = new TerminationWatch(lab);
  const leaders: string[] = [];
  const { seen, inWords } = await underWrites(lab, 3, async () => {
    for (const nodes of [4, 3]) {
      const { instance } = await lab.leader();
      leaders.push(instance);
      await scaleInOf(lab, instance);
      await lab.untilGone([instance], LIMIT_MS);
      await allInService(lab, nodes);
      await lab.healthy();
    }
  });
  t.diagnostic(inWords);
  assert.ok(seen.elections.length <= leaders.length, inWords);
  watch.check(leaders);
  assert.equal((await lab.records()).length, 1, 'Nothing was founded twice.');
});

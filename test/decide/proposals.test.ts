// SPDX-License-Identifier: Apache-2.0
/** Who proposes the next record, who answers, and when it is accepted (docs/protocol.md, Recovery 9). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import type { Observation, Silence } from '../../src/model/observation.ts';
import type { Binding, FoundReport, LineageRecord } from '../../src/model/records.ts';
import type { Decision } from '../../src/model/step.ts';
import { toZxid } from '../../src/model/zxid.ts';
import {
  configOf,
  dataOf,
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
import { fencedSurvivor } from './situations.ts';

const FIVE = [1, 2, 3, 4, 5];
const AHEAD = dataOf(1, toZxid(0x100000043n));

/** Nodes 1 and 2 of five are left, fenced and heard; the facts have stood still. Their facts are `s1` and `s2`. */
function left(found: readonly FoundReport[], change: Partial<Observation> = {}, silence: Partial<Silence> = {}) {
  const own = found.find(({ report }) => report.instance === instanceOf(1));
  return fencedSurvivor({
    shared: sharedOf([genesisOf(FIVE)], FIVE),
    group: groupOf([1, 2]),
    lives: { ...livesOf([1, 2]), ...livesOf([3, 4, 5], 'gone') },
    disk: diskOf(1, {
      reported: true,
      fence: { record: 1 },
      config: configOf(FIVE),
      aside: [{ name: 'source-of-record-2', lineage: 1, data: own?.report.data ?? AHEAD }],
      ...(own?.report.data === undefined ? {} : { data: own.report.data }),
    }),
    watch: { digest: JSON.stringify([1, ['s1', 's2'], FIVE.map(instanceOf)]), forMs: 25_000 },
    silence: silenceOf(FIVE, found, silence),
    ...change,
  });
}

function heard(id: number, change: Partial<FoundReport> = {}, best = false): FoundReport {
  const { report } = reportOf(id, { fenced: true, config: configOf(FIVE), ...(best ? { data: AHEAD } : {}) });
  return { report, serial: `s${id}`, ageMs: 1_000, format: 2, ...change };
}

function releaseBefore({ format: _, ...found }: FoundReport): FoundReport {
  return found;
}

function unable(found: FoundReport): FoundReport {
  return { ...found, report: { ...found.report, canVote: false } };
}

/** The report of node `id` once it is bound; what it says is what it said under `s<id>`. */
function bound(id: number, binds: Binding, best = false): FoundReport {
  return heard(id, { serial: `b${id}`, facts: `s${id}`, binds }, best);
}

function recordOf(owner: number): LineageRecord {
  return forcedOf(recordMember(owner), { fenced: [1, 2].map(instanceOf), epochFloor: 65_537 });
}

function proposes(owner: number, relied: Readonly<Record<string, string>>): Binding {
  return { kind: 'proposes', record: recordOf(owner), relied };
}

function answers(proposer: number, proposal = `b${proposer}`): Binding {
  return { kind: 'answers', record: 2, proposer: instanceOf(proposer), proposal };
}

const MINE = bound(1, proposes(1, { [instanceOf(2)]: 's2' }), true);
const THEIRS = bound(2, proposes(2, { [instanceOf(1)]: 's1' }), true);

function stepOf(decision: Decision): string {
  return decision.kind === 'step' ? decision.step.kind : decision.kind;
}

const ROWS: readonly (readonly [string, () => Observation, string])[] = [
  ['the best asks the others', () => left([heard(1, {}, true), heard(2)]), 'propose-record'],
  ['not before the facts are watched', () => left([heard(1, {}, true), heard(2)], { watch: undefined }), 'wait'],
  [
    'not while it is held back',
    () => left([heard(1, {}, true), heard(2)], { group: groupOf([1, 2], { maintenance: true }) }),
    'wait',
  ],
  ['who has not answered is waited for', () => left([MINE, heard(2)]), 'wait'],
  ['who has answered another proposal is waited for', () => left([MINE, bound(2, answers(1, 'b0'))]), 'wait'],
  ['all have answered', () => left([MINE, bound(2, answers(1))]), 'accept-record'],
  [
    'not before the facts stood still for long enough',
    () => {
      const seen = left([MINE, bound(2, answers(1))]);
      return { ...seen, watch: { digest: seen.watch?.digest ?? '', forMs: 5_000 } };
    },
    'wait',
  ],
  [
    'a void proposal is made anew',
    () => left([MINE, bound(2, answers(1))], {}, { outcomes: [{ kind: 'void', proposal: 'b1', number: 2 }] }),
    'propose-record',
  ],
  [
    'other facts than those relied upon are asked for anew',
    () =>
      left([MINE, heard(2, { serial: 's9' })], {
        watch: { digest: JSON.stringify([1, ['s1', 's9'], FIVE.map(instanceOf)]), forMs: 25_000 },
      }),
    'propose-record',
  ],
  ['a node of the release before is not asked', () => left([MINE, releaseBefore(heard(2))]), 'accept-record'],
  ['a proposal upon facts that hold is answered', () => left([heard(1), THEIRS]), 'answer-proposal'],
  ['once', () => left([bound(1, answers(2)), THEIRS]), 'wait'],
  [
    'not upon other facts of this node',
    () => left([heard(1), bound(2, proposes(2, { [instanceOf(1)]: 's0' }), true)]),
    'wait',
  ],
  [
    'not if it is void',
    () => left([heard(1), THEIRS], {}, { outcomes: [{ kind: 'void', proposal: 'b2', number: 2 }] }),
    'wait',
  ],
  [
    'not that of a node with worse data',
    () => left([heard(1, {}, true), bound(2, proposes(2, { [instanceOf(1)]: 's1' }))]),
    'propose-record',
  ],
  [
    'not one that leaves out a node that is heard',
    () =>
      left([heard(1), THEIRS, unable(heard(3))], {
        lives: { ...livesOf([1, 2, 3]), ...livesOf([4, 5], 'gone') },
        group: groupOf([1, 2, 3]),
        shared: sharedOf([genesisOf([...FIVE, 6])], [...FIVE, 6]),
      }),
    'wait',
  ],
  [
    'after an answer whose proposal does not stand any more',
    () => left([bound(1, answers(2, 'b0')), THEIRS]),
    'answer-proposal',
  ],
  [
    'a founded proposal is as good as its record',
    () =>
      left(
        [bound(1, answers(2)), THEIRS],
        {},
        { outcomes: [{ kind: 'founded', proposal: 'b2', record: recordOf(2) }] },
      ),
    'write-record',
  ],
  [
    'a bound node withdraws when its quorum can come back; the step makes the proposal void first',
    () =>
      left([bound(1, answers(2)), THEIRS], {
        lives: livesOf(FIVE),
        silence: silenceOf([1, 2], [bound(1, answers(2)), THEIRS]),
      }),
    'lift-fence',
  ],
];

for (const [name, observation, expected] of ROWS) {
  test(name, () => assert.equal(stepOf(decide(observation())), expected));
}

test('of two proposals that stand a node has answered one, and the other has to wait until that is settled', () => {
  const three = [1, 2, 3];
  const proposed = (id: number): Binding => ({
    kind: 'proposes',
    record: forcedOf(recordMember(id), { fenced: three.map(instanceOf), epochFloor: 65_537 }),
    relied: Object.fromEntries(three.filter((each) => each !== id).map((each) => [instanceOf(each), `s${each}`])),
  });
  const seen = (own: FoundReport, silence: Partial<Silence> = {}) =>
    left(
      [own, bound(2, proposed(2), true), unable(bound(3, proposed(3)))],
      {
        lives: { ...livesOf(three), ...livesOf([4, 5], 'gone') },
        group: groupOf(three),
        watch: { digest: JSON.stringify([1, ['s1', 's2', 's3'], FIVE.map(instanceOf)]), forMs: 25_000 },
      },
      silence,
    );
  assert.equal(stepOf(decide(seen(heard(1)))), 'answer-proposal');
  assert.equal(stepOf(decide(seen(bound(1, answers(3))))), 'wait');
  const settled = { outcomes: [{ kind: 'void', proposal: 'b3', number: 2 }] } as const;
  assert.equal(stepOf(decide(seen(bound(1, answers(3)), settled))), 'answer-proposal');
});

test('an object under a key of a report that can not be understood is somebody who was not heard', () => {
  const key = `reports/${instanceOf(4)}.json`;
  const unreadable = [{ instance: instanceOf(4), key, why: 'it is empty' }];
  const lives = { ...livesOf([1, 2, 4]), ...livesOf([3, 5], 'gone') };
  const decision = decide(left([heard(1, {}, true), unable(heard(2))], { lives }, { unreadable }));
  assert.equal(decision.kind, 'wait');
  assert.match(decision.why, new RegExp(`${instanceOf(4)} has not reported.*${key} can't be understood: it is empty`));
  // The dead are not waited for.
  assert.equal(stepOf(decide(left([heard(1, {}, true), heard(2)], {}, { unreadable }))), 'propose-record');
});

test('who has not answered is named', () => {
  assert.match(decide(left([MINE, heard(2)])).why, new RegExp(`${instanceOf(2)} must agree`));
});

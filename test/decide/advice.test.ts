// SPDX-License-Identifier: Apache-2.0
/**
 * What a person is told to do (docs/protocol.md, "Advice"): what in which situation, and what holds of every piece of
 * advice whatever was seen. Data that is refused: Advice 6.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { type Advice, adviceSentence, adviceText } from '../../src/model/advice.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { FoundReport, Report } from '../../src/model/records.ts';
import { adviceOf } from '../../src/model/step.ts';
import { toZxid } from '../../src/model/zxid.ts';
import { randomOf } from '../support/random.ts';
import { CASES } from './cases/all.ts';
import {
  addressOf,
  claimOf,
  configOf,
  dataOf,
  diskOf,
  ensembleOf,
  genesisOf,
  groupOf,
  instanceOf,
  livesOf,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { inStack, nearSituation, randomObservation } from './random-observation.ts';
import { fencedSurvivor, healthy, silent } from './situations.ts';

const SEEDS = 12_000;
const LONG_AGO_MS = 600_000;
const AHEAD = toZxid(0x100000050n);

function actionsIn(observation: Observation): readonly string[] {
  return adviceOf(decide(observation)).map(({ action, instance }) => (instance ? `${action} ${instance}` : action));
}

function pieceOf(observation: Observation, action: Advice['action']): Advice {
  const piece = adviceOf(decide(observation)).find((advice) => advice.action === action);
  assert.ok(piece, `no advice to ${action}: ${JSON.stringify(decide(observation))}`);
  return piece;
}

/** Of four, node 1 is fenced and has heard node 2; the others are gone for good, and half of four is no quorum. */
function twoLeft(second: Partial<Report>, ageMs = 5_000): Observation {
  const config = configOf([1, 2, 3, 4]);
  const reports = [reportOf(1, { fenced: true, config }), reportOf(2, { fenced: true, config, ...second })];
  return fencedSurvivor({
    disk: diskOf(1, { reported: true, fence: { record: 1 }, config }),
    shared: sharedOf([genesisOf([1, 2, 3, 4])], [1, 2, 3, 4]),
    lives: { ...livesOf([1, 2]), ...livesOf([3, 4], 'gone') },
    silence: silenceOf(
      [1, 2, 3, 4],
      reports.map((found): FoundReport => ({ ...found, ageMs })),
    ),
  });
}

test('who has newer data that no server starts on is told to mend it or to keep it, and to terminate only what can not run', () => {
  const damaged = twoLeft({ canVote: false, data: dataOf(1, AHEAD, { damage: 'Its log is damaged.' }) });
  assert.deepEqual(actionsIn(damaged), [
    'mend-data i-0a02',
    'move-data-away i-0a02',
    'start-instance i-0a02',
    'terminate-instance i-0a02',
  ]);
  assert.deepEqual(pieceOf(damaged, 'terminate-instance').when.slice(0, 2), [
    { is: 'cannot-run', instance: 'i-0a02' },
    { is: 'nothing-else-helps' },
  ]);
  const away = pieceOf(damaged, 'move-data-away');
  assert.deepEqual(away.loses, { kind: 'after', zxid: '0000000100000042' });
  assert.deepEqual(away.next, { id: 1, instance: 'i-0a01' });
  assert.equal(
    adviceSentence(away),
    'Only if nothing else has helped within five minutes; and "zk-agent status" names no leader on any node; and "zk-agent status", asked once more, still says so: rename version-2 of i-0a02, and keep it. That loses what stands in that data after zxid 0000000100000042, acknowledged writes among it, until somebody mends it. Node 1 (i-0a01) recovers then.',
  );
});

test('while a quorum can come back its instances are started, and one goes only when too few of them can run', () => {
  assert.deepEqual(actionsIn(silent()), [
    'start-instance i-0a02',
    'start-instance i-0a03',
    'terminate-instance i-0a02',
    'terminate-instance i-0a03',
  ]);
  const { when } = pieceOf(silent(), 'terminate-instance');
  assert.deepEqual(when, [
    { is: 'cannot-run', instance: 'i-0a02' },
    { is: 'too-few-can-run', quorums: [{ needs: 2, of: ['i-0a01', 'i-0a02', 'i-0a03'] }] },
    { is: 'no-leader' },
    { is: 'still-advised' },
  ]);
});

test('one silent instance that blocks a recovery is started first, and goes only when it can’t run any more', () => {
  const held = fencedSurvivor({
    shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3], { claims: [1, 2, 3, 4].map((id) => claimOf(id)) }),
    lives: { ...livesOf([1, 4]), ...livesOf([2, 3], 'gone') },
    silence: silenceOf([1, 2, 3, 4], [reportOf(1, { fenced: true })]),
  });
  assert.deepEqual(actionsIn(held), ['start-instance i-0a04', 'look-at-log i-0a04', 'terminate-instance i-0a04']);
  assert.doesNotMatch(decide(held).why, /terminate|wait,/);
});

test('of the one that recovers next nothing is asked while it may simply not have come to it', () => {
  const better = { data: dataOf(1, AHEAD) };
  assert.deepEqual(actionsIn(twoLeft({ ...better, fenced: false })), []);
  assert.deepEqual(actionsIn(twoLeft(better)), []);
  assert.deepEqual(actionsIn(twoLeft(better, LONG_AGO_MS)), [
    'start-instance i-0a02',
    'look-at-log i-0a02',
    'terminate-instance i-0a02',
  ]);
});

test('nothing empty takes the place of lost data before everything that could bring it back was tried', () => {
  const data = dataOf(-1, toZxid(0n));
  const damaged = reportOf(2, {
    fenced: true,
    canVote: false,
    data: dataOf(1, AHEAD, { damage: 'Its log is damaged.' }),
  });
  const emptied = fencedSurvivor({
    disk: diskOf(1, { reported: true, fence: { record: 1 }, data }),
    lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
    silence: silenceOf([1, 2, 3], [reportOf(1, { fenced: true, canVote: false, data }), damaged]),
  });
  assert.deepEqual(actionsIn(emptied), ['find-data', 'mend-data i-0a02', 'allow-empty-genesis i-0a01']);
});

/** Node 2 of two that are left, of which neither has data. */
function emptyBeside(silence: Observation['silence']): Observation {
  return fencedSurvivor({
    self: { ...healthy().self, instance: instanceOf(2), address: addressOf(2) },
    disk: diskOf(2, { reported: true, fence: { record: 1 }, data: NO_DATA }),
    group: groupOf([1, 2], { desired: 2 }),
    lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
    silence,
  });
}

const NO_DATA = dataOf(-1, toZxid(0n));
const EMPTY = [1, 2].map((id) => reportOf(id, { fenced: true, canVote: false, data: NO_DATA }));

test('whoever is to propose the first ensemble anew may hang: it is asked for once nothing has changed for long', () => {
  const begun = (ageMs: number): Observation =>
    emptyBeside(
      silenceOf(
        [1, 2, 3],
        EMPTY.map((found): FoundReport => ({ ...found, ageMs })),
        { announcements: [] },
      ),
    );
  assert.match(decide(begun(5_000)).why, /the first ensemble is 1, 2/);
  assert.deepEqual(actionsIn(begun(5_000)), []);
  assert.deepEqual(actionsIn(begun(LONG_AGO_MS)), [
    'start-instance i-0a01',
    'look-at-log i-0a01',
    'terminate-instance i-0a01',
  ]);
});

test('whoever proposed an empty ensemble on demand may hang: whoever has answered asks for it', () => {
  const [one, two] = EMPTY;
  assert.ok(one && two);
  const record = genesisOf([1, 2], { number: 2, fenced: [1, 2].map(instanceOf) });
  const proposes = { kind: 'proposes', record, relied: { [instanceOf(2)]: two.serial } } as const;
  const answers = { kind: 'answers', record: 2, proposer: instanceOf(1), proposal: 'p1' } as const;
  const bound = emptyBeside(
    silenceOf(
      [1, 2, 3],
      [
        { ...one, format: 2, facts: one.serial, serial: 'p1', ageMs: LONG_AGO_MS, binds: proposes },
        { ...two, format: 2, facts: two.serial, serial: 'a2', ageMs: LONG_AGO_MS, binds: answers },
      ],
    ),
  );
  assert.match(decide(bound).why, /Nothing empty is put in its place unasked/);
  assert.deepEqual(actionsIn(bound), ['start-instance i-0a01', 'look-at-log i-0a01', 'terminate-instance i-0a01']);
});

test('a machine that never claimed an id, and that an empty ensemble needs, is started first, and goes when it can’t run', () => {
  const due = emptyBeside(
    silenceOf([1, 2, 3, 4], EMPTY, { announcements: [], unclaimedForMs: { [instanceOf(4)]: LONG_AGO_MS } }),
  );
  const short: Observation = {
    ...due,
    group: groupOf([1, 2, 4], { desired: 3 }),
    lives: { ...due.lives, ...livesOf([4]) },
  };
  assert.match(decide(short).why, /2 of the 3 nodes that the group desires have claimed an id/);
  assert.deepEqual(actionsIn(short), ['start-instance i-0a04', 'look-at-log i-0a04', 'terminate-instance i-0a04']);
  assert.deepEqual(
    actionsIn({ ...short, lives: { ...short.lives, ...livesOf([4], 'gone') } }),
    [],
    'who is gone is replaced by the group',
  );
});

test('who is asked to stop an added server is told that it starts empty beside the next ensemble', () => {
  const path = 'member 200 at 10.0.0.9';
  assert.equal(
    adviceSentence({ action: 'stop-added-server', path, when: [] }),
    `Stop the server of ${path}, which somebody added by hand. After a recovery by force it starts only once its data directory was moved away.`,
  );
  assert.doesNotMatch(adviceSentence({ action: 'start-added-server', path, when: [] }), /moved away/);
});

test('maintenance is told of as something to lift, wherever it holds something back', () => {
  assert.deepEqual(actionsIn(fencedSurvivor({ group: groupOf([1], { maintenance: true }) })), ['lift-maintenance']);
  assert.deepEqual(actionsIn(healthy({ group: groupOf([1, 2, 3], { maintenance: true }) })), ['lift-maintenance']);
});

test('data that nobody can vouch for goes out of the way only beside an ensemble, and is kept', () => {
  const { stamp: _, ...unstamped } = diskOf(1);
  const disk = { ...unstamped, ready: false };
  const refused = healthy({ disk, ensemble: ensembleOf([2, 3], { config: configOf([2, 3]) }) });
  assert.deepEqual(actionsIn(refused), ['right-volume i-0a01', 'move-data-away i-0a01']);
  const decision = decide(refused);
  assert.ok(decision.kind === 'refuse');
  assert.equal(decision.next, adviceText(adviceOf(decision)));
  assert.deepEqual(pieceOf(refused, 'move-data-away').when, [{ is: 'leader' }, { is: 'nothing-else-helps' }]);
});

test('who has not agreed is named at a first look, too: status asks only once', () => {
  const asked = CASES.find(({ name }) => name === 'Recovery 9: who has not answered is named')?.given;
  assert.ok(asked?.silence.known);
  const { value } = asked.silence;
  const late = value.reports.map((found) => ({ ...found, ageMs: LONG_AGO_MS }));
  const seen: Observation = { ...asked, silence: { known: true, value: { ...value, reports: late } } };
  const told = actionsIn(seen);
  assert.ok(
    told.some((piece) => piece.startsWith('start-instance')),
    told.join(),
  );
  assert.deepEqual(actionsIn({ ...seen, watch: undefined }), told);
});

test('whatever was seen: nobody is told to terminate oneself, one that can run, or anyone beside a leader', () => {
  const counted: Record<string, number> = {};
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = randomOf(seed);
    const drawn = seed % 3 !== 0 ? nearSituation(random) : randomObservation(random);
    const observation = seed % 4 === 0 ? inStack(random, drawn) : drawn;
    for (const advice of adviceOf(decide(observation))) {
      const { action, instance, when, loses } = advice;
      const conditions = when.map(({ is }) => is);
      const told = `seed ${seed}: ${adviceSentence(advice)}`;
      counted[action] = (counted[action] ?? 0) + 1;
      if (loses !== undefined) {
        assert.ok(conditions.includes('still-advised') && conditions.includes('no-leader'), told);
        assert.equal(observation.ensemble, undefined, told);
      }
      if (action !== 'terminate-instance') continue;
      assert.notEqual(instance, observation.self.instance, told);
      assert.ok(
        when.some((condition) => condition.is === 'cannot-run' && condition.instance === instance),
        told,
      );
      assert.deepEqual(loses, { kind: 'its-disk' }, told);
    }
  }
  for (const action of ['terminate-instance', 'start-instance', 'move-data-away']) {
    assert.ok((counted[action] ?? 0) >= 5, `only ${counted[action]} of the drawn observations advise ${action}`);
  }
});

test('a disk that is short of space is told of in every reason, and so is what to do', () => {
  const short = healthy({ disk: diskOf(1, { freeShare: 0.19 }) });
  assert.match(decide(short).why, /nothing is left to do\. The disk of its data is short of space: less than a fifth/);
  assert.deepEqual(actionsIn(short), ['free-space i-0a01']);
  assert.doesNotMatch(decide(healthy({ disk: diskOf(1, { freeShare: 0.2 }) })).why, /short of space/);
  assert.doesNotMatch(decide(healthy()).why, /short of space/);
});

test('a line of the config that can’t be understood is for a person to take out', () => {
  const strange = ensembleOf([1, 2, 3], { config: { ...configOf([1, 2, 3]), notUnderstood: ['group.1=1:2'] } });
  assert.deepEqual(actionsIn(healthy({ ensemble: strange })), ['correct-config']);
});

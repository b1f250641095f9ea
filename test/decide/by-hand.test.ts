// SPDX-License-Identifier: Apache-2.0
/**
 * What a person put into the config by hand is tolerated (Claims 7): told, never removed, never counted on, and in
 * nobody's way.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { decideGivingUp } from '../../src/decide/launch.ts';
import { reportDigest } from '../../src/decide/recover.ts';
import { foundByHand } from '../../src/facts/by-hand.ts';
import { known } from '../../src/model/cloud.ts';
import type { EnsembleConfig, Member } from '../../src/model/member.ts';
import type { Observation } from '../../src/model/observation.ts';
import { adviceOf, type Decision, type StepKind } from '../../src/model/step.ts';
import { toZxid } from '../../src/model/zxid.ts';
import {
  addressOf,
  COMMITTED,
  CONFIG_VERSION,
  claimOf,
  configOf,
  dataOf,
  diskOf,
  ensembleOf,
  genesisOf,
  groupOf,
  instanceOf,
  livesOf,
  member,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { fencedSurvivor, healthy, silent } from './situations.ts';

const GROUPS = ['group.1=1:2', 'weight.1=1'];

function config(members: readonly Member[], notUnderstood: readonly string[] = []): EnsembleConfig {
  return { version: CONFIG_VERSION, members, ...(notUnderstood.length === 0 ? {} : { notUnderstood }) };
}

/** Node 1 leads the voters 1, 2, 3, of which `serving` serve, beside what a person added. */
function leading(added: readonly Member[], serving: readonly number[], lines: readonly string[] = []): Observation {
  const members = [...configOf([1, 2, 3]).members, ...added];
  return healthy({
    disk: diskOf(1, { config: config(members, lines) }),
    server: { upMs: 600_000, answer: { kind: 'serving', mode: 'leader', zxid: COMMITTED } },
    ensemble: ensembleOf([1, 2, 3], {
      leader: { id: 1, address: addressOf(1) },
      config: config(members, lines),
      servingIds: serving,
    }),
  });
}

function stepOf(decision: Decision): StepKind | undefined {
  return decision.kind === 'step' ? decision.step.kind : undefined;
}

/** Node 4 replaces node 3, which is gone; its server has caught up. */
function joining(members: readonly Member[], lines: readonly string[] = [], change: Partial<Observation> = {}) {
  return healthy({
    self: { instance: instanceOf(4), address: addressOf(4), cluster: healthy().self.cluster },
    disk: diskOf(4, { ready: false, config: config([...members, member(4, 'observer')], lines) }),
    shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]),
    group: groupOf([1, 2, 4]),
    lives: { ...livesOf([1, 2, 4]), ...livesOf([3], 'gone') },
    ensemble: ensembleOf([1, 2, 3], {
      leader: { id: 2, address: addressOf(2) },
      config: config(members, lines),
      servingIds: [1, 2],
    }),
    ...change,
  });
}

const OBSERVER = member(200, 'observer', 'zk4.example.com');

test('beside an observer that nobody claimed the dead are removed, and it is not', () => {
  const seen = leading([OBSERVER], [1, 2]);
  const decision = decide({ ...seen, lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') } });
  assert.deepEqual(decision.kind === 'step' && decision.step, {
    kind: 'remove-members',
    ids: [3],
    dead: [instanceOf(3)],
    fromVersion: CONFIG_VERSION,
  });
});

test('a voter that nobody claimed is in the count and never counts as serving', () => {
  const dead = { ...livesOf([1, 2]), ...livesOf([3], 'gone') };
  // Of 1, 2 and 9 two must serve, and two of ours do.
  assert.equal(stepOf(decide({ ...leading([member(9)], [1, 2, 9]), lives: dead })), 'remove-members');
  // Of 1, 2, 8 and 9 three must, and that 8 and 9 say so is nothing to build upon.
  const two = decide({ ...leading([member(8), member(9)], [1, 2, 8, 9]), lives: dead });
  assert.equal(two.kind, 'done');
  assert.match(two.why, /no quorum that serves/);
});

test('where voters that nobody claimed are half of the rest, a person is told to take both out with one change', () => {
  const seen = leading([member(9), member(10)], [1, 9, 10]);
  const decision = decide({ ...seen, lives: { ...livesOf([1]), ...livesOf([2, 3], 'gone') } });
  assert.equal(decision.kind, 'done');
  const named = [2, 3, 9, 10].map((id) => `${id} at ${addressOf(id)}`).join(', ');
  // By the time at which the person acts, a replacement may have the id and the address of the dead.
  const change = { version: CONFIG_VERSION, leaving: [2, 3, 9, 10] };
  assert.deepEqual(adviceOf(decision), [
    { action: 'remove-members', path: named, config: change, when: [{ is: 'still-advised' }] },
  ]);
  // Where too few of ours serve, that change could not commit.
  const alone = decide({ ...leading([member(9)], [1, 9]), lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') } });
  assert.deepEqual(adviceOf(alone), []);
});

test('a node that follows in an ensemble of which half was added tells a person whom to take out', () => {
  const members = [member(1), member(3), member(8), member(9)];
  const seen = silent({
    disk: diskOf(1, { config: config(members) }),
    server: { upMs: 600_000, answer: { kind: 'serving', mode: 'follower', zxid: COMMITTED } },
    lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
  });
  const named = [3, 8, 9].map((id) => `${id} at ${addressOf(id)}`).join(', ');
  assert.deepEqual(adviceOf(decide(seen)), [
    {
      action: 'remove-members',
      path: named,
      config: { version: CONFIG_VERSION, leaving: [3, 8, 9] },
      when: [{ is: 'still-advised' }],
    },
  ]);
  const most = config([member(1), member(2), member(9)]);
  assert.deepEqual(adviceOf(decide({ ...seen, disk: diskOf(1, { config: most }) })), []);
});

test('where nodes of ours stand still, so many added voters stay that a quorum serves: each way is told (seed 40058687)', () => {
  const told = (ids: readonly number[], dead: readonly number[] = []) => {
    const seen = silent({
      disk: diskOf(1, { config: config(ids.map((id) => member(id))) }),
      server: { upMs: 600_000, answer: { kind: 'serving', mode: 'follower', zxid: COMMITTED } },
      lives: { ...livesOf([1, 2, 3]), ...livesOf(dead, 'gone') },
    });
    return adviceOf(decide(seen)).map(({ config: change, when }) => ({
      leaving: change?.leaving,
      first: when.some(({ is }) => is === 'nothing-else-helps') ? 'after the others' : 'at once',
    }));
  };
  assert.deepEqual(told([1, 2, 8, 9]), [
    { leaving: [8, 9], first: 'at once' },
    { leaving: [9], first: 'after the others' },
    { leaving: [8], first: 'after the others' },
  ]);
  // Three of ours outnumber two of the three, and one of three is dead and leaves as well.
  assert.deepEqual(
    told([1, 2, 3, 7, 8, 9]).map(({ leaving }) => leaving),
    [[7, 8, 9], [9], [7], [8]],
  );
  assert.deepEqual(
    told([1, 2, 3, 7, 8, 9], [3]).map(({ leaving }) => leaving),
    [
      [3, 7, 8, 9],
      [3, 8, 9],
      [3, 7, 9],
      [3, 7, 8],
    ],
  );
});

test('a joiner that has caught up counts among those that stay, also at the address of the dead', () => {
  const members = [member(2), member(3, 'participant', addressOf(4)), member(9)];
  const seen = joining(members, [], {
    shared: sharedOf([genesisOf([2, 3])], [], {
      claims: [claimOf(2), claimOf(3, { owner: { instance: instanceOf(3), address: addressOf(4) } }), claimOf(4)],
    }),
    ensemble: ensembleOf([2, 3, 9], {
      leader: { id: 2, address: addressOf(2) },
      config: config(members),
      servingIds: [2, 9],
    }),
  });
  const decision = decide(seen);
  assert.equal(decision.kind === 'step' && decision.step.kind, 'add-self', decision.why);
  assert.deepEqual(decision.kind === 'step' && decision.step.kind === 'add-self' && decision.step.leaving, [3]);
});

test('under a leader that nobody claimed every voter that looks removes the dead', () => {
  const dead = { ...livesOf([1, 2]), ...livesOf([3], 'gone') };
  const added = leading([member(9)], [1, 2, 9]);
  const under = (leader: number) =>
    decide({
      ...added,
      lives: dead,
      server: { upMs: 600_000, answer: { kind: 'serving', mode: 'follower', zxid: COMMITTED } },
      ensemble: ensembleOf([1, 2, 9], {
        leader: { id: leader, address: addressOf(leader) },
        config: config([...configOf([1, 2, 3]).members, member(9)]),
        servingIds: [1, 2, 9],
      }),
    });
  assert.equal(stepOf(under(9)), 'remove-members');
  assert.equal(under(2).kind, 'done');
});

test('a config is vouched for once every voter of it is claimed, and never beside one that is not', () => {
  const later = toZxid(0x100000008n);
  const beside = (added: readonly Member[]) => {
    const seen = leading(added, [1, 2, 3, 9]);
    assert.ok(seen.ensemble);
    return decide({
      ...seen,
      ensemble: { ...seen.ensemble, config: { ...seen.ensemble.config, version: later } },
    });
  };
  const decision = beside([OBSERVER]);
  assert.deepEqual(decision.kind === 'step' && decision.step, { kind: 'vouch-config', version: later, members: 4 });
  assert.equal(beside([member(9)]).kind, 'done');
});

test('a joiner is added beside members that nobody claimed, and they stand in its config as they were', () => {
  const added = { ...OBSERVER, verbatim: 'zk4.example.com:2888:3888:observer;2181;2281' };
  const seen = joining([...configOf([1, 2, 3]).members, added]);
  assert.equal(stepOf(decide(seen)), 'add-self');
  const fresh = decide({
    ...seen,
    disk: diskOf(4, { config: configOf([1, 2]) }),
    server: { upMs: undefined, answer: { kind: 'silent', why: '' } },
  });
  assert.ok(fresh.kind === 'step' && fresh.step.kind === 'prepare-join', fresh.why);
  assert.deepEqual(
    fresh.step.members.find(({ id }) => id === 200),
    added,
  );
});

test('who was added by hand at this node’s address is named, and not removed', () => {
  const decision = decide(joining([...configOf([1, 2]).members, member(200, 'observer', addressOf(4))]));
  assert.equal(decision.kind, 'wait');
  assert.match(decision.why, /member 200 by hand/);
});

test('an id that a person gave to a member is nobody’s to claim, in a line that can’t be understood neither', () => {
  const newcomer = (members: readonly Member[], lines: readonly string[]) => {
    const { id: _, stamp: __, data: ___, config: ____, ...empty } = diskOf(5);
    return decide(
      joining(members, lines, {
        self: { instance: instanceOf(5), address: addressOf(5), cluster: healthy().self.cluster },
        disk: { ...empty, ready: false },
        shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3]),
        server: { upMs: undefined, answer: { kind: 'silent', why: '' } },
      }),
    );
  };
  const claimed = (decision: Decision) =>
    decision.kind === 'step' && decision.step.kind === 'claim-id' && decision.step.id;
  assert.equal(claimed(newcomer(configOf([1, 2, 3]).members, [])), 4);
  assert.equal(claimed(newcomer([...configOf([1, 2, 3]).members, member(4, 'observer', '10.9.9.9')], [])), 5);
  assert.equal(claimed(newcomer(configOf([1, 2, 3]).members, ['server.4=?'])), 5);
});

test('a member that nobody claimed holds no signal back, unless one without a claim leaves', () => {
  const seen = {
    ...leading([OBSERVER], [1, 2, 3]),
    stack: { signals: true },
  };
  assert.equal(stepOf(decide(seen)), 'signal-success');
  const group = groupOf([1, 2, 3]);
  assert.ok(group.known);
  const leaving = { instance: 'i-0new', lifecycleState: 'Terminating:Wait' };
  const held = decide({
    ...seen,
    group: known({ ...group.value, instances: [...group.value.instances, leaving] }),
  });
  assert.notEqual(stepOf(held), 'signal-success');
});

test('who leaves counts on nothing from a member that nobody claimed', () => {
  const leave = { order: { command: 'leave', allowEmptyGenesis: false, rejoin: false } } as const;
  // Of 2, 3 and 9 two must serve.
  const enough = decide({ ...leading([member(9)], [1, 2, 3, 9]), ...leave, disk: diskOf(1, { left: true }) });
  assert.ok(enough.kind === 'step' && enough.step.kind === 'remove-self', enough.why);
  assert.deepEqual(enough.step.uncounted, [9]);
  assert.equal(decide({ ...leading([member(9)], [1, 2, 9]), ...leave }).kind, 'wait');
});

test('a voter that nobody claimed is no proof that the quorum is lost for good', () => {
  const found = (ids: readonly number[]) => reportOf(1, { config: configOf(ids) });
  const lives = { ...livesOf([1]), ...livesOf([2, 3], 'gone') };
  const group = groupOf([1]);
  const five = [1, 2, 3, 8, 9];
  const waits = decide(
    silent({ lives, group, disk: diskOf(1, { config: configOf(five) }), silence: silenceOf([1], [found(five)]) }),
  );
  assert.match(waits.why, /not lost for good/);
  const four = [1, 2, 3, 9];
  const lost = decide(
    silent({ lives, group, disk: diskOf(1, { config: configOf(four) }), silence: silenceOf([1], [found(four)]) }),
  );
  assert.equal(stepOf(lost), 'raise-fence', lost.why);
});

test('where those that a person added are a quorum by themselves, no node is given up for too few of ours', () => {
  const config = configOf([1, 2, 8, 9, 10]);
  const seen = silent({
    lives: livesOf([1, 2]),
    group: groupOf([1, 2]),
    disk: diskOf(1, { config }),
    silence: silenceOf([1, 2], [reportOf(1, { config })]),
  });
  const advice = adviceOf(decide(seen));
  assert.ok(advice.some(({ action }) => action === 'start-added-server'));
  assert.ok(advice.every(({ action }) => action !== 'terminate-instance'));
});

test('while a voter that nobody claimed is awaited, a person is asked to start it, and none of ours is given up', () => {
  const four = reportOf(1, { config: configOf([1, 2, 3, 9]) });
  const seen = silent({
    lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') },
    group: groupOf([1, 2]),
    disk: diskOf(1, { config: configOf([1, 2, 3, 9]) }),
    silence: silenceOf([1, 2], [four]),
  });
  const advice = adviceOf(decide(seen));
  assert.ok(advice.some(({ action, path }) => action === 'start-added-server' && path === 'member 9 at 10.0.0.9'));
  // Of 1, 2, 3 and 9 three are needed, and nobody knows that 9 can't run.
  const limits = advice.flatMap(({ when }) => when).filter((condition) => condition.is === 'too-few-can-run');
  assert.ok(limits.length > 0);
  for (const { quorums } of limits) assert.deepEqual(quorums, [{ needs: 2, of: [1, 2].map(instanceOf) }]);
  assert.ok(seen.silence.known);
  const running = known({ ...seen.silence.value, byHand: [member(9)] });
  const told = adviceOf(decide({ ...seen, silence: running }));
  assert.ok(told.every(({ action }) => action !== 'start-added-server'));
});

test('while a server that a person added runs nothing is recovered by force, and it is named', () => {
  const seen = fencedSurvivor();
  assert.ok(seen.silence.known);
  const running = known({ ...seen.silence.value, byHand: [OBSERVER] });
  const held = decide({ ...seen, silence: running });
  assert.equal(held.kind, 'wait');
  assert.match(held.why, /200 at zk4\.example\.com.*still run/);
  assert.deepEqual(
    adviceOf(held).map(({ action, path }) => `${action} ${path}`),
    ['stop-added-server member 200 at zk4.example.com'],
  );
  assert.equal(decide(seen).kind, 'step');
});

test('with a line that can’t be understood nobody is removed, and it is said', () => {
  const decision = decide({ ...leading([], [1, 2], GROUPS), lives: { ...livesOf([1, 2]), ...livesOf([3], 'gone') } });
  assert.equal(decision.kind, 'done');
  assert.match(decision.why, /"group\.1=1:2", "weight\.1=1"/);
});

test('with a line that can’t be understood nobody joins, gives its launch up, or gets a config without the line', () => {
  const { members } = configOf([1, 2, 3]);
  const caughtUp = decide(joining(members, GROUPS));
  assert.equal(caughtUp.kind, 'wait');
  assert.match(caughtUp.why, /group\.1/);
  const stopped = { server: { upMs: undefined, answer: { kind: 'silent', why: '' } } } as const;
  const empty = decide(joining(members, GROUPS, { ...stopped, disk: diskOf(4, { config: configOf([1, 2]) }) }));
  assert.equal(empty.kind, 'wait');
  assert.match(empty.why, /no fresh config.*group\.1/);
  const launching = joining(members, GROUPS, {
    order: { command: 'bootstrap', allowEmptyGenesis: false, rejoin: false },
    stack: { signals: true, launchHook: 'launch' },
  });
  const group = groupOf([1, 2]);
  assert.ok(group.known);
  const instances = [...group.value.instances, { instance: instanceOf(4), lifecycleState: 'Pending:Wait' }];
  const held = { ...launching, group: known({ ...group.value, instances }) };
  assert.equal(decideGivingUp(held), undefined);
  const plain = {
    ...held,
    ensemble: ensembleOf([1, 2, 3]),
    disk: diskOf(4, { ready: false, config: configOf([1, 2, 3]) }),
  };
  assert.equal(decideGivingUp(plain)?.kind, 'step');
});

test('with a line that can’t be understood nobody leaves by count, and the group that goes to zero is not held up', () => {
  const leave = { order: { command: 'leave', allowEmptyGenesis: false, rejoin: false } } as const;
  const held = decide({ ...leading([], [1, 2, 3], GROUPS), ...leave });
  assert.equal(held.kind, 'wait');
  assert.match(held.why, /group\.1/);
  const zero = {
    ...leading([], [1, 2, 3], GROUPS),
    targetState: known('Terminated'),
    group: groupOf([1, 2, 3], { desired: 0, maximum: 0 }),
  };
  assert.equal(stepOf(decide(zero)), 'stop-server');
});

test('the machine of a report with such a line is terminated when it can’t run any more', () => {
  const odd = config(configOf([1, 2, 3]).members, GROUPS);
  const lives = { ...livesOf([1, 2]), ...livesOf([3], 'gone') };
  const reports = [reportOf(1), reportOf(2, { config: odd })];
  const seen = silent({ lives, group: groupOf([1, 2]), silence: silenceOf([1, 2], reports) });
  const ends = adviceOf(decide(seen)).filter(({ action }) => action === 'terminate-instance');
  assert.deepEqual(
    ends.map(({ instance, when }) => [instance, when.map(({ is }) => is)]),
    [[instanceOf(2), ['cannot-run', 'no-leader', 'still-advised']]],
  );
});

test('with a line that can’t be understood a quorum is never called lost for good', () => {
  const lives = { ...livesOf([1]), ...livesOf([2, 3], 'gone') };
  const odd = config(configOf([1, 2, 3]).members, GROUPS);
  for (const change of [{ config: odd }, { config: configOf([1, 2, 3]), pending: odd }]) {
    const decision = decide(
      silent({ lives, group: groupOf([1]), disk: diskOf(1, change), silence: silenceOf([1], [reportOf(1, change)]) }),
    );
    assert.equal(decision.kind, 'wait', decision.why);
    assert.match(decision.why, /can't be told.*group\.1/);
  }
});

test('a server restarts from its own config whatever lines it has', () => {
  const odd = config(configOf([1, 2, 3]).members, [...GROUPS, 'server.7=?']);
  const stopped = { upMs: undefined, answer: { kind: 'silent', why: 'connection refused' } } as const;
  assert.equal(stepOf(decide(silent({ disk: diskOf(1, { config: odd }), server: stopped }))), 'start-server');
  const beside = leading([], [2, 3], GROUPS);
  assert.equal(stepOf(decide({ ...beside, server: stopped })), 'start-server');
});

test('a line on this disk that the ensemble does not have is a file gone bad: a fresh one is written', () => {
  const odd = config(configOf([1, 2, 3]).members, ['server.3=10.0']);
  const stopped = { upMs: undefined, answer: { kind: 'silent', why: 'connection refused' } } as const;
  const decision = decide(healthy({ disk: diskOf(1, { config: odd }), server: stopped }));
  assert.equal(stepOf(decision), 'prepare-join');
});

test('whoever serves reports nothing and advises nobody to terminate anything, whoever leads', () => {
  const seen = healthy({ ensemble: undefined, silence: silenceOf([1, 2, 3], []) });
  const decision = decide(seen);
  assert.equal(decision.kind, 'wait');
  assert.doesNotMatch(decision.why, /terminate/);
});

test('a report whose last transaction alone has moved is not written again before the node is fenced', () => {
  const moved = dataOf(1, '0000000100000099');
  const standing = silenceOf([1, 2, 3], [reportOf(1)]);
  const same = decide(silent({ disk: diskOf(1, { reported: true, data: moved }), silence: standing }));
  assert.equal(same.kind, 'wait', same.why);
  const { report } = reportOf(1);
  for (const change of [{ canVote: false }, { lineage: 2 }, { fenced: true }, { data: dataOf(2, COMMITTED) }]) {
    assert.notEqual(reportDigest({ ...report, ...change }), reportDigest(report), JSON.stringify(change));
  }
  const fenced = { ...report, fenced: true };
  assert.notEqual(reportDigest({ ...fenced, data: moved }), reportDigest(fenced));
});

test('a report that was withdrawn is not written again at once, unless something else is to be said', () => {
  const { report } = reportOf(1);
  const none = silenceOf([1, 2, 3], []);
  const rests = silent({ silence: none, reportRest: { digest: reportDigest(report), forMs: 3_000 } });
  assert.equal(decide(rests).kind, 'wait');
  assert.equal(stepOf(decide(silent({ silence: none }))), 'write-report');
  assert.equal(
    stepOf(decide(silent({ silence: none, reportRest: { digest: 'another', forMs: 3_000 } }))),
    'write-report',
  );
});

test('members that nobody claimed and lines that can’t be understood are named', () => {
  const found = foundByHand(leading([OBSERVER], [1, 2, 3], GROUPS));
  assert.equal(found.length, 2);
  assert.match(found[0] ?? '', /Member 200 at zk4\.example\.com \(observer\)/);
  assert.match(found[1] ?? '', /"group\.1=1:2", "weight\.1=1"/);
  assert.deepEqual(foundByHand(healthy()), []);
  const unknown = { ...leading([OBSERVER], [1, 2, 3]), shared: { known: false, why: 'S3 is down' } as const };
  assert.deepEqual(foundByHand(unknown), [], 'nobody is called unclaimed while the claims can’t be read');
});

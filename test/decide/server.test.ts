// SPDX-License-Identifier: Apache-2.0
/**
 * The node's own server: what counts as stopped, as failed (Server 5), and as working (Server 3). And how often data is
 * set aside (Server 4).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { adviceText } from '../../src/model/advice.ts';
import { known, unknown } from '../../src/model/cloud.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { ServerEnds } from '../../src/model/server.ts';
import type { Decision } from '../../src/model/step.ts';
import { toZxid } from '../../src/model/zxid.ts';
import {
  CLUSTER,
  configOf,
  diskOf,
  ensembleOf,
  genesisOf,
  groupFact,
  instanceOf,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { healthy, silent } from './situations.ts';

function told(decision: Decision): string {
  return decision.kind === 'step' ? decision.step.kind : decision.kind;
}

/** Its process ended a moment ago, and the supervisor will start it again. */
const RESTARTING: Observation['server'] = {
  upMs: undefined,
  restarting: true,
  answer: { kind: 'silent', why: 'connection refused' },
};

const terminating = known({
  ...groupFact([1, 2, 3]),
  instances: [1, 2, 3].map((id) => ({
    instance: instanceOf(id),
    lifecycleState: id === 1 ? 'Terminating:Wait' : 'InService',
  })),
});

const restarting: Readonly<Record<string, { seen: Observation; expected: string }>> = {
  'beside an ensemble: it is left to its supervisor, not given a fresh config': {
    seen: healthy({ server: RESTARTING }),
    expected: 'wait',
  },
  'without word from AWS: it is left to its supervisor': {
    seen: healthy({ server: RESTARTING, shared: unknown('S3 is silent'), ensemble: undefined }),
    expected: 'wait',
  },
  'damaged data beside an ensemble: it is stopped before the data is touched': {
    seen: healthy({
      server: RESTARTING,
      disk: diskOf(1, { data: { currentEpoch: 1, acceptedEpoch: 1, lastZxid: '0000000100000042', damage: 'torn' } }),
    }),
    expected: 'stop-server',
  },
  'behind a fence: it is stopped': {
    seen: silent({ server: RESTARTING, disk: diskOf(1, { fence: { record: 1 } }) }),
    expected: 'stop-server',
  },
  'under another id than its claim: it is stopped before the id changes': {
    seen: healthy({ server: RESTARTING, disk: diskOf(4), ensemble: ensembleOf([2, 3]) }),
    expected: 'stop-server',
  },
  'a config without it, and no leader: it does not join alone': {
    seen: silent({ server: RESTARTING, disk: diskOf(1, { reported: true, config: configOf([2, 3]) }) }),
    expected: 'write-report',
  },
  'out of the config: its terminate hook is not answered before it is stopped': {
    seen: healthy({
      server: RESTARTING,
      targetState: known('Terminated'),
      stack: { signals: false, terminateHook: 'terminate' },
      group: terminating,
      ensemble: ensembleOf([2, 3]),
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3]),
    }),
    expected: 'stop-removed',
  },
  'a member that is to leave: its terminate hook is not answered meanwhile': {
    seen: healthy({
      server: RESTARTING,
      targetState: known('Terminated'),
      stack: { signals: false, terminateHook: 'terminate' },
      group: terminating,
    }),
    expected: 'wait',
  },
};

for (const [name, { seen, expected }] of Object.entries(restarting)) {
  test(`between two restarts, ${name}`, () => assert.equal(told(decide(seen)), expected));
}

/** Node 1 votes by the config; its server runs, and does not say that it serves. Node 3 leads. */
function unanswering(server: Partial<Observation['server']>, change: Partial<Observation> = {}): Observation {
  return healthy({
    server: {
      upMs: 61_000,
      answer: { kind: 'silent', why: 'connection closed', closed: true },
      signs: { idleForMs: 25_000, learners: known(1) },
      ...server,
    },
    ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }),
    watch: { digest: 'no leader found', forMs: 25_000 },
    ...change,
  });
}

const IDLE_AND_UNCOUNTED = unanswering({});

/** In such a look the leader may count it, so the time begins anew with the next one. */
const counted: Readonly<Record<string, Observation>> = {
  'the leader counts one more than those that are seen to serve': unanswering({
    signs: { idleForMs: 25_000, learners: known(2) },
  }),
  'the leader can’t be asked whom it counts': unanswering({
    signs: { idleForMs: 25_000, learners: unknown('it is silent') },
  }),
  'the leader counts one more, however long it has been silent': unanswering({
    upMs: 64 * 1_200_000,
    signs: { idleForMs: 25_000, learners: known(2) },
  }),
  'the leader counts one more, and it says itself for a while that it does not serve': unanswering({
    upMs: 1_199_000,
    answer: { kind: 'not-serving' },
    signs: { idleForMs: 25_000, learners: known(2) },
  }),
};

const spared: Readonly<Record<string, Observation>> = {
  'its process works: it loads a large tree': unanswering({
    upMs: 600_000,
    answer: { kind: 'silent', why: 'connection refused' },
    signs: { idleForMs: 3_000, learners: known(1) },
  }),
  'nothing but its own word was asked': { ...IDLE_AND_UNCOUNTED, server: withoutSigns(IDLE_AND_UNCOUNTED) },
  'it has been seen so in one look only': unanswering({}, { watch: undefined }),
  'it was stopped twice before, so that the third wait is four times the first': unanswering(
    { upMs: 239_000 },
    { lately: { freshConfigs: 2, asides: 0 } },
  ),
};

function withoutSigns({ server: { upMs, answer } }: Observation): Observation['server'] {
  return { upMs, answer };
}

for (const [name, seen] of Object.entries(spared)) {
  test(`a running server is not stopped: ${name}`, () => {
    const decision = decide(seen);
    assert.equal(decision.kind, 'wait');
    assert.equal(decision.kind === 'wait' && decision.watch, 'no leader found');
  });
}

for (const [name, seen] of Object.entries(counted)) {
  test(`a running server is not stopped, and the time begins anew: ${name}`, () => {
    const decision = decide(seen);
    assert.equal(decision.kind, 'wait');
    assert.equal(decision.kind === 'wait' && decision.watch, undefined);
  });
}

test('a server that is not up for long is not counted as alone, either, while its leader may count it', () => {
  const decision = decide(unanswering({ upMs: 59_000, signs: { idleForMs: 25_000, learners: known(2) } }));
  assert.deepEqual([decision.kind, decision.kind === 'wait' && decision.watch], ['wait', undefined]);
});

const stopped: Readonly<Record<string, Observation>> = {
  'the leader does not count it, and its process does nothing': IDLE_AND_UNCOUNTED,
  'nor after the longer wait': unanswering({ upMs: 241_000 }, { lately: { freshConfigs: 2, asides: 0 } }),
  'a process that works without an end is bounded': unanswering({
    upMs: 1_201_000,
    signs: { idleForMs: 0, learners: known(1) },
  }),
  'it says itself for long that it does not serve, and the leader counts one that is in no config': unanswering({
    upMs: 1_201_000,
    answer: { kind: 'not-serving' },
    signs: { idleForMs: 25_000, learners: known(2) },
  }),
  'the last of the growing waits is 64 times the first': unanswering(
    { upMs: 64 * 60_000 },
    { lately: { freshConfigs: 20, asides: 0 } },
  ),
};

for (const [name, seen] of Object.entries(stopped)) {
  test(`a running server gets a fresh config: ${name}`, () => assert.equal(told(decide(seen)), 'prepare-join'));
}

const OLD = diskOf(1, { stamp: { cluster: CLUSTER, lineage: 0, id: 1 }, freeShare: 0.5 });
const STOPPED: Observation['server'] = { upMs: undefined, answer: { kind: 'silent', why: 'connection refused' } };

function toSetAside(asides: number, freeShare: number | undefined): Observation {
  const { freeShare: _, ...disk } = OLD;
  return healthy({
    server: STOPPED,
    disk: freeShare === undefined ? disk : { ...disk, freeShare },
    lately: { freshConfigs: 0, asides },
  });
}

for (const [name, seen, expected, said] of [
  ['the third time within an hour', toSetAside(2, 0.2), 'set-data-aside', /renamed aside/],
  ['not a fourth time', toSetAside(3, 0.9), 'wait', /3 times within an hour/],
  [
    'not on a disk of which less than a fifth is free',
    toSetAside(0, 0.19),
    'wait',
    /only 19 %.*Free space on the disk/,
  ],
  ['not while it is not known how much is free', toSetAside(0, undefined), 'wait', /does not say/],
] as const) {
  test(`data is set aside: ${name}`, () => {
    const decision = decide(seen);
    assert.equal(told(decision), expected);
    const advice = decision.kind === 'step' ? [] : (decision.advice ?? []);
    assert.match(`${decision.why} ${adviceText(advice)}`, said);
  });
}

const IO_ERROR = 'ERROR Unable to load database on disk | Caused by: java.io.IOException: CRC check failed';

function failing(error: string | undefined, change: Partial<ServerEnds> = {}): Observation {
  const told = error === undefined ? { unread: 'EACCES' } : { error };
  return healthy({
    server: { ...STOPPED, ends: { count: 3, sinceMs: 1_000, how: 'exit code 1', ...told, ...change } },
    ensemble: ensembleOf([1, 2, 3], { servingIds: [2, 3] }),
  });
}

const noted: Readonly<Record<string, { seen: Observation; expected: string; said?: RegExp }>> = {
  'three ends on the same data': { seen: failing(IO_ERROR), expected: 'note-failed-start', said: /CRC check failed/ },
  'two ends are tried once more': { seen: failing(IO_ERROR, { count: 2 }), expected: 'start-server' },
  'without an ensemble, too': {
    seen: silent({ server: failing(IO_ERROR).server }),
    expected: 'note-failed-start',
  },
  'without word from AWS the data may be wanted: it is tried on': {
    seen: { ...failing(IO_ERROR), shared: unknown('S3 is silent'), ensemble: undefined },
    expected: 'start-server',
  },
  'a right that is missing': {
    seen: failing('java.io.FileNotFoundException: /var/lib/zookeeper/version-2/log.1 (Permission denied)'),
    expected: 'wait',
    said: /Permission denied.*rights/,
  },
  'a port that is taken': {
    seen: failing('Caused by: java.net.BindException: Address already in use'),
    expected: 'wait',
    said: /a port/,
  },
  'another Java': { seen: failing('java.lang.UnsupportedClassVersionError: org/apache/x'), expected: 'wait' },
  'a full disk': { seen: failing('java.io.IOException: No space left on device'), expected: 'wait', said: /full disk/ },
  'no memory': { seen: failing('java.lang.OutOfMemoryError: Java heap space'), expected: 'wait', said: /memory/ },
  'an error that nobody can read': { seen: failing(undefined), expected: 'wait', said: /can't be read: EACCES/ },
  'a minute later it is tried again': {
    seen: failing('Address already in use', { sinceMs: 61_000 }),
    expected: 'start-server',
  },
  'a config that the server refuses': {
    seen: failing('ERROR Invalid config, exiting abnormally | QuorumPeerConfig$ConfigException: Error processing'),
    expected: 'prepare-join',
  },
};

for (const [name, { seen, expected, said }] of Object.entries(noted)) {
  test(`Server 5: ${name}`, () => {
    const decision = decide(seen);
    assert.equal(told(decision), expected, decision.why);
    if (said) assert.match(decision.why, said);
  });
}

test('Server 5: a node that is kept from its start by its surroundings says so while nobody leads', () => {
  const { server } = failing('Address already in use');
  assert.match(decide(silent({ server })).why, /Address already in use/);
});

test('Joining 11: where the line of this node itself is not understood, so that nobody starts its server, a person is told', () => {
  const config = { ...configOf([2, 3]), notUnderstood: ['server.1=10.0.0.1:2888:3888:partixipant;10.0.0.1:2181'] };
  const seen = (change: Partial<Observation>): Observation =>
    silent({
      server: STOPPED,
      disk: diskOf(1, { reported: true, config }),
      silence: silenceOf([1, 2, 3], [reportOf(1, { config })]),
      ...change,
    });
  const actions = (observation: Observation): readonly string[] => {
    const decision = decide(observation);
    return decision.kind === 'step' ? [decision.step.kind] : (decision.advice ?? []).map(({ action }) => action);
  };
  assert.equal(actions(seen({}))[0], 'mend-data');
  assert.ok(!actions(seen({ server: { upMs: 600_000, answer: { kind: 'not-serving' } } })).includes('mend-data'));
});

test('Server 5: without an ensemble a person is told to mend the config that the server refuses', () => {
  const { server } = failing('ERROR Invalid config, exiting abnormally');
  const cut = { version: toZxid(0x100000008n), members: [], notUnderstood: ['server.2=10.0.0.2:2888:3888:particip'] };
  for (const [what, path] of [
    ['pending', 'zoo.cfg.dynamic.next'],
    ['config', 'the file that zoo.cfg points at'],
  ] as const) {
    const config = { ...configOf([1, 2, 3]), notUnderstood: cut.notUnderstood };
    const torn = what === 'pending' ? { pending: cut } : { config };
    const decision = decide(
      silent({
        server,
        disk: diskOf(1, { reported: true, ...torn }),
        silence: silenceOf([1, 2, 3], [reportOf(1, torn)]),
      }),
    );
    assert.equal(told(decision), 'wait', decision.why);
    assert.match(decision.why, /Invalid config/);
    const [first] = decision.kind === 'step' ? [] : (decision.advice ?? []);
    assert.deepEqual(first, { action: 'mend-data', instance: instanceOf(1), path, when: [] });
  }
});

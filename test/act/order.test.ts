/** The order of a step's effects, where another order would break an invariant, and what each step checks again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentError } from '../../src/errors.ts';
import { firstVersion } from '../../src/model/first-version.ts';
import { memberAt } from '../../src/model/member.ts';
import type { StepKind } from '../../src/model/step.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import {
  addressOf,
  CLUSTER,
  COMMITTED,
  configOf,
  diskOf,
  forcedOf,
  genesisOf,
  instanceOf,
  nonceOf,
  recordMember,
  reportOf,
} from '../decide/situation.ts';
import { forcedOwner, foundingFromAside, SCENES, type Scene } from './steps.ts';
import { assertOrder, isChanged, take } from './take.ts';

test('lift-fence: the report goes, then the records are read again, then the fence falls', async () => {
  const journal = await take(SCENES['lift-fence']());
  assertOrder(journal, ['replace reports/', 'disk unmark reported', 'list lineage/', 'disk unfence']);
});

test('lift-fence: a record that was written meanwhile keeps the fence, and the report is gone all the same', async () => {
  const scene = SCENES['lift-fence']();
  scene.node.onCall = (call) => {
    if (!call.startsWith('replace')) return;
    scene.node.onCall = () => {};
    scene.node.shelf.put('lineage/000002.json', forcedOf(recordMember(2)));
  };
  await assert.rejects(take(scene), isChanged);
  assert.deepEqual(scene.node.disk.fence, { record: 1 });
  const body = scene.node.shelf.bodies()[`reports/${instanceOf(1)}.json`];
  assert.equal((body as { report?: unknown }).report, undefined);
});

test('raise-fence: the fence is durable before the server stops', async () => {
  assertOrder(await take(SCENES['raise-fence']()), ['disk fence 1', 'server stop']);
});

test('write-report: the flag on the disk comes before the report, which a later tick must know of', async () => {
  assertOrder(await take(SCENES['write-report']()), ['disk mark reported', 'replace reports/']);
});

test('prepare-genesis: nonce, announcement, marker, config and last the stamp', async () => {
  const journal = await take(SCENES['prepare-genesis']());
  assertOrder(journal, [
    'disk nonce',
    'create lineage/000001/started/1',
    'disk accepted 2',
    'disk marker',
    'disk config',
    'disk stamp 1',
  ]);
  assert.equal(journal.at(-1), 'disk stamp 1');
});

test('prepare-genesis: an announcement of another disk means no marker', async () => {
  const scene = SCENES['prepare-genesis']();
  scene.node.shelf.put('lineage/000001/started/1.json', { record: 1, id: 1, nonce: nonceOf(9) });
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.disk.marker, false);
  assert.equal(scene.node.disk.stamp, undefined);
});

test('prepare-genesis: not beside data, not beside a running server, and not twice', async () => {
  const withData = SCENES['prepare-genesis']();
  const { stamp: _stamp, ...unstamped } = diskOf(1);
  withData.node.disk = unstamped;
  await assert.rejects(take(withData), isChanged);
  assert.equal(withData.node.effects, 0);

  const running = SCENES['prepare-genesis']();
  running.node.running = true;
  await assert.rejects(take(running), isChanged);
  assert.equal(running.node.effects, 0);

  const stamped = SCENES['prepare-genesis']();
  const { data: _data, ...wiped } = diskOf(1);
  stamped.node.disk = wiped;
  await take(stamped);
  assert.equal(stamped.node.effects, 0);
});

test('prepare-genesis: not where a stamp that can not be read may be of this very record', async () => {
  const scene = SCENES['prepare-genesis']();
  scene.node.disk = { ...scene.node.disk, unreadable: [{ what: 'stamp', file: '/d/stamp', why: 'it is empty' }] };
  await take(scene);
  assert.equal(scene.node.effects, 0);
});

/** Steps that change files which the server reads at its start; and the word that it is stopped. */
const CHANGE_FILES = ['write-id', 'prepare-genesis', 'set-data-aside', 'prepare-join', 'keep-source', 'found-forced'];

for (const kind of [...CHANGE_FILES, 'complete-leaving'] as const) {
  test(`${kind}: a server between two restarts by its supervisor is stopped before anything changes`, async () => {
    const scene = SCENES[kind as StepKind]();
    scene.node.running = false;
    scene.node.restarting = true;
    scene.node.answers.delete(addressOf(1));
    scene.node.onCall = (call) => {
      const changes = /^disk (id|marker|stamp|config|accepted|aside|copy|restore)|^complete /.test(call);
      assert.ok(!changes || !scene.node.restarting, `"${call}" before the server stands still`);
    };
    await take(scene);
    assert.equal(scene.node.restarting, false);
  });
}

test('claim-id: a server between two restarts is stopped before its id file changes', async () => {
  const scene = SCENES['claim-id']();
  scene.node.running = false;
  scene.node.restarting = true;
  assertOrder(await take(scene), ['server stop', 'disk id 4']);
});

test('claim-id: a server that runs goes on under the id that it has read, and its file keeps saying so', async () => {
  const scene = SCENES['claim-id']();
  await take(scene);
  assert.equal(scene.node.running, true);
  assert.equal(scene.node.disk.id, 1);
});

test('note-failed-start: not of data that is another now', async () => {
  const scene = SCENES['note-failed-start']();
  const data = { currentEpoch: 2, acceptedEpoch: 2, lastZxid: COMMITTED };
  scene.node.disk = { ...scene.node.disk, data };
  await assert.rejects(take(scene), isChanged);
  assert.deepEqual(scene.node.disk.data, data);
});

test('prepare-join: a server that has found the leader since the look is left alone', async () => {
  const scene = SCENES['prepare-join']();
  scene.node.answers.set(addressOf(1), { kind: 'serving', mode: 'follower', zxid: COMMITTED });
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.running, true);
  assert.equal(scene.node.effects, 0);
});

test('prepare-join: the server stands still before anything on the disk changes, and no marker is written', async () => {
  const scene = SCENES['prepare-join']();
  assertOrder(await take(scene), ['list lineage/', 'server stop', 'disk stamp 1']);
  assert.equal(scene.node.disk.marker, false);
  assert.deepEqual(
    scene.node.disk.config?.members.map(({ role }) => role),
    ['observer', 'participant', 'participant'],
  );
});

test('prepare-join: a member of the genesis record announces its start before its stamp', async () => {
  assertOrder(await take(SCENES['prepare-join']()), ['disk nonce', 'create lineage/000001/started/1', 'disk stamp 1']);
});

test('prepare-join: not under a newer record', async () => {
  const scene = SCENES['prepare-join']();
  scene.node.shelf.put('lineage/000002.json', forcedOf(recordMember(2)));
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.effects, 0);
});

test('keep-source: not once the fence is gone, and not beside a running server', async () => {
  const unfenced = SCENES['keep-source']();
  unfenced.node.disk = diskOf(1);
  await assert.rejects(take(unfenced), isChanged);
  assert.deepEqual(unfenced.node.disk.aside, []);
  assert.equal(unfenced.node.effects, 0);

  const running = SCENES['keep-source']();
  running.node.running = true;
  await assert.rejects(take(running), isChanged);
  assert.deepEqual(running.node.disk.aside, []);
  assert.equal(running.node.effects, 0);
});

/** Write after write of an earlier run of this node arrives, each between reading and replacing. */
function lateWrites(scene: Scene): void {
  let late = 0;
  scene.node.onCall = (call) => {
    const { report } = reportOf(1, { fenced: true });
    if (call.startsWith('replace reports/')) scene.node.shelf.put(OWN_REPORT, { serial: `late${++late}`, report });
  };
}

test('withdraw-report, lift-fence: a report that arrived late is not taken for withdrawn', async () => {
  for (const kind of ['withdraw-report', 'lift-fence'] as const) {
    const scene = SCENES[kind]();
    const { fence } = scene.node.disk;
    lateWrites(scene);
    await assert.rejects(take(scene), isChanged, kind);
    assert.equal(scene.node.disk.reported, true, `${kind}: a later tick must know of the report`);
    assert.deepEqual(scene.node.disk.fence, fence, kind);
  }
});

test('write-report: a report that arrived late is not taken for the new one', async () => {
  const scene = SCENES['write-report']();
  lateWrites(scene);
  await assert.rejects(take(scene), isChanged);
});

test('found-forced: reports read again, data copied aside, epoch raised, config alone, and last the stamp', async () => {
  const scene = forcedOwner();
  const journal = await take(scene);
  assertOrder(journal, [
    'list lineage/',
    `get reports/${instanceOf(2)}.json`,
    'server stop',
    'disk copy',
    'disk accepted 5',
    'disk config',
    'disk stamp 2',
  ]);
  assert.equal(scene.node.disk.config?.version, firstVersion({ epochFloor: 5 }));
  assert.equal(journal.at(-1), 'disk stamp 2');
  // The node knows of its own fence, and nobody waits for the gone: each further call would keep a lost quorum waiting.
  const reports = journal.filter((entry) => entry.includes('reports/'));
  assert.deepEqual(reports, [`get reports/${instanceOf(2)}.json`]);
  assert.deepEqual(
    scene.node.disk.config?.members.map(({ id }) => id),
    [1],
  );
  // The fence is lifted by a step of its own, after the report is gone.
  assert.deepEqual(scene.node.disk.fence, { record: 1 });
});

test('found-forced: not when a node that the record names has lifted its fence, unless it is gone for good', async () => {
  const scene = forcedOwner();
  scene.node.shelf.put(`reports/${instanceOf(2)}.json`, {
    serial: 's9',
    report: reportOf(2, { fenced: false }).report,
  });
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.effects, 0);

  const gone = forcedOwner();
  gone.node.shelf.put(`reports/${instanceOf(2)}.json`, { serial: 's9' });
  assert.equal(gone.step.kind, 'found-forced');
  await take({ node: gone.node, step: { ...gone.step, gone: [2, 3].map(instanceOf) } as Scene['step'] });
  assert.equal(gone.node.disk.stamp?.lineage, 2);
});

test('found-forced: not where a stamp that can not be read may be of this record', async () => {
  const torn = forcedOwner();
  const { stamp: _, ...disk } = torn.node.disk;
  torn.node.disk = {
    ...disk,
    data: { currentEpoch: 6, acceptedEpoch: 6, lastZxid: COMMITTED },
    unreadable: [{ what: 'stamp', file: '/d/stamp', why: 'it is empty' }],
  };
  await assert.rejects(take(torn), isChanged);
  assert.equal(torn.node.effects, 0);
});

test('found-forced: not under a newer record, not without the fence, and never again after the stamp', async () => {
  const newer = forcedOwner();
  newer.node.shelf.put('lineage/000003.json', forcedOf(recordMember(2), { number: 3 }));
  await assert.rejects(take(newer), isChanged);
  assert.equal(newer.node.effects, 0);

  const unfenced = forcedOwner();
  unfenced.node.disk = diskOf(1);
  await assert.rejects(take(unfenced), isChanged);
  assert.equal(unfenced.node.effects, 0);

  const stamped = forcedOwner();
  const grown = configOf([1, 4]);
  stamped.node.disk = diskOf(1, {
    fence: { record: 1 },
    stamp: { cluster: CLUSTER, lineage: 2, id: 1 },
    config: grown,
  });
  await take(stamped);
  assert.equal(stamped.node.effects, 0);
  assert.deepEqual(stamped.node.disk.config, grown);
});

test('found-forced from data set aside: that data is served, and what lay in its place is kept', async () => {
  const scene = foundingFromAside();
  const before = scene.node.disk;
  await take(scene);
  assert.equal(scene.node.disk.data?.lastZxid, before.aside[0]?.data.lastZxid);
  assert.ok(scene.node.disk.aside.some((aside) => aside.data.lastZxid === before.data?.lastZxid));
});

test('propose-record, answer-proposal, accept-record: not once the fence is gone', async () => {
  for (const kind of ['propose-record', 'answer-proposal', 'accept-record'] as const) {
    const scene = SCENES[kind]();
    const before = scene.node.shelf.bodies();
    scene.node.disk = diskOf(1);
    await assert.rejects(take(scene), isChanged);
    assert.deepEqual(scene.node.shelf.bodies(), before);
  }
});

test('propose-record, answer-proposal: not beside a running server, and not in place of another report', async () => {
  for (const kind of ['propose-record', 'answer-proposal'] as const) {
    const running = SCENES[kind]();
    running.node.running = true;
    await assert.rejects(take(running), isChanged);
    const moved = SCENES[kind]();
    moved.node.shelf.put(OWN_REPORT, { serial: 's9', report: reportOf(1, { fenced: true }).report });
    await assert.rejects(take(moved), isChanged);
    for (const { node } of [running, moved])
      assert.equal((node.shelf.bodies()[OWN_REPORT] as { binds?: unknown }).binds, undefined);
  }
});

const OWN_REPORT = `reports/${instanceOf(1)}.json`;
const OUTCOME = 'lineage/000002/outcomes/p2.json';

/** The node has answered the proposal `p2` of node 2. */
function answered(scene: Scene): Scene {
  const { report } = reportOf(1, { fenced: true });
  const binds = { kind: 'answers', record: 2, proposer: instanceOf(2), proposal: 'p2' };
  scene.node.shelf.put(OWN_REPORT, { format: 2, serial: 's1', facts: 's0', report, binds });
  return scene;
}

const CHANGES = ['write-report', 'withdraw-report', 'lift-fence', 'propose-record', 'answer-proposal'] as const;

for (const kind of CHANGES) {
  test(`${kind}: the proposal that this node has answered is void before its report changes`, async () => {
    const scene = answered(SCENES[kind]());
    const next =
      kind === 'answer-proposal' ? { ...scene, step: { ...scene.step, proposal: 'p3' } as Scene['step'] } : scene;
    assertOrder(await take(next), [`create ${OUTCOME}`, 'replace reports/']);
    assert.equal((scene.node.shelf.bodies()[OUTCOME] as { kind: string }).kind, 'void');
  });

  test(`${kind}: not once that proposal is founded, whose record is written instead`, async () => {
    const scene = answered(SCENES[kind]());
    const next =
      kind === 'answer-proposal' ? { ...scene, step: { ...scene.step, proposal: 'p3' } as Scene['step'] } : scene;
    const record = forcedOf(recordMember(2));
    scene.node.shelf.put(OUTCOME, { format: 1, kind: 'founded', proposal: 'p2', record });
    const before = scene.node.shelf.bodies()[OWN_REPORT];
    const { fence } = scene.node.disk;
    await assert.rejects(take(next), isChanged);
    assert.deepEqual(scene.node.shelf.bodies()[OWN_REPORT], before);
    assert.deepEqual(scene.node.shelf.bodies()['lineage/000002.json'], { format: 1, ...record });
    assert.deepEqual(scene.node.disk.fence, fence);
  });
}

test('write-report: a report of its own that it can not understand may bind the node to whatever is proposed', async () => {
  const scene = SCENES['write-report']();
  const { report } = reportOf(2, { fenced: true });
  const binds = { kind: 'proposes', record: forcedOf(recordMember(2)), relied: {} };
  scene.node.shelf.put(`reports/${instanceOf(2)}.json`, { format: 2, serial: 'p2', facts: 's2', report, binds });
  scene.node.shelf.objectsByKey.set(OWN_REPORT, { body: '', etag: 'torn' });
  assertOrder(await take(scene), [`create ${OUTCOME}`, 'replace reports/']);
});

test('write-report: a proposal of a record that is there by now needs no outcome', async () => {
  const scene = answered(SCENES['write-report']());
  assert.ok(scene.step.kind === 'write-report');
  const report = { ...scene.step.report, record: 2 };
  await take({ ...scene, step: { kind: 'write-report', report } });
  assert.equal(scene.node.shelf.objectsByKey.has(OUTCOME), false);
});

test('accept-record: the outcome first, and the record after it', async () => {
  assertOrder(await take(SCENES['accept-record']()), [
    'create lineage/000002/outcomes/p1',
    'create lineage/000002.json',
  ]);
});

test('accept-record: not once the proposal is void', async () => {
  const scene = SCENES['accept-record']();
  scene.node.shelf.put('lineage/000002/outcomes/p1.json', { format: 1, kind: 'void', proposal: 'p1', number: 2 });
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.shelf.objectsByKey.has('lineage/000002.json'), false);
});

test('accept-record: who can not answer is read once more', async () => {
  const accept = (body: unknown) => {
    const { node } = SCENES['accept-record']();
    node.shelf.put(`reports/${instanceOf(2)}.json`, body);
    const unasked = { [instanceOf(2)]: 's2' };
    return {
      node,
      step: { kind: 'accept-record', proposal: 'p1', record: forcedOf(recordMember(1)), unasked } as const,
    };
  };
  const { report } = reportOf(2, { fenced: true });
  await take(accept({ serial: 's2', report }));
  for (const body of [{ serial: 's9', report }, { serial: 's9' }]) {
    const scene = accept(body);
    await assert.rejects(take(scene), isChanged);
    assert.equal(scene.node.effects, 0);
  }
});

test('prepare-join: who lost its disk withdraws the report that it does not know of, before anything starts', async () => {
  const scene = SCENES['prepare-join']();
  scene.node.shelf.put(OWN_REPORT, { serial: 's1', report: reportOf(1, { fenced: true }).report });
  assertOrder(await take(scene), [`get ${OWN_REPORT}`, `replace ${OWN_REPORT}`, 'disk stamp 1']);
  assert.equal((scene.node.shelf.bodies()[OWN_REPORT] as { report?: unknown }).report, undefined);
});

test('stop-removed: a write commits after the removal and before the server stops', async () => {
  assertOrder(await take(SCENES['stop-removed']()), ['open 10.0.0.1', 'config', 'close', 'server stop']);
});

test('stop-removed: a server that the config holds again goes on', async () => {
  const scene = SCENES['stop-removed']();
  scene.node.configs.set(addressOf(1), configOf([1, 2, 3]));
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.running, true);
});

test('start-server: not behind a fence', async () => {
  const scene = SCENES['start-server']();
  scene.node.disk = diskOf(1, { fence: { record: 1 } });
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.running, false);
});

test('start-server: zoo.cfg of another release, or damaged, is written anew before the start', async () => {
  const scene = SCENES['start-server']();
  scene.node.otherSettings = true;
  await take(scene);
  const order = scene.node.journal.filter((entry) => /settings|server start/.test(entry));
  assert.match(order[0] ?? '', /settings/);
  assert.match(order[1] ?? '', /server start/);
});

test('start-server: a server is asked so that it is noticed a tenth later at most, and systemd seldom, since each question is a process', async () => {
  const scene = SCENES['start-server']();
  const { node } = scene;
  const startedMs = node.nowMs;
  const askedMs: number[] = [];
  node.onCall = (call) => {
    if (!call.startsWith('srvr')) return;
    node.answers.delete(addressOf(1));
    askedMs.push(node.nowMs - startedMs);
  };
  const journal = await take(scene);
  const seconds = PRODUCTION_TIMINGS.serverStartMs / 1_000;
  assert.ok((askedMs.at(-1) ?? 0) >= PRODUCTION_TIMINGS.serverStartMs - 1_000, 'it is asked until its time is up');
  for (const [index, atMs] of askedMs.entries()) {
    const beforeMs = askedMs[index - 1] ?? 0;
    assert.ok(atMs - beforeMs <= Math.max(50, beforeMs / 10) + 1, `${beforeMs} ms, then ${atMs} ms`);
  }
  assert.ok(askedMs.length < 10 * seconds, `it was asked ${askedMs.length} times, from the start that is awaited`);
  const ups = journal.filter((entry) => entry === 'server up?').length;
  assert.ok(ups > 0 && ups <= seconds, `systemd was asked ${ups} times in ${seconds} s`);
});

test('start-server: a server that ended right after its start is told of', async () => {
  const scene = SCENES['start-server']();
  const { node } = scene;
  node.onCall = (call) => {
    if (!call.startsWith('srvr')) return;
    node.answers.delete(addressOf(1));
    node.running = false;
  };
  await assert.rejects(take(scene), (error) => error instanceof AgentError && error.code === 'SERVER_DID_NOT_START');
});

for (const kind of ['add-self', 'remove-members', 'remove-self'] as const) {
  test(`${kind}: through the own server with its secret, and only from the config that was decided on`, async () => {
    const scene = SCENES[kind]();
    assertOrder(await take(scene), ['open 10.0.0.1 with secret', 'config', 'reconfig', 'close']);

    const moved = SCENES[kind]();
    moved.node.configs.set(addressOf(1), configOf([1, 2, 3, 4], '0000000100000008'));
    await assert.rejects(take(moved), isChanged);
    assert.equal(moved.node.effects, 0);
  });

  for (const answer of ['in-progress', 'no-quorum', 'stale-version', 'maybe-applied'] as const) {
    test(`${kind}: ${answer} means to look again, and the session is closed`, async () => {
      const scene = SCENES[kind]();
      scene.node.reconfigAnswer = answer;
      await assert.rejects(take(scene), isChanged);
      assert.equal(scene.node.journal.filter((entry) => entry.startsWith('reconfig')).length, 1);
      assert.equal(scene.node.journal.at(-1), 'close 10.0.0.1');
    });
  }

  test(`${kind}: a secret that the own server refuses is told to the operator`, async () => {
    const scene = SCENES[kind]();
    scene.node.reconfigAnswer = 'not-authorized';
    await assert.rejects(take(scene), (error) => error instanceof AgentError && error.code === 'NOT_AUTHORIZED');
  });
}

for (const kind of ['add-self', 'remove-members'] as const) {
  test(`${kind}: a living member whom no list shows is not removed in place of its dead predecessor`, async () => {
    const scene = SCENES[kind]();
    const { shelf, configs } = scene.node;
    configs.set(addressOf(1), configOf(kind === 'add-self' ? [2, 3] : [1, 2, 3]));
    shelf.put('claims/3.1.json', { instance: 'i-0dead', address: addressOf(3) });
    shelf.put('claims/3.2.json', { instance: instanceOf(3), address: addressOf(3) });
    const removal = kind === 'add-self' ? { leaving: [3] } : { ids: [3] };
    const step = { ...scene.step, ...removal, dead: ['i-0dead'] } as typeof scene.step;
    await assert.rejects(take({ ...scene, step }), isChanged);
    assert.equal(scene.node.effects, 0);

    const both = { ...step, dead: ['i-0dead', instanceOf(3)] } as typeof scene.step;
    await take({ ...scene, step: both });
    assert.equal(scene.node.effects, 1);
  });

  test(`${kind}: a claim that can not be read is unknown, and nobody is removed`, async () => {
    const scene = SCENES[kind]();
    scene.node.shelf.objectsByKey.set('claims/3.1.json', { body: '', etag: 'e' });
    const removal = kind === 'add-self' ? { leaving: [3] } : { ids: [3] };
    const step = { ...scene.step, ...removal, dead: [instanceOf(3)] } as typeof scene.step;
    await assert.rejects(take({ ...scene, step }), isChanged);
    assert.equal(scene.node.effects, 0);
  });
}

test('restore-stream: nothing depends on the stream, so one that can not be made is told of and left', async () => {
  const scene = SCENES['restore-stream']();
  scene.node.shelf.before = () => {
    throw new AgentError('AWS_DENIED', 'CreateLogStream is denied.', 'Look.');
  };
  await take(scene);
  assert.equal(scene.node.effects, 0);
});

test('claim-id: an id that another took first is not ours', async () => {
  const scene = SCENES['claim-id']();
  scene.node.shelf.streams.set('4.1', 0);
  await assert.rejects(take(scene), isChanged);
});

test('mark-ready: tags are for people, so a node is ready without them', async () => {
  const scene = SCENES['mark-ready']();
  scene.node.onCall = (call) => {
    if (call === 'ec2 tag') throw new AgentError('AWS_DENIED', 'No.', 'Ask.');
  };
  await take(scene);
  assert.equal(scene.node.disk.ready, true);
});

test('set-data-aside and write-id: not under a running server', async () => {
  for (const kind of ['set-data-aside', 'write-id'] as const) {
    const scene = SCENES[kind]();
    scene.node.running = true;
    await assert.rejects(take(scene), isChanged);
    assert.equal(scene.node.effects, 0);
  }
});

test('complete-launch and signal-success: only while the node votes', async () => {
  for (const kind of ['complete-launch', 'signal-success'] as const) {
    const scene = SCENES[kind]();
    scene.node.configs.set(addressOf(1), configOf([2, 3]));
    await assert.rejects(take(scene), isChanged, kind);
    assert.equal(scene.node.effects, 0, kind);
  }
});

test('signal-success: the mark comes after the signal, which a crash may repeat', async () => {
  const journal = await take(SCENES['signal-success']());
  assertOrder(journal, [`signal SUCCESS of ${instanceOf(1)}`, 'disk mark signalled']);
});

test('give-up-launch: the stack is told before the launch is abandoned', async () => {
  const journal = await take(SCENES['give-up-launch']());
  assertOrder(journal, [`signal FAILURE of ${instanceOf(1)}`, `complete launch of ${instanceOf(1)}: ABANDON`]);
});

test('give-up-launch: before anybody is told the node marks that it takes no part any more, where a hook waits', async () => {
  const scene = SCENES['give-up-launch']();
  assertOrder(await take(scene), ['disk mark abandoned', 'signal FAILURE', 'complete launch']);

  const { step, node } = SCENES['give-up-launch']();
  assert.ok(step.kind === 'give-up-launch');
  const { hook: _, ...withoutHook } = step;
  await take({ step: withoutHook, node });
  assert.equal(node.disk.abandoned, undefined);
});

test('give-up-launch: a stack that takes the instance away when it is told is left to do so', async () => {
  const scene = SCENES['give-up-launch']();
  const { node } = scene;
  let looks = 0;
  node.onCall = (call) => {
    if (call !== 'group' || node.signals.size === 0 || ++looks < 3) return;
    node.group = { ...node.group, instances: [{ instance: instanceOf(1), lifecycleState: 'Terminating:Wait' }] };
  };
  const journal = await take(scene);
  assert.ok(looks >= 3 && journal.some((entry) => entry.startsWith('sleep')), journal.join('\n'));
  assert.deepEqual([...node.completed], []);
});

test('give-up-launch: not when the world has changed since the look', async () => {
  const changes: Readonly<Record<string, (node: Scene['node']) => void>> = {
    'the launch is over': (node) => {
      node.group = { ...node.group, instances: [{ instance: instanceOf(1), lifecycleState: 'InService' }] };
    },
    'maintenance is on': (node) => {
      node.group = { ...node.group, maintenance: true };
    },
    'there is a record': (node) => node.shelf.put('lineage/000001.json', genesisOf([1, 2, 3])),
    'it was added after all': (node) => node.configs.set(addressOf(1), configOf([1, 2, 3])),
  };
  for (const [what, change] of Object.entries(changes)) {
    const scene = SCENES['give-up-launch']();
    change(scene.node);
    await assert.rejects(take(scene), isChanged, what);
    assert.equal(scene.node.effects, 0, what);
  }
});

test('give-up-launch: a dead member that had this address is not this node', async () => {
  const { step, node } = SCENES['give-up-launch']();
  assert.ok(step.kind === 'give-up-launch');
  node.configs.set(addressOf(1), {
    ...configOf([2, 3]),
    members: [...configOf([2, 3]).members, memberAt(4, addressOf(1), 'participant')],
  });
  const journal = await take({ step: { ...step, id: 1 }, node });
  assertOrder(journal, [`complete launch of ${instanceOf(1)}: ABANDON`]);
});

test('complete-leaving: not with a server that runs', async () => {
  const scene = SCENES['complete-leaving']();
  scene.node.running = true;
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.effects, 0);
});

test('remove-self: not when the rest has stopped serving since the look', async () => {
  const scene = SCENES['remove-self']();
  scene.node.answers.delete(addressOf(2));
  await assert.rejects(take(scene), isChanged);
  assert.ok(!scene.node.journal.some((entry) => entry.startsWith('reconfig')));
});

// SPDX-License-Identifier: Apache-2.0
/** The order of a step's effects, where another order would break an invariant, and what each step checks again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentError } from '../../src/errors.ts';
import type { StepKind } from '../../src/model/step.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import {
  addressOf,
  COMMITTED,
  configOf,
  diskOf,
  forcedOf,
  instanceOf,
  nonceOf,
  recordMember,
  reportOf,
  slotAddress,
} from '../decide/parts.ts';
import { firstStartWithoutItsFloor, SCENES, type Scene } from './steps.ts';
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

test('prepare-join: a note of another config under this version is taken back before the config is written', async () => {
  const scene = SCENES['prepare-join']();
  assert.ok(scene.step.kind === 'prepare-join');
  scene.node.disk = { ...scene.node.disk, vouched: scene.step.version };
  assertOrder(await take(scene), [`disk vouch ${ZXID_ZERO}`, 'disk config']);
  assert.equal(scene.node.disk.config?.version, scene.step.version);
});

test('set-data-aside of a copy: what it says of a start goes before its stamp, and the server stands still first', async () => {
  const scene = SCENES['set-data-aside']();
  scene.node.disk = { ...scene.node.disk, ready: true, signalled: true, marker: true };
  const journal = await take({ ...scene, step: { kind: 'set-data-aside', name: 'copy-of-vol-0bbb', copy: true } });
  assertOrder(journal, ['server stop', 'disk note set-aside', 'disk unmark ready', 'disk aside copy-of-vol-0bbb']);
  const { stamp, nonce, marker, ready, signalled, aside } = scene.node.disk;
  assert.deepEqual([stamp, nonce, marker, ready, signalled], [undefined, undefined, false, false, false]);
  assert.equal(aside.at(-1)?.lineage, 1);
});

for (const kind of ['prepare-genesis', 'prepare-join'] as const) {
  test(`${kind}: a nonce names the volume that it is written to`, async () => {
    const scene = SCENES[kind]();
    scene.node.disk = { ...scene.node.disk, volume: 'vol-0aaa' };
    await take(scene);
    assert.match(scene.node.disk.nonce ?? '', /.-vol-0aaa$/);
  });
}

test('mend-files: a stamp that lacks the volume is written anew, and nothing else', async () => {
  const scene = SCENES['mend-files']();
  scene.node.disk = { ...diskOf(1), volume: 'vol-0aaa' };
  const journal = await take(scene);
  assert.deepEqual(
    journal.filter((entry) => /^disk (id|stamp|config|committed)/.test(entry)),
    ['disk stamp 1'],
  );
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
    for (const { node } of [running, moved]) {
      assert.equal((node.shelf.bodies()[OWN_REPORT] as { binds?: unknown }).binds, undefined);
    }
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

test('start-server: while a first start is due the epoch floor is raised again, with the server stopped', async () => {
  const scene = firstStartWithoutItsFloor();
  scene.node.restarting = true;
  const journal = await take(scene);
  assertOrder(journal, ['server stop', 'disk accepted 4', 'server start']);
  assert.equal(scene.node.disk.data?.acceptedEpoch, 4);
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

test('restore-stream: nothing depends on the stream, so one that can not be made is told of and left', async () => {
  const scene = SCENES['restore-stream']();
  scene.node.shelf.before = () => {
    throw new AgentError('AWS_DENIED', 'CreateLogStream is denied.', 'Look.');
  };
  await take(scene);
  assert.equal(scene.node.effects, 0);
});

test('claim-id: the claim on a slot has the address of the slot, and says so', async () => {
  const { node } = SCENES['claim-id']();
  await take({ step: { kind: 'claim-id', id: 4, generation: 1, slot: slotAddress(4) }, node });
  const owner = JSON.parse(node.shelf.objectsByKey.get('claims/4.1.json')?.body ?? '');
  assert.deepEqual(owner, { format: 1, instance: instanceOf(1), address: slotAddress(4), slot: true });
});

test('attach-slot: the newest claim is asked for by its key, and the address of another node’s slot stays', async () => {
  const scene = SCENES['attach-slot']();
  scene.node.shelf.put('claims/1.2.json', { instance: instanceOf(9), address: slotAddress(1), slot: true });
  await assert.rejects(take(scene), isChanged);
  assert.equal(scene.node.attached.size, 0);
});

test('attach-slot: an address that another instance has stays there', async () => {
  const scene = SCENES['attach-slot']();
  scene.node.attached.set('eipalloc-1', instanceOf(9));
  await assert.rejects(take(scene), isChanged);
  assert.deepEqual([...scene.node.attached], [['eipalloc-1', instanceOf(9)]]);
});

test('release-id: a node keeps the slot by whose id it goes', async () => {
  const { node } = SCENES['release-id']();
  await assert.rejects(take({ step: { kind: 'release-id', id: 1, generation: 2 }, node }), isChanged);
  assert.equal(node.shelf.objectsByKey.has('claims/1.2.json'), false);
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

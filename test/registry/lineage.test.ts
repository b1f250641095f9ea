// SPDX-License-Identifier: Apache-2.0
/** Lineage records and announcements: created once, and holes are never overlooked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteDead, notesAmong } from '../../src/registry/dead.ts';
import { goneAmong, sayGone } from '../../src/registry/gone.ts';
import {
  announceStart,
  createOutcome,
  createRecord,
  outcomesAmong,
  readAnnouncements,
  readRecords,
  recordsAmong,
} from '../../src/registry/lineage.ts';
import { Lost, MemoryShelf } from '../act/memory-shelf.ts';
import { forcedOf, genesisOf, recordMember } from '../decide/parts.ts';

const signal = new AbortController().signal;

test('records come oldest first, also beyond nine', async () => {
  const { objects } = new MemoryShelf();
  await createRecord(objects, genesisOf([1, 2, 3]), signal);
  for (let number = 2; number <= 12; number++) {
    await createRecord(objects, forcedOf(recordMember(1), { number }), signal);
  }
  const records = await readRecords(objects, signal);
  assert.deepEqual(
    records.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
});

test('whoever comes second reads the first one’s record', async () => {
  const { objects } = new MemoryShelf();
  const first = genesisOf([1, 2, 3]);
  assert.deepEqual(await createRecord(objects, first, signal), first);
  assert.deepEqual(await createRecord(objects, genesisOf([4, 5, 6]), signal), first);
  assert.deepEqual(await readRecords(objects, signal), [first]);
});

test('a record whose answer was lost is there, once', async () => {
  const shelf = new MemoryShelf();
  shelf.after = (call) => {
    if (call.startsWith('create')) throw new Lost(call);
  };
  await assert.rejects(createRecord(shelf.objects, genesisOf([1]), signal), Lost);
  assert.equal((await readRecords(shelf.objects, signal)).length, 1);
});

test('a record that arrives late does not replace the one that was first', async () => {
  const shelf = new MemoryShelf();
  const arrive = shelf.holdNextWrite();
  await assert.rejects(createRecord(shelf.objects, genesisOf([4, 5, 6]), signal), Lost);
  await createRecord(shelf.objects, genesisOf([1, 2, 3]), signal);
  arrive();
  assert.deepEqual(await readRecords(shelf.objects, signal), [genesisOf([1, 2, 3])]);
});

test('a hole is an error: the record before it must not become the newest', async () => {
  const shelf = new MemoryShelf();
  shelf.put('lineage/000001.json', genesisOf([1]));
  shelf.put('lineage/000003.json', forcedOf(recordMember(1), { number: 3 }));
  await assert.rejects(readRecords(shelf.objects, signal), /record 2/i);
});

test('a record that is listed and can not be read is an error', async () => {
  const shelf = new MemoryShelf();
  shelf.put('lineage/000001.json', genesisOf([1]));
  shelf.before = (call) => {
    if (call.startsWith('get')) throw new Lost(call);
  };
  await assert.rejects(readRecords(shelf.objects, signal), Lost);
});

test('what this process created is not fetched again', async () => {
  const shelf = new MemoryShelf();
  const record = genesisOf([1, 2, 3]);
  const announcement = { record: 1, id: 1, nonce: 'one' };
  await createRecord(shelf.objects, record, signal);
  await announceStart(shelf.objects, announcement, signal);
  shelf.before = (call) => {
    assert.ok(!/^get .*(000001|started\/1)\.json/.test(call), call);
  };
  assert.deepEqual(await readRecords(shelf.objects, signal), [record]);
  assert.deepEqual(await readAnnouncements(shelf.objects, [record], signal), [announcement]);
});

test('an announcement is made once per member; another disk reads the nonce of the first', async () => {
  const { objects } = new MemoryShelf();
  const first = { record: 1, id: 2, nonce: 'one' };
  assert.deepEqual(await announceStart(objects, first, signal), first);
  assert.deepEqual(await announceStart(objects, { ...first, nonce: 'two' }, signal), first);
});

test('announcements are asked for by key, so that an empty list can not look like a cluster that never started', async () => {
  const shelf = new MemoryShelf();
  await announceStart(shelf.objects, { record: 1, id: 2, nonce: 'one' }, signal);
  shelf.before = (call) => {
    assert.ok(!call.startsWith('list'), call);
  };
  const found = await readAnnouncements(shelf.objects, [genesisOf([1, 2, 3]), forcedOf(recordMember(1))], signal);
  assert.deepEqual(found, [{ record: 1, id: 2, nonce: 'one' }]);
});

test('a note of death is written once and read back', async () => {
  const { objects } = new MemoryShelf();
  await noteDead(objects, 'i-1', signal);
  await noteDead(objects, 'i-1', signal);
  const notes = await notesAmong(objects, await objects.list('', signal), signal);
  assert.deepEqual(notes, { dead: ['i-1'], unreadable: [] });
});

for (const body of [
  '',
  '{',
  '[]',
  '{"number":1}',
  '{"number":2,"kind":"genesis","members":[],"fenced":[],"epochFloor":0}',
  // Without a nonce it would be another disk's, for ever.
  '{"record":1,"id":2}',
]) {
  test(`a body that is no record is unknown, and its key is named: ${JSON.stringify(body)}`, async () => {
    const shelf = new MemoryShelf();
    shelf.objectsByKey.set('lineage/000001.json', { body, etag: 'e' });
    const named = { code: 'BAD_OBJECT', message: /lineage\/000001\.json/ };
    await assert.rejects(readRecords(shelf.objects, signal), named);
    await assert.rejects(createRecord(shelf.objects, genesisOf([1]), signal), named);
  });

  test(`a body that is no announcement is unknown, and its key is named: ${JSON.stringify(body)}`, async () => {
    const shelf = new MemoryShelf();
    shelf.objectsByKey.set('lineage/000001/started/2.json', { body, etag: 'e' });
    const named = { code: 'BAD_OBJECT', message: /lineage\/000001\/started\/2\.json/ };
    await assert.rejects(readAnnouncements(shelf.objects, [genesisOf([1, 2, 3])], signal), named);
    await assert.rejects(announceStart(shelf.objects, { record: 1, id: 2, nonce: 'one' }, signal), named);
  });
}

test('keys of another form are no records and no notes, whatever they hold', async () => {
  const shelf = new MemoryShelf();
  shelf.put('lineage/000001.json', genesisOf([1]));
  const others = [
    'lineage/',
    'lineage/1.json',
    'lineage/000002.json.bak',
    'lineage/copy/000002.json',
    'dead/',
    'dead/a/b',
  ];
  for (const key of [...others, 'dead/note', 'dead/i-1.json']) shelf.objectsByKey.set(key, { body: '', etag: 'e' });
  assert.deepEqual(await readRecords(shelf.objects, signal), [genesisOf([1])]);
  const notes = await notesAmong(shelf.objects, await shelf.objects.list('', signal), signal);
  assert.deepEqual(notes, { dead: [], unreadable: [] });
});

test('a record that this process has read stays, whatever a list says later', async () => {
  const shelf = new MemoryShelf();
  shelf.put('lineage/000001.json', genesisOf([4, 5, 6]));
  const there = await createRecord(shelf.objects, genesisOf([1, 2, 3]), signal);
  assert.deepEqual(await recordsAmong(shelf.objects, [], signal), [there]);
});

test('a proposal has one outcome: whoever comes second reads the first one’s', async () => {
  const { objects } = new MemoryShelf();
  const founded = { kind: 'founded', proposal: 'p1', record: forcedOf(recordMember(1)) } as const;
  const isVoid = { kind: 'void', proposal: 'p1', number: 2 } as const;
  assert.deepEqual(await createOutcome(objects, founded, signal), founded);
  assert.deepEqual(await createOutcome(objects, isVoid, signal), founded);
  assert.deepEqual(await createOutcome({ ...objects }, isVoid, signal), founded);
  assert.deepEqual(await createOutcome(objects, { ...isVoid, proposal: 'p2' }, signal), { ...isVoid, proposal: 'p2' });
});

test('only outcomes of proposals for the record that is asked for are read, and each by its key', async () => {
  const shelf = new MemoryShelf();
  const { objects } = shelf;
  const keys = ['', 'notes.txt', 'sub/p9.json'].map((name) => `lineage/000002/outcomes/${name}`);
  for (const key of keys) shelf.objectsByKey.set(key, { body: '', etag: key });
  await createOutcome(objects, { kind: 'void', proposal: 'p1', number: 2 }, signal);
  await createOutcome(objects, { kind: 'void', proposal: 'p3', number: 3 }, signal);
  const listed = [...shelf.objectsByKey.keys()];
  assert.deepEqual(await outcomesAmong({ ...objects }, listed, 2, signal), [
    { kind: 'void', proposal: 'p1', number: 2 },
  ]);
});

test('a record whose members are none is no record, and the field that does not fit is named', async () => {
  const key = 'lineage/000001.json';
  for (const [change, field] of [
    [{ members: [{ id: 1 }] }, 'members.0.generation'],
    [{ members: 'all' }, 'members'],
    [{ fenced: [1] }, 'fenced.0'],
    [{ epochFloor: '0' }, 'epochFloor'],
    [{ kind: 'other' }, 'kind'],
  ] as const) {
    const shelf = new MemoryShelf();
    shelf.put(key, { ...genesisOf([1, 2, 3]), ...change });
    await assert.rejects(readRecords(shelf.objects, signal), (error: Error) => {
      assert.match(error.message, /lineage\/000001\.json/);
      assert.ok(error.message.includes(`"${field}"`), error.message);
      return true;
    });
  }
});

test('an outcome that does not fit is none, and its key is named', async () => {
  const key = 'lineage/000002/outcomes/p1.json';
  for (const body of [
    '',
    '{',
    '{"format":1,"kind":"founded","proposal":"p1"}',
    '{"format":1,"kind":"void","proposal":"p2"}',
  ]) {
    const shelf = new MemoryShelf();
    shelf.objectsByKey.set(key, { body, etag: 'e' });
    await assert.rejects(outcomesAmong(shelf.objects, [key], 2, signal), new RegExp(key));
  }
});

const WORD = { record: 1, id: 201, address: '10.0.0.9', epoch: 3, left: ['i-0a01'] };

test('a word that a member is gone is written once, counts under its record alone, and can be given again', async () => {
  const { objects } = new MemoryShelf();
  await sayGone(objects, WORD, 'n1', signal);
  await sayGone(objects, WORD, 'n1', signal);
  await sayGone(objects, { ...WORD, epoch: 4 }, 'n2', signal);
  await sayGone(objects, { ...WORD, record: 2 }, 'n1', signal);
  const keys = (await objects.list('', signal)).map(({ key }) => key);
  assert.deepEqual(await goneAmong(objects, keys, 1, signal), [WORD, { ...WORD, epoch: 4 }]);
  assert.deepEqual(await readRecords(objects, signal), []);
});

for (const fields of [{}, { ...WORD, id: 202 }, { ...WORD, address: '10.0.0.1' }, { ...WORD, left: 'i-0a01' }]) {
  test(`a body that is no word of its key is unknown, and its key is named: ${JSON.stringify(fields)}`, async () => {
    const shelf = new MemoryShelf();
    const key = 'lineage/000001/gone/201-at-10.0.0.9-n1.json';
    shelf.put(key, fields);
    await assert.rejects(goneAmong(shelf.objects, [key], 1, signal), { code: 'BAD_OBJECT', message: new RegExp(key) });
  });
}

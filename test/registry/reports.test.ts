// SPDX-License-Identifier: Apache-2.0
/**
 * Reports can be withdrawn, and a write that arrives late never brings one back (docs/protocol.md, "Recovery by
 * force").
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectStore } from '../../src/ports.ts';
import {
  bindReport,
  readReports,
  reportsOf,
  stands,
  type Unbind,
  withdrawReport,
  writeReport,
} from '../../src/registry/reports.ts';
import { Lost, MemoryShelf } from '../act/memory-shelf.ts';
import { reportOf } from '../decide/parts.ts';

const signal = new AbortController().signal;
const { report } = reportOf(1);
/** Nothing that is released here binds anybody. */
const unbound: Unbind = async () => {};
const fenced = { ...report, fenced: true };

test('a report is written, replaced and withdrawn', async () => {
  const { objects } = new MemoryShelf();
  assert.equal(await writeReport(objects, { report: report, serial: 'a' }, unbound, signal), 'written');
  assert.equal(await writeReport(objects, { report: fenced, serial: 'b' }, unbound, signal), 'written');
  assert.deepEqual(await readReports(objects, signal), {
    reports: [{ report: fenced, serial: 'b', format: 2, ageMs: 1_000 }],
    unreadable: [],
  });
  assert.equal(await withdrawReport(objects, { instance: report.instance, serial: 'c' }, unbound, signal), 'written');
  assert.deepEqual((await readReports(objects, signal)).reports, []);
});

test('a first report takes one call', async () => {
  const shelf = new MemoryShelf();
  const calls: string[] = [];
  shelf.after = (call) => calls.push(call);
  assert.equal(await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal), 'written');
  assert.deepEqual(calls, [`replace reports/${report.instance}.json`]);
});

test('a report that was just read is withdrawn in one call', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal);
  await readReports(shelf.objects, signal);
  const calls: string[] = [];
  shelf.after = (call) => calls.push(call);
  assert.equal(
    await withdrawReport(shelf.objects, { instance: report.instance, serial: 'b' }, unbound, signal),
    'written',
  );
  assert.deepEqual(calls, [`replace reports/${report.instance}.json`]);
  assert.deepEqual((await readReports(shelf.objects, signal)).reports, []);
});

test('a report that has changed since it was read is withdrawn all the same', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal);
  await readReports(shelf.objects, signal);
  await writeReport(shelf.objects, { report: fenced, serial: 'b' }, unbound, signal);
  assert.equal(
    await withdrawReport(shelf.objects, { instance: report.instance, serial: 'c' }, unbound, signal),
    'written',
  );
  assert.deepEqual((await readReports(shelf.objects, signal)).reports, []);
});

test('a withdrawal of a report that was just read, arriving late, does not take a newer one away', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal);
  await readReports(shelf.objects, signal);
  const arrive = shelf.holdNextWrite();
  await assert.rejects(
    withdrawReport(shelf.objects, { instance: report.instance, serial: 'b' }, unbound, signal),
    Lost,
  );
  assert.equal(await writeReport(shelf.objects, { report: fenced, serial: 'c' }, unbound, signal), 'written');
  arrive();
  assert.deepEqual(
    (await readReports(shelf.objects, signal)).reports.map(({ serial }) => serial),
    ['c'],
  );
});

test('a report is read again only when the list gives it another etag', async () => {
  const shelf = new MemoryShelf();
  const { objects } = shelf;
  const other = { ...report, instance: 'i-other' };
  await writeReport(objects, { report, serial: 'a' }, unbound, signal);
  await writeReport(objects, { report: other, serial: 'a' }, unbound, signal);
  const first = await readReports(objects, signal);
  const calls: string[] = [];
  shelf.after = (call) => calls.push(call);
  assert.deepEqual(await readReports(objects, signal), first);
  assert.deepEqual(calls, ['list reports/']);
  // As another process would write it.
  shelf.put('reports/i-other.json', { serial: 'b', format: 2, report: { ...other, fenced: true } });
  const { reports } = await readReports(objects, signal);
  assert.deepEqual(calls, ['list reports/', 'list reports/', 'get reports/i-other.json']);
  assert.deepEqual(
    reports.map(({ serial, report: { fenced } }) => [serial, fenced]),
    [
      ['a', false],
      ['b', true],
    ],
  );
  calls.length = 0;
  await reportsOf(objects, ['i-other'], signal);
  assert.deepEqual(calls, ['get reports/i-other.json'], 'a step reads what it relies on');
});

test('the reports of some nodes are read by their keys, and who has none has none', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal);
  const calls: string[] = [];
  shelf.after = (call) => calls.push(call);
  const { reports: found } = await reportsOf(shelf.objects, [report.instance, 'i-other'], signal);
  assert.deepEqual(
    found.map(({ serial }) => serial),
    ['a'],
  );
  assert.deepEqual(calls.sort(), ['get reports/i-other.json', `get reports/${report.instance}.json`].sort());
});

/** Holds the write that relies on what is read next. */
function holdWriteAfterReading(shelf: MemoryShelf): () => void {
  let arrive = (): void => assert.fail('Nothing was read.');
  shelf.after = (call) => {
    if (!call.startsWith('get')) return;
    shelf.after = () => {};
    arrive = shelf.holdNextWrite();
  };
  return () => arrive();
}

test('a withdrawn report does not rise again when a write before the withdrawal arrives late', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal);
  const arrive = holdWriteAfterReading(shelf);
  await assert.rejects(writeReport(shelf.objects, { report: fenced, serial: 'b' }, unbound, signal), Lost);
  assert.equal(
    await withdrawReport(shelf.objects, { instance: report.instance, serial: 'c' }, unbound, signal),
    'written',
  );
  arrive();
  assert.deepEqual((await readReports(shelf.objects, signal)).reports, []);
});

test('nor when nothing lay there: a withdrawal of nothing still fills the place', async () => {
  const shelf = new MemoryShelf();
  const arrive = shelf.holdNextWrite();
  await assert.rejects(writeReport(shelf.objects, { report: fenced, serial: 'b' }, unbound, signal), Lost);
  assert.equal(
    await withdrawReport(shelf.objects, { instance: report.instance, serial: 'c' }, unbound, signal),
    'written',
  );
  arrive();
  assert.deepEqual((await readReports(shelf.objects, signal)).reports, []);
});

test('a withdrawal that arrives late does not take a newer report away', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal);
  const arrive = shelf.holdNextWrite();
  await assert.rejects(
    withdrawReport(shelf.objects, { instance: report.instance, serial: 'b' }, unbound, signal),
    Lost,
  );
  assert.equal(await writeReport(shelf.objects, { report: fenced, serial: 'c' }, unbound, signal), 'written');
  arrive();
  assert.deepEqual(
    (await readReports(shelf.objects, signal)).reports.map(({ serial }) => serial),
    ['c'],
  );
});

test('a write that finds another state than it read says so', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal);
  shelf.after = (call) => {
    if (!call.startsWith('get')) return;
    shelf.after = () => {};
    shelf.put(`reports/${report.instance}.json`, { serial: 'late' });
  };
  assert.equal(await writeReport(shelf.objects, { report: fenced, serial: 'b' }, unbound, signal), 'conflict');
});

test('reports that can not be read whole are not read at all', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report: report, serial: 'a' }, unbound, signal);
  await writeReport(shelf.objects, { report: reportOf(2).report, serial: 'b' }, unbound, signal);
  shelf.before = (call) => {
    if (call === 'get reports/i-0a02.json') throw new Lost(call);
  };
  await assert.rejects(readReports(shelf.objects, signal), Lost);
});

test('only keys of our form are read, and a body that does not fit is named with its key', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, { report, serial: 'a' }, unbound, signal);
  const raw = (key: string, body: string) => shelf.objectsByKey.set(key, { body, etag: key });
  raw('reports/', '');
  raw('reports/notes.txt', 'by hand');
  raw('reports/i-0a02.json', '');
  raw('reports/i-0a03.json', '{"serial":"x","format":3}');
  raw('reports/i-0a04.json', JSON.stringify({ serial: 'x', report }));
  raw('reports/i-0a05.json', '{"serial":"x","report":');
  const { reports, unreadable } = await readReports(shelf.objects, signal);
  assert.deepEqual(
    reports.map(({ serial }) => serial),
    ['a'],
  );
  assert.deepEqual(unreadable, [
    { instance: 'i-0a02', key: 'reports/i-0a02.json', why: 'it is empty' },
    {
      instance: 'i-0a03',
      key: 'reports/i-0a03.json',
      why: 'it was written by a newer release (format 3, and this one reads up to 2)',
    },
    { instance: 'i-0a04', key: 'reports/i-0a04.json', why: 'it is no report of i-0a04' },
    { instance: 'i-0a05', key: 'reports/i-0a05.json', why: 'it is no JSON object' },
  ]);
});

test('a report with a member that is none says nothing, and the field is named', async () => {
  const shelf = new MemoryShelf();
  const config = { version: '0000000100000000', members: [{ id: 1, address: '10.0.0.1' }] };
  shelf.put(`reports/${report.instance}.json`, { serial: 'a', report: { ...report, config } });
  const { reports, unreadable } = await readReports(shelf.objects, signal);
  assert.deepEqual(reports, []);
  assert.match(unreadable[0]?.why ?? '', /^"report\.config\.members\.0\.quorumPort" is not as it should be/);
});

const ANSWER = { kind: 'answers', record: 2, proposer: 'i-0a02', proposal: 'p' } as const;

test('a report is bound on condition of the serial that was judged, and keeps its facts', async () => {
  const { objects } = new MemoryShelf();
  const { instance } = report;
  await writeReport(objects, { report, serial: 'a' }, unbound, signal);
  const wrong = { instance, from: 'z', serial: 'b', binds: ANSWER };
  assert.equal(await bindReport(objects, wrong, unbound, signal), 'conflict');
  assert.equal(await bindReport(objects, { ...wrong, from: 'a' }, unbound, signal), 'written');
  const [found] = (await readReports(objects, signal)).reports;
  assert.deepEqual(found, { report, serial: 'b', facts: 'a', format: 2, ageMs: 1_000, binds: ANSWER });
  // After a lost answer the same binding is there already.
  assert.equal(await bindReport(objects, { ...wrong, from: 'a', serial: 'c' }, unbound, signal), 'written');
  assert.equal((await readReports(objects, signal)).reports[0]?.serial, 'b');
});

test('a report that is bound anew keeps the facts that it was first written with', async () => {
  const { objects } = new MemoryShelf();
  const { instance } = report;
  await writeReport(objects, { report, serial: 'a' }, unbound, signal);
  await bindReport(objects, { instance, from: 'a', serial: 'b', binds: ANSWER }, unbound, signal);
  const other = { ...ANSWER, proposal: 'q' };
  assert.equal(
    await bindReport(objects, { instance, from: 'b', serial: 'c', binds: other }, unbound, signal),
    'written',
  );
  const [found] = (await readReports(objects, signal)).reports;
  assert.deepEqual([found?.serial, found?.facts, found?.binds], ['c', 'a', other]);
});

test('a report stands until it is withdrawn, also one that can not be understood', async () => {
  const shelf = new MemoryShelf();
  const { instance } = report;
  assert.equal(await stands(shelf.objects, instance, signal), false);
  await writeReport(shelf.objects, { report, serial: 'a' }, unbound, signal);
  assert.equal(await stands(shelf.objects, instance, signal), true);
  shelf.objectsByKey.set(`reports/${instance}.json`, { body: '', etag: 'torn' });
  assert.equal(await stands(shelf.objects, instance, signal), true);
  await withdrawReport(shelf.objects, { instance, serial: 'w' }, unbound, signal);
  assert.equal(await stands(shelf.objects, instance, signal), false);
});

test('a withdrawn report is never bound', async () => {
  const { objects } = new MemoryShelf();
  const { instance } = report;
  await writeReport(objects, { report, serial: 'a' }, unbound, signal);
  await withdrawReport(objects, { instance, serial: 'w' }, unbound, signal);
  const binding = { instance, from: 'w', serial: 'b', binds: ANSWER };
  assert.equal(await bindReport(objects, binding, unbound, signal), 'conflict');
});

test('an answer that arrives late binds nobody that has moved on', async () => {
  const shelf = new MemoryShelf();
  const { objects } = shelf;
  const { instance } = report;
  await writeReport(objects, { report, serial: 'a' }, unbound, signal);
  await readReports(objects, signal);
  const arrive = shelf.holdNextWrite();
  await assert.rejects(bindReport(objects, { instance, from: 'a', serial: 'b', binds: ANSWER }, unbound, signal), Lost);
  await withdrawReport(objects, { instance, serial: 'w' }, unbound, signal);
  arrive();
  assert.deepEqual((await readReports(objects, signal)).reports, []);
});

test('nothing takes the place of a report before what binds it is released, whoever wrote it', async () => {
  for (const write of [
    (objects: ObjectStore, release: Unbind) => writeReport(objects, { report, serial: 'n' }, release, signal),
    (objects: ObjectStore, release: Unbind) =>
      withdrawReport(objects, { instance: report.instance, serial: 'n' }, release, signal),
  ]) {
    const { objects } = new MemoryShelf();
    await writeReport(objects, { report, serial: 'a' }, unbound, signal);
    await readReports(objects, signal);
    // As an earlier process of this node left it, whose write arrives now.
    const binding = { instance: report.instance, from: 'a', serial: 'b', binds: ANSWER };
    const late = { ...objects };
    await bindReport(late, binding, unbound, signal);
    const released: unknown[] = [];
    await assert.rejects(
      write(objects, async ({ body }) => {
        released.push(typeof body === 'string' ? body : body.binds?.kind);
        if (released.length > 1) throw new Error('it is founded');
      }),
      /it is founded/,
    );
    assert.deepEqual(released, [undefined, 'answers']);
    assert.equal((await readReports(objects, signal)).reports[0]?.serial, 'b');
  }
});

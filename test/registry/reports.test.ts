/** Reports can be withdrawn, and a write that arrives late never brings one back (docs/protocol.md, "Recovery by force"). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReports, reportsOf, withdrawReport, writeReport } from '../../src/registry/reports.ts';
import { Lost, MemoryShelf } from '../act/memory-shelf.ts';
import { reportOf } from '../decide/situation.ts';

const signal = new AbortController().signal;
const { report } = reportOf(1);
const fenced = { ...report, fenced: true };

test('a report is written, replaced and withdrawn', async () => {
  const { objects } = new MemoryShelf();
  assert.equal(await writeReport(objects, report, 'a', signal), 'written');
  assert.equal(await writeReport(objects, fenced, 'b', signal), 'written');
  assert.deepEqual(await readReports(objects, signal), [{ report: fenced, serial: 'b', ageMs: 1_000 }]);
  assert.equal(await withdrawReport(objects, report.instance, 'c', signal), 'written');
  assert.deepEqual(await readReports(objects, signal), []);
});

test('a first report takes one call', async () => {
  const shelf = new MemoryShelf();
  const calls: string[] = [];
  shelf.after = (call) => calls.push(call);
  assert.equal(await writeReport(shelf.objects, report, 'a', signal), 'written');
  assert.deepEqual(calls, [`replace reports/${report.instance}.json`]);
});

test('a report that was just read is withdrawn in one call', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, report, 'a', signal);
  await readReports(shelf.objects, signal);
  const calls: string[] = [];
  shelf.after = (call) => calls.push(call);
  assert.equal(await withdrawReport(shelf.objects, report.instance, 'b', signal), 'written');
  assert.deepEqual(calls, [`replace reports/${report.instance}.json`]);
  assert.deepEqual(await readReports(shelf.objects, signal), []);
});

test('a report that has changed since it was read is withdrawn all the same', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, report, 'a', signal);
  await readReports(shelf.objects, signal);
  await writeReport(shelf.objects, fenced, 'b', signal);
  assert.equal(await withdrawReport(shelf.objects, report.instance, 'c', signal), 'written');
  assert.deepEqual(await readReports(shelf.objects, signal), []);
});

test('a withdrawal of a report that was just read, arriving late, does not take a newer one away', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, report, 'a', signal);
  await readReports(shelf.objects, signal);
  const arrive = shelf.holdNextWrite();
  await assert.rejects(withdrawReport(shelf.objects, report.instance, 'b', signal), Lost);
  assert.equal(await writeReport(shelf.objects, fenced, 'c', signal), 'written');
  arrive();
  assert.deepEqual(
    (await readReports(shelf.objects, signal)).map(({ serial }) => serial),
    ['c'],
  );
});

test('the reports of some nodes are read by their keys, and who has none has none', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, report, 'a', signal);
  const calls: string[] = [];
  shelf.after = (call) => calls.push(call);
  const found = await reportsOf(shelf.objects, [report.instance, 'i-other'], signal);
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
  await writeReport(shelf.objects, report, 'a', signal);
  const arrive = holdWriteAfterReading(shelf);
  await assert.rejects(writeReport(shelf.objects, fenced, 'b', signal), Lost);
  assert.equal(await withdrawReport(shelf.objects, report.instance, 'c', signal), 'written');
  arrive();
  assert.deepEqual(await readReports(shelf.objects, signal), []);
});

test('nor when nothing lay there: a withdrawal of nothing still fills the place', async () => {
  const shelf = new MemoryShelf();
  const arrive = shelf.holdNextWrite();
  await assert.rejects(writeReport(shelf.objects, fenced, 'b', signal), Lost);
  assert.equal(await withdrawReport(shelf.objects, report.instance, 'c', signal), 'written');
  arrive();
  assert.deepEqual(await readReports(shelf.objects, signal), []);
});

test('a withdrawal that arrives late does not take a newer report away', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, report, 'a', signal);
  const arrive = shelf.holdNextWrite();
  await assert.rejects(withdrawReport(shelf.objects, report.instance, 'b', signal), Lost);
  assert.equal(await writeReport(shelf.objects, fenced, 'c', signal), 'written');
  arrive();
  assert.deepEqual(
    (await readReports(shelf.objects, signal)).map(({ serial }) => serial),
    ['c'],
  );
});

test('a write that finds another state than it read says so', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, report, 'a', signal);
  shelf.after = (call) => {
    if (!call.startsWith('get')) return;
    shelf.after = () => {};
    shelf.put(`reports/${report.instance}.json`, { serial: 'late' });
  };
  assert.equal(await writeReport(shelf.objects, fenced, 'b', signal), 'conflict');
});

test('reports that can not be read whole are not read at all', async () => {
  const shelf = new MemoryShelf();
  await writeReport(shelf.objects, report, 'a', signal);
  await writeReport(shelf.objects, reportOf(2).report, 'b', signal);
  shelf.before = (call) => {
    if (call === 'get reports/i-0a02.json') throw new Lost(call);
  };
  await assert.rejects(readReports(shelf.objects, signal), Lost);
});

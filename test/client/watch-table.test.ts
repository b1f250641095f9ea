// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ZnodeWatch } from '../../src/client/watch.ts';
import type { WatchEvent } from '../../src/client/watch-event.ts';
import { WatchTable } from '../../src/client/watch-table.ts';

const MANY = 2_500;
const CAUSE = new Error('lost');

function tableWith(count: number): { readonly table: WatchTable; readonly watches: readonly ZnodeWatch[] } {
  const table = new WatchTable();
  const watches = Array.from(
    { length: count },
    (_, at) => new ZnodeWatch('data', `/many/${at}`, { maxUnread: 10 }, () => Promise.resolve()),
  );
  for (const watch of watches) table.add(watch);
  return { table, watches };
}

/** Notes the kinds of what the watch tells, as they come. */
function notesOf(watch: ZnodeWatch): { readonly kinds: readonly string[]; readonly end: Promise<void> } {
  const kinds: string[] = [];
  const end = (async () => {
    for await (const { kind } of watch) kinds.push(kind);
  })();
  return { kinds, end };
}

test('many watches are told of a lost connection in several turns, each before what comes later', async () => {
  const { table, watches } = tableWith(MANY);
  const notes = watches.map(notesOf);
  const heard = (kind: string): number => notes.filter(({ kinds }) => kinds.includes(kind)).length;
  await turn();
  table.disconnected(CAUSE);
  await Promise.resolve();
  assert.ok(heard('disconnected') < MANY, 'the first turn tells some of them');
  const last = watches.at(-1);
  table.fire({ kind: 'changed', path: last?.path ?? '', zxid: 5n });
  await notes.at(-1)?.end;
  assert.deepEqual(notes.at(-1)?.kinds, ['disconnected', 'changed'], 'the event did not overtake');
  table.rearmed();
  table.disconnected(CAUSE);
  const late = new ZnodeWatch('data', '/late', { maxUnread: 10 }, () => Promise.resolve());
  table.add(late);
  const ofLate = notesOf(late);
  table.endAll({ kind: 'closed' });
  await Promise.all([...notes.map(({ end }) => end), ofLate.end]);
  assert.deepEqual(ofLate.kinds, ['closed'], 'a watch is told nothing of before');
  for (const { kinds } of notes.slice(0, -1)) {
    assert.deepEqual(kinds, ['disconnected', 'rearmed', 'disconnected', 'closed']);
  }
});

test('a reader that asks hears at once what its watch was not told yet', async () => {
  const { table, watches } = tableWith(MANY);
  const last = watches.at(-1);
  assert.ok(last);
  table.disconnected(CAUSE);
  table.rearmed();
  const taken: (WatchEvent | undefined)[] = [];
  for (let count = 0; count < 2; count++) taken.push((await last.next()).value);
  assert.deepEqual(taken, [{ kind: 'disconnected', cause: CAUSE }, { kind: 'rearmed' }]);
});

test('a watch that is closed before its turn is told nothing', async () => {
  const { table, watches } = tableWith(MANY);
  const last = watches.at(-1);
  assert.ok(last);
  const note = notesOf(last);
  await turn();
  table.endAll({ kind: 'expired', cause: CAUSE });
  await last.close();
  await note.end;
  assert.deepEqual(note.kinds, []);
  assert.equal((await last.next()).done, true);
});

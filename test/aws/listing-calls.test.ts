// SPDX-License-Identifier: Apache-2.0
/** docs/protocol.md, "Lists and filters": the table names each call of the agent that lists, and no other. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
/** Each of these is about one thing, by its name. Any other command may leave something out of its answer. */
const ABOUT_ONE_THING: readonly string[] = [
  'AssociateAddress',
  'ChangeResourceRecordSets',
  'CompleteLifecycleAction',
  'CreateLogStream',
  'CreateOrUpdateTags',
  'CreateTags',
  'GetChange',
  'GetObject',
  'PutObject',
  'RecordLifecycleActionHeartbeat',
  'SignalResource',
];

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const adapters = globSync('src/aws/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('/sdk.ts'));
const adapterText = adapters.map(read).join('\n');

function all(text: string, pattern: RegExp): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found = '']) => found))].sort();
}

/** The first cells of the table: service and action, and by what it is asked. */
function calls(): readonly string[] {
  const protocol = read('docs/protocol.md');
  const table = protocol.slice(protocol.indexOf('### Lists and filters')).split('\n## ')[0] ?? '';
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  const cells = rows.slice(1).map((line) => line.split('|')[1]?.trim() ?? '');
  assert.ok(cells.length > 5, 'A table that is not found would prove nothing.');
  return cells;
}

const ofAction = (action: string): readonly string[] => calls().filter((call) => call.includes(`, ${action}`));

test('each command that is called is about one thing, or stands in the table', () => {
  const called = all(adapterText, /new sdk\.(\w+)Command\(/g);
  assert.ok(called.length > 10, 'A search that finds nothing would prove nothing.');
  const inTable = new Set(calls().flatMap((call) => all(call, /, ([A-Z]\w+)/g)));
  assert.deepEqual(
    [...inTable].sort(),
    called.filter((command) => !ABOUT_ONE_THING.includes(command)),
  );
  assert.deepEqual(
    ABOUT_ONE_THING.filter((command) => !called.includes(command)),
    [],
  );
});

test('src/aws/sdk.ts has the commands that are called, and no other', () => {
  assert.deepEqual(all(read('src/aws/sdk.ts'), /(\w+)Command\b/g), all(adapterText, /new sdk\.(\w+)Command\(/g));
});

test('each filter stands in the table, at each call that has it', () => {
  const filters = adapters.flatMap((file) => {
    const text = read(file);
    const names = all(text, /Name: '([^']+)', Values/g);
    assert.equal(names.length > 0, /\bFilters\b/.test(text), `${file}: a filter is written as the others are`);
    const [action = '', ...others] = names.length > 0 ? all(text, /action: '(Describe\w+)'/g) : [];
    assert.deepEqual(others, [], `${file} has one call that filters`);
    return names.map((name) => `${action} ${name}`);
  });
  assert.ok(filters.length > 2, 'A search that finds nothing would prove nothing.');
  const named = calls().flatMap((call) =>
    all(call, /, Describe\w+ by the filter `([^`]+)`/g).map((name) => `${all(call, /, (\w+)/g)[0]} ${name}`),
  );
  assert.deepEqual([...named].sort(), filters.toSorted());
});

test('each beginning of keys that is listed stands in the table', () => {
  const listed = globSync('src/{act,commands,decide,observe,registry,tick}/*.ts', { cwd: ROOT }).flatMap((file) => {
    const text = read(file);
    return all(text, /objects\.list\(([^,]+),/g).map((prefix) => {
      const literal = /^'/.test(prefix) ? prefix : (all(text, new RegExp(`const ${prefix} = ('[^']*')`, 'g'))[0] ?? '');
      assert.match(literal, /^'.*'$/, `${file} lists ${prefix}`);
      return literal.slice(1, -1);
    });
  });
  const named = ofAction('ListObjectsV2').map((call) =>
    call.endsWith('everything') ? '' : all(call, /`([^`]+)`/g)[0],
  );
  assert.deepEqual([...named].sort(), [...new Set(listed)].sort());
});

test('a port that lists and has no adapter yet stands in the table, too', () => {
  const ports = all(read('src/ports.ts'), /interface (\w+) \{(?:(?!\n\})[\s\S])*?\n {2}list\(/g);
  assert.deepEqual(ports, ['ClaimStreams', 'ObjectStore', 'SlotShelf']);
  const open = ports.filter((port) => !adapterText.includes(port));
  const named = calls().filter((call) => call.endsWith('(no adapter yet)'));
  assert.equal(named.length, open.length, `${open}`);
});

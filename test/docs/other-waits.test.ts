// SPDX-License-Identifier: Apache-2.0
/** The waits and limits that no setting changes: docs/settings.md lists each with its value and its file. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const ROW = /^\| `([A-Z_]+)` \| ([\d_.]+) \| \[([^\]]+)\]\(\.\.\/([^)]+)\) \|/;

/** A constant of time that is no wait: how exact the times of files are. */
const NO_WAITS = ['SAME_TIME_MS'];

function documented(): readonly string[] {
  const [, section = ''] = readFileSync(join(ROOT, 'docs/settings.md'), 'utf8').split('## Other waits and limits');
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) => {
    const [, constant, value, file, link] = ROW.exec(line) ?? [];
    assert.ok(file !== undefined && file === link, line);
    return `${file}: ${constant} = ${value}`;
  });
}

/** `file: CONSTANT = value` of each constant with a number in the agent's sources, but for its ZooKeeper client's. */
function constants(): readonly string[] {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => !/^src\/(client|drop-in)\//.test(file));
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^(?:export )?const ([A-Z_]+) = ([\d_.]+);$/gm)].map(
      ([, constant, value]) => `${file}: ${constant} = ${value}`,
    ),
  );
}

test('every wait and limit of the table stands in its file with its value', () => {
  const rows = documented();
  assert.ok(rows.length > 30, 'A search that finds nothing would prove nothing.');
  assert.equal(new Set(rows).size, rows.length);
  const there = new Set(constants());
  assert.deepEqual(
    rows.filter((row) => !there.has(row)),
    [],
  );
});

test('every constant of the agent that is a time in milliseconds stands in the table', () => {
  const rows = new Set(documented());
  const waits = constants().filter((constant) => /: [A-Z_]+_MS = /.test(constant));
  assert.ok(waits.length > 20, 'A search that finds nothing would prove nothing.');
  assert.deepEqual(
    waits.filter((wait) => !rows.has(wait) && !NO_WAITS.some((name) => wait.includes(`: ${name} = `))),
    [],
  );
});

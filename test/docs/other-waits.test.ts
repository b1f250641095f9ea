// SPDX-License-Identifier: Apache-2.0
/**
 * The waits, limits and shares that no setting changes: docs/settings.md lists each with its value and its file, those
 * of the code and those of the image.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const ROW = /^\| `([A-Z_]+)` \| ([^|]+) \| \[([^\]]+)\]\(\.\.\/([^)]+)\) \|/;
const IMAGE_ROW = /^\| `([^`]+)` \| `([^`]+)` \| \[[^\]]+\]\(\.\.\/([^)]+)\) \|/;

/** Rooms whose numbers are those of a format that the server or this project has laid down. */
const FORMATS = [
  'src/zookeeper/adler32.ts',
  'src/zookeeper/durable-file.ts',
  'src/zookeeper/epoch-files.ts',
  'src/zookeeper/snappy.ts',
  'src/zookeeper/snapshot-check.ts',
  'src/zookeeper/super-secret.ts',
  'src/zookeeper/transaction-log.ts',
  'src/zk/znode-line.ts',
];

/** Numbers that decide nothing: units, ports, the numbers of a format, and how much is read at once. */
const DECIDE_NOTHING = [
  'src/lock.ts: NAME_LENGTH',
  'src/model/claims.ts: LOWEST_ID',
  'src/model/member.ts: CLIENT_PORT',
  'src/model/member.ts: ELECTION_PORT',
  'src/model/member.ts: QUORUM_PORT',
  'src/model/proposals.ts: ANSWERS_FROM_FORMAT',
  'src/settings-table.ts: LARGEST',
  'src/zookeeper/directory-copy.ts: BLOCK_BYTES',
  'src/zookeeper/directory-copy.ts: CHUNK_BYTES',
  'src/zookeeper/directory-copy.ts: MEBIBYTE',
  // How exact the times of files are.
  'src/zookeeper/directory-copy.ts: SAME_TIME_MS',
  'src/zookeeper/process-ends.ts: MS_PER_SECOND',
  'src/zookeeper/process-identity.ts: TICKS_PER_SECOND',
  'src/zookeeper/process-work.ts: MS_PER_TICK',
  'src/zookeeper/systemd-service.ts: CLD_EXITED',
  'src/zookeeper/systemd-service.ts: MICROSECONDS_PER_MILLISECOND',
  'src/zookeeper/systemd-service.ts: NANOSECONDS_PER_MILLISECOND',
];

function rowsBelow(heading: string): readonly string[] {
  const page = readFileSync(join(ROOT, 'docs/settings.md'), 'utf8');
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return own.split('\n').filter((line) => line.startsWith('| `'));
}

function documented(): readonly string[] {
  return rowsBelow('Other waits and limits').map((line) => {
    const [, constant, value, file, link] = ROW.exec(line) ?? [];
    assert.ok(file !== undefined && file === link, line);
    return `${file}: ${constant} = ${value}`;
  });
}

/** `file: CONSTANT = value` of each constant with a number in the agent's sources, but for its ZooKeeper client's. */
function constants(): readonly string[] {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => !/^src\/(client|drop-in)\//.test(file));
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^(?:export )?const ([A-Z_]+) = (\d[^;\n]*);$/gm)].map(
      ([, constant, value]) => `${file}: ${constant} = ${value}`,
    ),
  );
}

test('every wait and limit of the table stands in its file with its value', () => {
  const rows = documented();
  assert.ok(rows.length > 80, 'A search that finds nothing would prove nothing.');
  assert.equal(new Set(rows).size, rows.length);
  const there = new Set(constants());
  assert.deepEqual(
    rows.filter((row) => !there.has(row)),
    [],
  );
});

test('every number of the agent that decides something stands in the table', () => {
  const rows = new Set(documented());
  const numbers = constants();
  assert.ok(numbers.length > 100, 'A search that finds nothing would prove nothing.');
  const known = (constant: string): boolean =>
    rows.has(constant) ||
    FORMATS.includes(constant.replace(/: .*/, '')) ||
    DECIDE_NOTHING.includes(constant.replace(/ = .*/, ''));
  assert.deepEqual(
    numbers.filter((constant) => !known(constant)),
    [],
  );
  // What is gone, or stands in the table, is no exception any more.
  const names = numbers.filter((constant) => !rows.has(constant)).map((constant) => constant.replace(/ = .*/, ''));
  assert.deepEqual(
    DECIDE_NOTHING.filter((name) => !names.includes(name)),
    [],
  );
  assert.deepEqual(
    FORMATS.filter((file) => !names.some((name) => name.startsWith(`${file}:`))),
    [],
  );
});

/** `file: setting = value` of each wait, limit and share in the roles of the image. */
function settingsOfTheImage(): readonly string[] {
  const files = globSync('ansible/roles/*/{defaults,vars,templates}/**', { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
  const kinds = [
    /^(\w+Sec|\w+Burst)=(.+)$/gm,
    /^(\w+_(?:s|mib|percent|percentage|burst)): (\d+)$/gm,
    /^(net\.[\w.]+) = (\d+)$/gm,
    /(--kill-after)=(\d+)/g,
    /^-D(zookeeper\.\w+\.\w+Interval)=(\d+)$/gm,
  ];
  return files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return kinds.flatMap((kind) =>
      [...text.matchAll(kind)].map(([, setting, value]) => `${file}: ${setting} = ${value}`),
    );
  });
}

test('the waits of the image stand in the second table, and nothing else does', () => {
  const rows = rowsBelow('Waits of the image').map((line) => {
    const [, setting, value, file] = IMAGE_ROW.exec(line) ?? [];
    assert.ok(file !== undefined, line);
    return `${file}: ${setting} = ${value}`;
  });
  assert.ok(rows.length > 20, 'A search that finds nothing would prove nothing.');
  assert.deepEqual(rows.toSorted(), settingsOfTheImage().toSorted());
});

// SPDX-License-Identifier: Apache-2.0
/** ARCHITECTURE's table of rooms, held against what the code imports. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = ['tools', 'cloud', 'src', 'build', 'cf', 'deploy', 'bake', 'lab', 'test', 'bench'];

interface Room {
  /** Folders and files, from the root of the checkout. */
  readonly names: readonly string[];
  /** What it may import, beside itself. */
  readonly may: readonly string[];
}

interface Import {
  readonly from: string;
  readonly to: string;
}

const FILES = new Set(FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT })).sort());
const ROOMS = roomsOf(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'));
const IMPORTS = [...FILES].flatMap(importsOf);

function quoted(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

function roomsOf(document: string): readonly Room[] {
  const [, table = ''] = /^\| folder \|.*\n\|[ -|]+\n((?:\|.*\n)+)/m.exec(document) ?? [];
  const rooms: Room[] = [];
  for (const row of table.trim().split('\n')) {
    const [, folder = '', , may = ''] = row.split(' | ').flatMap((cell, at) => (at === 0 ? ['', cell] : [cell]));
    const above = /\beverything above\b/.test(may) ? rooms.flatMap(({ names }) => names) : [];
    rooms.push({ names: quoted(folder), may: [...above, ...quoted(may).map(fullName)] });
  }
  return rooms;
}

/** `model` is `src/model`, and `errors` is `src/errors.ts`. */
function fullName(name: string): string {
  const inSource = [`src/${name}.ts`, `src/${name}`].find((path) => [...FILES].some((file) => isIn(file, path)));
  return FOLDERS.includes(name.split('/')[0] ?? '') ? name : (inSource ?? name);
}

function isIn(file: string, name: string): boolean {
  return file === name || file.startsWith(`${name}/`);
}

/** The room with the longest name that fits. */
function roomOf(file: string): Room | undefined {
  const longest = ({ names }: Room): number =>
    Math.max(0, ...names.filter((name) => isIn(file, name)).map((name) => name.length));
  return ROOMS.filter((room) => longest(room) > 0).toSorted((a, b) => longest(b) - longest(a))[0];
}

function importsOf(from: string): readonly Import[] {
  const text = readFileSync(join(ROOT, from), 'utf8');
  return [...text.matchAll(/\b(?:from|import) '(\.[^']+)'|\bimport\('(\.[^']+)'\)/g)].flatMap(([, named, loaded]) => {
    const to = join(dirname(from), named ?? loaded ?? '');
    return FILES.has(to) ? [{ from, to }] : [];
  });
}

function shown(imports: readonly Import[]): readonly string[] {
  return imports.map(({ from, to }) => `${from} imports ${to}`);
}

test('every file stands in a room of the table', () => {
  assert.deepEqual(
    [...FILES].filter((file) => roomOf(file) === undefined),
    [],
  );
  const names = ROOMS.flatMap((room) => [...room.names, ...room.may]);
  // A name that fits no file would allow nothing, and would say so to nobody.
  const unknown = names.filter((name) => !/^(ami|ansible)$/.test(name) && ![...FILES].some((file) => isIn(file, name)));
  assert.deepEqual(unknown, []);
});

test('a room imports what the table allows it, types included', () => {
  const wrong = IMPORTS.filter(({ from, to }) => {
    const room = roomOf(from);
    return room !== undefined && room !== roomOf(to) && !room.may.some((name) => isIn(to, name));
  });
  assert.deepEqual(shown(wrong), []);
  // A search that finds nothing would prove nothing.
  assert.ok(IMPORTS.length > 2_000, `${IMPORTS.length} imports`);
});

test('the table has the folders in their order: none imports one below it', () => {
  const order = [...new Set(ROOMS.flatMap(({ names }) => names.map((name) => name.split('/')[0] ?? '')))];
  assert.deepEqual(
    order.filter((name) => FOLDERS.includes(name)),
    FOLDERS,
  );
  const place = (file: string): number => order.indexOf(file.split('/')[0] ?? '');
  assert.deepEqual(shown(IMPORTS.filter(({ from, to }) => place(to) > place(from))), []);
});

test('the local AWS has one door; only its own tests go deeper', () => {
  const deeper = IMPORTS.filter(
    ({ from, to }) => isIn(to, 'cloud') && to !== 'cloud/index.ts' && !isIn(from, 'cloud') && !isIn(from, 'test/cloud'),
  );
  assert.deepEqual(shown(deeper), []);
});

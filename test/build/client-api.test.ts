// SPDX-License-Identifier: Apache-2.0
/** The page about the client's API: everything that the package exports is explained, and nothing else stands there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { CLIENT_ENTRY } from '../../build/client-api.ts';
import { type ApiName, exportedNames } from '../../build/exported-names.ts';
import * as client from '../../src/client/index.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/client-api.md'), 'utf8');

/** Names, and functions of them, that have no docstring. What ends a block, or begins a loop, needs none. */
function unexplained(names: readonly ApiName[]): readonly string[] {
  return names.flatMap(({ name, docstring, members }) => [
    ...(docstring === '' ? [name] : []),
    ...members
      .filter((member) => member.docstring === '' && /\(/.test(member.signatures[0] ?? ''))
      .filter((member) => !member.name.startsWith('[Symbol.'))
      .map((member) => `${name}.${member.name}`),
  ]);
}

test('every name that the package exports is explained, with every function that it has', () => {
  const names = exportedNames(ROOT, CLIENT_ENTRY);
  assert.deepEqual(unexplained(names), []);
  const listed = names.map(({ name }) => name);
  assert.ok(listed.length > 100, 'A search that finds nothing would prove nothing.');
  // The compiler and the running module have the same names.
  assert.deepEqual(
    Object.keys(client).filter((name) => !listed.includes(name)),
    [],
  );
  const headings = [...PAGE.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name);
  assert.deepEqual(headings.toSorted(), listed.toSorted());
  assert.equal(new Set(headings.map((name) => name.toLowerCase())).size, headings.length, 'each has its own anchor');
  // A signature names nothing that a program can't import.
  assert.deepEqual(
    names.filter(({ hidden }) => hidden.length > 0).map(({ name, hidden }) => ({ name, hidden })),
    [],
  );
});

const MODULE = `
interface Hidden { readonly text: string }
class Base {
  /** What the base does. */
  work(): void {}
  protected secret(): void {}
}
/** Two ways to count. */
export class Told extends Base {
  static readonly most = 3;
  readonly #own = 1;
  /** Counts. */
  count(from: number): number;
  count(from: string, to?: string): string;
  count(from: number | string): number | string { return from; }
  /** @internal */
  inner(): number { return this.#own; }
  async silent({ a = 1 }: TellOptions = {}) { return a; }
}
/** How to tell. */
export interface TellOptions { readonly a?: number; readonly b?: Hidden }
export type Untold =
  /** One. */
  | 'one'
  | 'two';
/** Begins. */
export function begin(
  first: string,
  options: Readonly<Record<string, number>> = {},
): Told | undefined { return first in options ? new Told() : undefined; }
`;

test('what has no docstring, what is private and what is hidden are found out', async () => {
  await using folder = await temporaryDirectory();
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  const compilerOptions = { target: 'es2024', module: 'nodenext', strict: true, types: [], noEmit: true };
  await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['index.ts'] }));
  await writeFile(join(folder.path, 'index.ts'), MODULE);
  const names = exportedNames(folder.path, 'index.ts');
  assert.deepEqual(unexplained(names), ['Told.silent', 'Untold']);
  assert.deepEqual(
    names.map(({ name, kind, signatures, hidden }) => ({ name, kind, signatures, hidden })),
    [
      { name: 'Told', kind: 'class', signatures: ['class Told'], hidden: [] },
      { name: 'TellOptions', kind: 'interface', signatures: ['interface TellOptions'], hidden: ['Hidden'] },
      {
        name: 'Untold',
        kind: 'type',
        signatures: ["type Untold =\n  /** One. */\n  | 'one'\n  | 'two';"],
        hidden: [],
      },
      {
        name: 'begin',
        kind: 'function',
        signatures: ['function begin(first: string, options: Readonly<Record<string, number>> = {}): Told | undefined'],
        hidden: [],
      },
    ],
  );
  assert.deepEqual(
    names[0]?.members.map(({ signatures }) => signatures),
    [
      ['static readonly most: 3'],
      ['count(from: number): number', 'count(from: string, to?: string): string'],
      ['silent(options: TellOptions = {}): Promise<number>'],
      ['work(): void'],
    ],
  );
  assert.throws(() => exportedNames(folder.path, 'nothing.ts'), /finds no module nothing\.ts/);
});

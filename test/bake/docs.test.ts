// SPDX-License-Identifier: Apache-2.0
/** docs/building.md against the code: options, exit codes and the statements of the policy. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { builderPolicy } from '../../bake/builder-policy.ts';
import { EXIT_CODES } from '../../bake/errors.ts';
import { optionTable } from '../../bake/options.ts';
import { documentedExitCodes } from '../exit-code-table.ts';

const TEXT = readFileSync(resolve(import.meta.dirname, '../../docs/building.md'), 'utf8');

/** The words in code spans of the first column of the table below this heading. */
function firstColumn(heading: string): readonly string[] {
  const section = TEXT.slice(TEXT.indexOf(`\n${heading}\n`));
  const rows = /\n\| --- .*\n((?:\|.*\n)+)/.exec(section)?.[1]?.trim().split('\n') ?? [];
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}

test('the table of options is complete, with the defaults as they are', () => {
  const names = Object.keys(optionTable).map((name) => `--${name}`);
  assert.deepEqual(firstColumn('## Options').toSorted(), names.sort());
  for (const [name, option] of Object.entries(optionTable)) {
    if (!('default' in option) || option.default === false) continue;
    assert.match(TEXT, new RegExp(`^\\| \`--${name}\` \\| \`?${option.default}\`? \\|`, 'm'), name);
  }
});

test('every error code stands beside its exit code', () => {
  assert.deepEqual(documentedExitCodes(TEXT, '## The image'), { ...EXIT_CODES });
});

test('every statement of the policy is told', () => {
  const sids = builderPolicy({ instanceProfile: 'images' }).Statement.map(({ Sid }) => Sid);
  assert.deepEqual(firstColumn('## A person who builds').toSorted(), sids.sort());
});

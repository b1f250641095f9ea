// SPDX-License-Identifier: Apache-2.0
/** docs/deploying.md against the code: every option, resource, output and statement stands there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { nodePolicy } from '../../cf/node-policy.ts';
import { optionTable } from '../../cf/option-table.ts';
import { templateOf } from './combinations.ts';

const TEXT = readFileSync(new URL('../../docs/deploying.md', import.meta.url), 'utf8');

/** The words in code spans of the first column of the table below this heading. */
function firstColumn(heading: string): readonly string[] {
  const section = TEXT.slice(TEXT.indexOf(`\n${heading}\n`));
  const rows = /\n\| --- .*\n((?:\|.*\n)+)/.exec(section)?.[1]?.trim().split('\n') ?? [];
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}

test('the table of options is complete, with the defaults as they are', () => {
  assert.deepEqual(
    firstColumn('## Options').toSorted(),
    Object.keys(optionTable)
      .map((name) => `--${name}`)
      .sort(),
  );
  for (const [name, option] of Object.entries(optionTable)) {
    const standard = 'default' in option ? option.default : undefined;
    if (standard === undefined || typeof standard === 'object' || standard === false) continue;
    const row = new RegExp(`^\\| \`--${name}\` \\| \`?${String(standard)}\`? \\|`, 'm');
    assert.match(TEXT, row, name);
  }
});

test('the table of resources is complete, but for single rules', () => {
  const resources = Object.entries(templateOf('plain').Resources)
    .filter(([, { Type }]) => !/SecurityGroup(Ingress|Egress)$/.test(Type))
    .map(([id]) => id);
  assert.deepEqual(firstColumn('## What the stack makes').toSorted(), resources.sort());
});

test('every output, and every statement of the nodes’ policy, is told', () => {
  for (const output of Object.keys(templateOf('named').Outputs)) assert.ok(TEXT.includes(`\`${output}\``), output);
  const sids = nodePolicy({ zone: { id: 'Z1', name: 'internal' } }).Statement.map(({ Sid }) => Sid);
  assert.deepEqual(firstColumn('### The nodes').toSorted(), sids.sort());
});

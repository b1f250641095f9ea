import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../deploy/errors.ts';

const DOCUMENT = readFileSync(resolve(import.meta.dirname, '../../docs/deploying.md'), 'utf8');

test('every error code of deploy.sh stands in the document, beside its exit code', () => {
  const table = DOCUMENT.slice(DOCUMENT.indexOf('| exit code |'), DOCUMENT.indexOf('## What the stack makes'));
  const documented: Record<string, number> = {};
  let exitCode = 0;
  for (const row of table.split('\n')) {
    const [, first = '', codes = ''] = row.split('|');
    if (/\d/.test(first)) exitCode = Number(first);
    for (const [, code] of codes.matchAll(/`([A-Z_]+)`/g)) documented[code ?? ''] = exitCode;
  }
  assert.deepEqual(documented, { ...EXIT_CODES });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../deploy/errors.ts';
import { documentedExitCodes } from '../exit-code-table.ts';

const DOCUMENT = readFileSync(resolve(import.meta.dirname, '../../docs/deploying.md'), 'utf8');

test('every error code of deploy.sh stands in the document, beside its exit code', () => {
  assert.deepEqual(documentedExitCodes(DOCUMENT, '## What the stack makes'), { ...EXIT_CODES });
});

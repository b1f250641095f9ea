// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confirm } from '../../deploy/questions.ts';
import { scriptTerminal } from '../support/script-terminal.ts';

const { signal } = new AbortController();
const question = { text: 'Delete it?', expected: 'orders', flags: '--yes', answered: false };

test('only the expected word is a yes', async () => {
  await confirm(scriptTerminal(['orders']), question, signal);
  for (const answer of ['', 'yes', 'y', 'Orders', 'order']) {
    await assert.rejects(confirm(scriptTerminal([answer]), question, signal), { code: 'DECLINED' });
  }
});

test('a question that is answered beforehand is not asked', async () => {
  const terminal = scriptTerminal([]);
  await confirm(terminal, { ...question, answered: true }, signal);
  assert.deepEqual(terminal.questions, []);
});

test('without a terminal the answer is no, and the flag is named', async () => {
  await assert.rejects(confirm(scriptTerminal(), question, signal), { code: 'DECLINED', next: /--yes/ });
});

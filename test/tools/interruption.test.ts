// SPDX-License-Identifier: Apache-2.0
/** Ctrl-C, as a command sees it. The signals go to a process of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { outcomeOf } from '../../tools/program.ts';

const MODULE = new URL('../../tools/interruption.ts', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A process that is told to end twice. */
function twice(again: string) {
  const program = `
    import { interruption } from '${MODULE}';
    const { signal } = interruption(() => new Error('Interrupted.')${again});
    signal.addEventListener('abort', () => {
      console.log(signal.reason.message);
      setTimeout(() => process.kill(process.pid, 'SIGINT'), 10);
    });
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(7), 10_000);
  `;
  return outcomeOf(process.execPath, ['--input-type=module', '--eval', program], { directory: ROOT });
}

test('the first signal aborts with the reason, and the next one ends the process as ever', async () => {
  const { stdout, code, signal } = await twice('');
  assert.deepEqual({ stdout, code, signal }, { stdout: 'Interrupted.\n', code: null, signal: 'SIGINT' });
});

test('a command that still cleans up hears of the next signal itself', async () => {
  const { stdout, code } = await twice(`, () => { console.log('still cleaning up'); process.exit(3); }`);
  assert.deepEqual({ stdout, code }, { stdout: 'Interrupted.\nstill cleaning up\n', code: 3 });
});

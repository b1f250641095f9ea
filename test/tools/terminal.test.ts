// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { consoleTerminal, type Streams } from '../../tools/terminal.ts';

function streams(isTTY: boolean) {
  const stream = () => Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 40 });
  return { stdin: stream(), stdout: stream(), stderr: stream() } satisfies Streams;
}

function shownOn(stream: PassThrough): string {
  return String(stream.read() ?? '');
}

test('in a pipe there are lines and results, no progress and nothing to redraw', () => {
  const { stdin, stdout, stderr } = streams(false);
  const terminal = consoleTerminal({ stdin, stdout, stderr });
  terminal.progress('1 of 3');
  terminal.line('a line', 'red');
  terminal.progress('2 of 3');
  terminal.result('Cluster  orders-4f1c2a90');
  assert.equal(terminal.interactive, false);
  assert.equal(shownOn(stderr), 'a line\n');
  assert.equal(shownOn(stdout), 'Cluster  orders-4f1c2a90\n');
});

test('on a terminal the line of progress stays below the others and is cut to the width', () => {
  const { stdin, stdout, stderr } = streams(true);
  const terminal = consoleTerminal({ stdin, stdout, stderr });
  terminal.progress(`1 of 3 ${'x'.repeat(60)}`);
  terminal.line('a line');
  terminal.progress();
  terminal.line('the end');
  // Each as it was when the next one replaced it, colours aside.
  const shown = shownOn(stderr).split('\r\u001b[K').map(stripVTControlCharacters);
  const progress = `1 of 3 ${'x'.repeat(32)}`;
  assert.deepEqual(shown, [progress, `a line\n${progress}`, 'the end\n']);
});

test('a question takes one line as its answer', async () => {
  const { stdin, stdout, stderr } = streams(true);
  const terminal = consoleTerminal({ stdin, stdout, stderr });
  const answer = terminal.ask('Delete it?', new AbortController().signal);
  stdin.write('  yes \n');
  assert.equal(await answer, 'yes');
});

test('the end of the input is an empty answer, an interruption is none', async () => {
  const closed = streams(true);
  const ended = consoleTerminal(closed).ask('Delete it?', new AbortController().signal);
  closed.stdin.end();
  assert.equal(await ended, '');
  const interrupt = new AbortController();
  const asking = consoleTerminal(streams(true)).ask('Delete it?', interrupt.signal);
  interrupt.abort(new Error('Ctrl-C'));
  await assert.rejects(asking, { message: 'Ctrl-C' });
});

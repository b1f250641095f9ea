// SPDX-License-Identifier: Apache-2.0
/** The runner of programs: what it resolves with, and how it ends a program that should not go on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeOf, ProgramError, runProgram } from '../../tools/program.ts';

test('a program that fails is quoted with what it printed last, on both outputs', async () => {
  await assert.rejects(runProgram('sh', ['-c', 'echo why >&2; exit 3']), /ended with 3:\nwhy/);
  const printing = 'for n in $(seq 30); do echo line $n; done; exit 1';
  await assert.rejects(runProgram('sh', ['-c', printing]), (error) => {
    assert.ok(error instanceof ProgramError);
    assert.match(error.lastLines, /^line 11\n.*line 30$/s);
    return !error.missing;
  });
});

test('input goes in, and the output comes out as it is', async () => {
  assert.equal(await runProgram('cat', [], { input: 'line\nno end' }), 'line\nno end');
  const { code, stdout, stderr } = await outcomeOf('sh', ['-c', 'echo out; echo err >&2; exit 4']);
  assert.deepEqual({ code, stdout, stderr }, { code: 4, stdout: 'out\n', stderr: 'err\n' });
});

test('a program that is not there is told apart', async () => {
  await assert.rejects(runProgram('no-such-program', []), (error) => error instanceof ProgramError && error.missing);
});

test('one that hangs is ended at its limit, also when what it started holds its output', async () => {
  await assert.rejects(runProgram('sleep', ['60'], { limitMs: 100 }), /took longer than 0.1 s/);
  const child = 'sleep 20 & echo $!; wait';
  await assert.rejects(runProgram('sh', ['-c', child], { limitMs: 300 }), (error) => {
    assert.ok(error instanceof ProgramError);
    process.kill(Number(error.lastLines), 'SIGKILL');
    return /took longer than 0.3 s/.test(error.message);
  });
});

test('one that does not stop is killed after its grace', async () => {
  const stubborn = 'trap "" TERM; echo ready; while :; do sleep 0.1; done';
  await assert.rejects(runProgram('sh', ['-c', stubborn], { limitMs: 500, graceMs: 200 }), /took longer than 0.5 s/);
});

test('a signal stops it the way it is asked to, and its reason is the error', async () => {
  const reason = new Error('Interrupted.');
  const abort = new AbortController();
  const lines: string[] = [];
  const clean = 'trap "echo cleaned; exit 0" INT; echo ready; while :; do sleep 0.05; done';
  const running = runProgram('sh', ['-c', clean], {
    signal: abort.signal,
    stopWith: 'SIGINT',
    onLine: (line, stream) => {
      lines.push(`${stream}: ${line}`);
      if (line === 'ready') abort.abort(reason);
    },
  });
  await assert.rejects(running, reason);
  assert.deepEqual(lines, ['stdout: ready', 'stdout: cleaned']);
  await assert.rejects(runProgram('true', [], { signal: abort.signal }), reason);
  const later = new AbortController();
  const sleeping = runProgram('sleep', ['60'], { signal: later.signal });
  later.abort(reason);
  await assert.rejects(sleeping, reason);
});

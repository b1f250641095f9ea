// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { LAB_VARIABLE } from '../../lab/daemon/state-directory.ts';
import type { StepResult } from '../../lab/demo/screen.ts';
import { STORY } from '../../lab/demo/story.ts';
import { processesWithEnvironment } from '../../lab/hypervisor/processes.ts';
import { namedLab } from './support/command-line.ts';

/** A minute and a half alone; on a busy machine many times as long, and right all the same. */
const LIMIT_MS = 700_000;

test('the demo tells its whole story and leaves nothing behind', async () => {
  await using lab = namedLab();
  const demo = lab.start('demo', '--json');
  const timer = setTimeout(() => demo.child.kill('SIGTERM'), LIMIT_MS);
  const { code, stdout, stderr } = await demo.result;
  clearTimeout(timer);
  const steps = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StepResult);
  assert.deepEqual(
    steps.map(({ step, ok }) => ({ step, ok })),
    STORY.map(({ name }) => ({ step: name, ok: true })),
    stdout + stderr,
  );
  for (const { seconds, detail } of steps) assert.ok(seconds >= 0 && detail !== '');
  assert.equal(code, 0);
  assert.deepEqual(processesWithEnvironment(LAB_VARIABLE, lab.state.path), []);
  assert.equal(existsSync(lab.state.path), false);
});

test('Ctrl-C in the middle of the demo ends the lab with it', async () => {
  await using lab = namedLab();
  const demo = lab.start('demo');
  await demo.until('✓ three nodes form one ensemble');
  demo.child.kill('SIGINT');
  const { code } = await demo.result;
  assert.equal(code, 130);
  assert.deepEqual(processesWithEnvironment(LAB_VARIABLE, lab.state.path), []);
  assert.equal(existsSync(lab.state.path), false);
});

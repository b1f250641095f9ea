// SPDX-License-Identifier: Apache-2.0
/** What an interrupted run leaves, and how it is cleared away. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LAB_VARIABLE, StateDirectory } from '../../lab/daemon/state-directory.ts';
import { labPrefix, RUN_VARIABLE } from '../support/lab-name.ts';
import { endLeftovers, type Run, whatIsLeft } from './leftovers.ts';

async function newRun(): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'run-'));
  const mark = randomBytes(8).toString('hex');
  // No checkout, so that no process of one counts.
  return { root: `${folder}/`, mark, folder, before: new Set() };
}

/** Sleeps for a minute unless it is ended. */
function sleeper(environment: Readonly<Record<string, string>>) {
  return spawn('sleep', ['60'], { stdio: 'ignore', env: { PATH: process.env.PATH, ...environment } });
}

test('an interrupted run leaves no lab: not its processes, and not its directory', async () => {
  const run = await newRun();
  const lab = `${labPrefix(run.mark)}left`;
  const state = StateDirectory.ofLab(lab);
  state.make();
  // As a machine of the lab, which is cleared of what the run has set.
  const ofTheLab = sleeper({ [LAB_VARIABLE]: state.path });
  const ofTheRun = sleeper({ [RUN_VARIABLE]: run.mark });
  const ended = Promise.all([once(ofTheLab, 'exit'), once(ofTheRun, 'exit')]);

  const left = await whatIsLeft(run, 0);
  assert.deepEqual(left.processes, [ofTheRun.pid]);
  assert.match(left.sentences.join('\n'), new RegExp(`lab.* ${lab}\n.*${ofTheRun.pid}: sleep 60`));
  await endLeftovers(run, left);
  await ended;
  assert.equal(existsSync(state.path), false);
  assert.equal(existsSync(run.folder), false);
});

test('the labs of others stay', async () => {
  const [run, other] = [await newRun(), await newRun()];
  const state = StateDirectory.ofLab(`${labPrefix(other.mark)}stays`);
  state.make();
  const left = await whatIsLeft(run, 0);
  assert.deepEqual(left.sentences, []);
  await endLeftovers(run, left);
  assert.equal(existsSync(state.path), true);
  await endLeftovers(other, await whatIsLeft(other, 0));
  assert.equal(existsSync(state.path), false);
});

// SPDX-License-Identifier: Apache-2.0
/** Commands of the lab that end before their time: whatever ends them, no process and no directory is left. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { LAB_VARIABLE, type StateDirectory } from '../../lab/daemon/state-directory.ts';
import { processesWithEnvironment } from '../../lab/hypervisor/processes.ts';
import { namedLab } from './support/command-line.ts';
import { waitFor } from './support/wait-for.ts';

const LIMIT_MS = 240_000;

/** What ends with the daemon may take a moment more. */
async function nothingIsLeft(state: StateDirectory): Promise<void> {
  await waitFor(() => processesWithEnvironment(LAB_VARIABLE, state.path).length === 0, {
    limitMs: LIMIT_MS,
    why: 'all processes of the lab are gone',
  });
  assert.equal(existsSync(state.path), false);
}

test('up whose terminal closes takes everything back, also when Ctrl-C comes on top', {
  timeout: LIMIT_MS,
}, async () => {
  await using lab = namedLab();
  const up = lab.start('up', '--nodes', '1');
  await up.until('starting moto');
  up.child.kill('SIGHUP');
  await up.until('interrupted; ending the lab');
  up.child.kill('SIGINT');
  up.child.kill('SIGINT');
  const { code, stderr } = await up.result;
  assert.equal(code, 130, stderr);
  await nothingIsLeft(lab.state);
});

test('a demo whose terminal closes ends its lab', { timeout: LIMIT_MS }, async () => {
  await using lab = namedLab();
  const demo = lab.start('demo', '--json');
  await waitFor(() => lab.state.readDaemon() !== undefined, { limitMs: LIMIT_MS, why: 'its lab has a daemon' });
  // As with a terminal that is closed, nobody reads any more either.
  demo.child.stdout?.destroy();
  demo.child.stderr?.destroy();
  demo.child.kill('SIGHUP');
  assert.equal((await demo.result).code, 130);
  await nothingIsLeft(lab.state);
});

test('a demo whose reader goes away ends its lab', { timeout: LIMIT_MS }, async () => {
  await using lab = namedLab();
  const demo = lab.start('demo', '--json');
  // It notices with the first line of its result.
  demo.child.stdout?.destroy();
  const { code, stderr } = await demo.result;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /Nobody reads any more/);
  await nothingIsLeft(lab.state);
});

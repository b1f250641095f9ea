// SPDX-License-Identifier: Apache-2.0
/** Programs of these tests that run in a lab's network namespace, as a lab's daemon does. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { entering } from '../../lab/commands/lab-client.ts';
import { makeNetwork, type NetworkOptions } from '../../lab/container/network.ts';
import { LAB_VARIABLE, StateDirectory } from '../../lab/daemon/state-directory.ts';
import { sweep } from '../../lab/daemon/sweep.ts';
import { labName } from '../support/lab-name.ts';

const LIMIT_MS = 300_000;

/**
 * Runs a program beside this file with `{"lab", "directory", …plan}` as its argument, and resolves with what it
 * printed; rejects with all that it said when it does not end well. Processes, machines, network and directory go in
 * any case.
 */
export async function runInLabNetwork(program: string, plan: object, options?: NetworkOptions): Promise<string> {
  const lab = labName();
  const directory = await mkdtemp(join(tmpdir(), 'zk-instances-'));
  const state = new StateDirectory(directory);
  state.make();
  state.markContainers(lab);
  await using _network = await makeNetwork(lab, options);
  try {
    const script = resolve(import.meta.dirname, program);
    const words = [process.execPath, '--import', 'tsx', script, JSON.stringify({ ...plan, lab, directory })];
    const [command = '', ...rest] = entering(`zk-${lab}`, words);
    const child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, [LAB_VARIABLE]: directory },
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let printed = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 0, `${printed}${said}`);
    return printed;
  } finally {
    await sweep(state);
    await rm(directory, { recursive: true, force: true });
  }
}

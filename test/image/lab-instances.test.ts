import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { entering } from '../../lab/commands/lab-client.ts';
import { baseRootFileSystem } from '../../lab/container/base.ts';
import { sweepContainers } from '../../lab/container/container.ts';
import { makeNetwork } from '../../lab/container/network.ts';
import { whyNoMachines } from './machines.ts';

const skip = (await whyNoMachines()) ?? false;
const PROGRAM = resolve(import.meta.dirname, 'lab-instances-program.ts');
const LIMIT_MS = 300_000;

test('instances in containers, from launch to termination, in a network of their own', { skip }, async () => {
  const lab = `inst${process.pid}`;
  const directory = await mkdtemp(join(tmpdir(), 'zk-instances-'));
  await using _network = await makeNetwork(lab);
  try {
    const base = await baseRootFileSystem(12);
    const plan = JSON.stringify({ lab, directory, base });
    const [program = '', ...words] = entering(`zk-${lab}`, [process.execPath, '--import', 'tsx', PROGRAM, plan]);
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const [code] = await once(child, 'close');
    assert.equal(code, 0, said);
  } finally {
    await sweepContainers(join(directory, 'machines')).catch(() => {});
    await rm(directory, { recursive: true, force: true });
  }
});

// SPDX-License-Identifier: Apache-2.0
/** The other architecture's executable, run by qemu: what can be known of it without a machine of its kind. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageAgent } from '../../build/package.ts';
import { type NodeArchitecture, runnerFor } from '../../build/target.ts';
import { outcomeOf, type ProgramOutcome } from '../../tools/program.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const architecture: NodeArchitecture = process.arch === 'arm64' ? 'x64' : 'arm64';
const runner = await runnerFor(architecture).catch((error: Error) => error.message);
const skip = typeof runner === 'string' ? runner : false;

function run(executable: string, words: readonly string[]): Promise<ProgramOutcome> {
  const [program = '', ...before] = [...runner, executable];
  return outcomeOf(program, [...before, ...words], { environment: {}, limitMs: 60_000 });
}

test(`the executable for ${architecture} starts, takes its code cache, and tells errors`, { skip }, async () => {
  await using folder = await temporaryDirectory();
  const executable = await packageAgent({ architecture, outdir: join(folder.path, 'dist'), commit: '0123456789ab' });
  const version = JSON.parse((await run(executable, ['--version', '--json'])).stdout);
  assert.equal(version.platform, `linux-${architecture}`);
  assert.equal(version.node, process.versions.node);
  assert.equal(version.commit, '0123456789ab');
  assert.deepEqual(version.codeCache, {
    'zk-agent.cjs': 'accepted',
    'commands.cjs': 'accepted',
    'arguments.cjs': 'accepted',
    'aws-sdk.cjs': 'accepted',
  });
  const settings = await run(executable, ['recovery']);
  assert.equal(settings.code, 1);
  assert.equal(JSON.parse(settings.stderr).code, 'BAD_SETTINGS');
  assert.equal((await run(executable, ['dance'])).code, 2);
});

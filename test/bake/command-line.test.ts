// SPDX-License-Identifier: Apache-2.0
/** build.sh as scripts see it: exit codes, JSON, and a Packer that is not there, too old, or never ends. */
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type BakeCode, BakeError } from '../../bake/errors.ts';
import { main } from '../../bake/main.ts';
import { packerBuild } from '../../bake/packer-build.ts';
import { findPacker, initialise } from '../../bake/packer-program.ts';
import { scriptTerminal } from '../support/script-terminal.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { EMPTY_SHA512, fakePacker } from './support.ts';

const { signal } = new AbortController();
let directory: TemporaryDirectory;
let archive: string;

before(async () => {
  directory = await temporaryDirectory();
  archive = join(directory.path, 'archive.tar.gz');
  await writeFile(archive, '');
});
after(() => directory[Symbol.asyncDispose]());

async function program(name: string, ...lines: readonly string[]): Promise<string> {
  const path = join(directory.path, name);
  await writeFile(path, `#!/bin/sh\n${lines.join('\n')}\n`);
  await chmod(path, 0o755);
  return path;
}

/** What the command line answers with `--json`. */
async function told(...words: readonly string[]) {
  const terminal = scriptTerminal();
  const code = await main(['--region', 'eu-west-1', '--', '--json', ...words], terminal);
  const [result = '{}'] = terminal.results;
  return { code, ...(JSON.parse(result) as { error?: { code: BakeCode; message: string; next: string } }) };
}

test('wrong input ends with 2, and says what is wrong', async () => {
  const { code, error } = await told('--volumesize', '1');
  assert.equal(code, 2);
  assert.equal(error?.code, 'BAD_INPUT');
  assert.match(error?.message ?? '', /--volumesize/);
});

test('a flag wins over the settings of build.sh', async () => {
  const terminal = scriptTerminal();
  assert.equal(
    await main(['--zookeeper-archive', archive, '--debian', '11', '--', '--policy', '--debian', '12'], terminal),
    0,
  );
  assert.equal(JSON.parse(terminal.results[0] ?? '{}').Version, '2012-10-17');
});

test('a Packer that is not there', async () => {
  const missing = join(directory.path, 'nothing');
  const { code, error } = await told('--zookeeper-archive', archive, '--packer', missing);
  assert.deepEqual([code, error?.code], [1, 'MISSING_TOOL']);
  assert.ok(error?.message.includes(`There is no program ${missing}`));
});

test('a wrong checksum is found before AWS is asked for anything', async () => {
  const packer = await program('packer-1.6.6', 'echo "Packer v1.6.6"');
  const wrong = 'a'.repeat(128);
  const { code, error } = await told('--zookeeper-archive', archive, '--zookeeper-sha512', wrong, '--packer', packer);
  assert.deepEqual([code, error?.code], [1, 'WRONG_CHECKSUM']);
  assert.ok(error?.message.includes(EMPTY_SHA512));
});

async function refuses(path: string, sentence: RegExp): Promise<void> {
  await assert.rejects(findPacker(path, scriptTerminal(), signal), (error: unknown) => {
    assert.ok(error instanceof BakeError && error.code === 'MISSING_TOOL', String(error));
    assert.match(error.message, sentence);
    return true;
  });
}

test('the version of Packer decides over the template', async () => {
  const edition = async (version: string) => {
    const packer = await program(`packer-${version}`, `echo "Packer v${version}"`);
    return (await findPacker(packer, scriptTerminal(), signal)).edition;
  };
  assert.equal(await edition('1.6.6'), 'packer-1.6');
  assert.equal(await edition('1.7.0'), 'current');
  assert.equal(await edition('1.16.0'), 'current');
  await refuses(await program('packer-1.5.6', 'echo "Packer v1.5.6"'), /Packer 1\.5\.6 is too old/);
  await refuses(
    await program('no-packer', 'echo "something else"'),
    /does not say a version of Packer: something else/,
  );
  await refuses(await program('broken', 'echo "out of order" >&2', 'exit 3'), /failed: out of order/);
});

test('plugins that can not be fetched', async () => {
  const lines = ['[ "$1" = version ] && echo "Packer v1.16.0" && exit', 'echo "no way to the plugins" >&2', 'exit 1'];
  const packer = await findPacker(await program('packer-without-plugins', ...lines), scriptTerminal(), signal);
  await assert.rejects(initialise(packer, scriptTerminal(), signal), /"packer init" failed: no way to the plugins/);
});

test('a Packer that does not end when it is told to is killed, and its children with it', {
  timeout: 60_000,
}, async () => {
  await mkdir(join(directory.path, 'work'));
  const variablesFile = join(directory.path, 'work/variables.json');
  await writeFile(variablesFile, JSON.stringify({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:1' }));
  const fake = await fakePacker(directory.path, 'does not end');
  const packer = await findPacker(fake, scriptTerminal(), signal);
  const interrupt = new AbortController();
  const terminal = scriptTerminal();
  const build = packerBuild({
    ...{ packer, variablesFile, terminal, environment: {} },
    logFile: join(directory.path, 'work/log'),
    signal: interrupt.signal,
    limits: { bakeMs: 60_000, cleanUpMs: 500 },
    onEvent: async ({ text }) => {
      if (text.startsWith('Provisioning')) interrupt.abort(new BakeError('INTERRUPTED', 'Interrupted.', 'Again.'));
    },
  });
  await assert.rejects(build, { code: 'INTERRUPTED' });
  assert.match(terminal.text, /Ignored/);
});

test('a bake that takes too long is ended', { timeout: 60_000 }, async () => {
  const variablesFile = join(directory.path, 'variables.json');
  await writeFile(variablesFile, JSON.stringify({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:1' }));
  const fake = await fakePacker(directory.path, 'cleans up when told to end');
  const packer = await findPacker(fake, scriptTerminal(), signal);
  const terminal = scriptTerminal();
  const logFile = join(directory.path, 'log');
  const limits = { bakeMs: 3_000, cleanUpMs: 30_000 };
  const build = packerBuild({ packer, variablesFile, logFile, terminal, environment: {}, signal, limits });
  await assert.rejects(build, /was not done within 0\.05 minutes, and was ended/);
  assert.match(terminal.text, /Cleaning up/);
});

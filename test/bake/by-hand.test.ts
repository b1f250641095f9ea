// SPDX-License-Identifier: Apache-2.0
/**
 * Packer by hand: after `build.sh --prepare`, the template needs the region alone, and takes base image and instance
 * profile. With the Packer at hand: Debian's 1.6, which the tests install where they may.
 */
import assert from 'node:assert/strict';
import { chmod, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { BakeError } from '../../bake/errors.ts';
import { readOrder } from '../../bake/options.ts';
import { findPacker, type PackerProgram } from '../../bake/packer-program.ts';
import { prepare } from '../../bake/prepare.ts';
import { runProgram } from '../../tools/program.ts';
import { scriptTerminal } from '../support/script-terminal.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { EMPTY_SHA512 } from './support.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const { signal } = new AbortController();
/** As docs/building.md has them. */
const REGION = ['-var', 'region=eu-west-1'];
const THREE = [...REGION, '-var', 'source_ami=ami-0a1b2c3d', '-var', 'iam_instance_profile=my-profile'];

let directory: TemporaryDirectory;
let packer: PackerProgram | undefined;
let why = '';

/** A checkout that has what Packer reads, so that nothing is written into this one. */
before(async () => {
  directory = await temporaryDirectory();
  await cp(join(ROOT, 'ami'), at('ami'), { recursive: true, verbatimSymlinks: true });
  await symlink(join(ROOT, 'ansible'), at('ansible'));
  await writeFile(at('archive.tar.gz'), '');
  // Packer asks Ansible for its version while it validates.
  await writeFile(at('ansible-playbook'), '#!/bin/sh\necho "ansible-playbook [core 2.19.14]"\n');
  await chmod(at('ansible-playbook'), 0o755);
  await mkdir(at('dist'));
  try {
    packer = await findPacker('packer', scriptTerminal(), signal);
  } catch (error) {
    if (!(error instanceof BakeError)) throw error;
    why = `${error.message} ${error.next}`;
  }
});

after(async () => {
  await directory?.[Symbol.asyncDispose]();
});

function at(path: string): string {
  return join(directory.path, path);
}

async function prepared(...more: readonly string[]): Promise<string> {
  const archive = ['--zookeeper-archive', at('archive.tar.gz'), '--zookeeper-sha512', EMPTY_SHA512];
  const order = readOrder(['--prepare', ...archive, ...more], () => {});
  assert.ok(order.kind === 'prepare');
  const agent = { executable: at('dist/zk-agent'), version: '0.1.0', answer: "zk-agent 0.1.0, 'abc'", commit: 'abc' };
  const tools = {
    compileAgent: async () => agent,
    ansiblePrograms: async () => ({ playbook: at('ansible-playbook'), lint: '/nowhere' }),
  };
  return await prepare(order.options, { terminal: scriptTerminal(), signal, root: directory.path, tools });
}

/** Packer's answer, in `ami/`, for its own edition of the template. */
async function packerSays(context: TestContext, command: string, variables: readonly string[]): Promise<string> {
  if (packer === undefined) {
    context.skip(why);
    return '';
  }
  return await runProgram(packer.program, [command, ...variables, packer.edition], {
    directory: at('ami'),
    environment: { ...process.env, CHECKPOINT_DISABLE: '1', PACKER_CACHE_DIR: at('cache') },
  });
}

test('what was found stands beside both templates, and what Ansible is told in dist', async () => {
  assert.equal(await prepared('--architecture', 'arm64', '--debian', '13', '--version', '2.0'), at('ami'));
  const expected = {
    ...{ architecture: 'arm64', debian: '13', version: '2.0', agent_version: '0.1.0', commit: 'abc' },
    agent_answer: "zk-agent 0.1.0, 'abc'",
    ansible_playbook: at('ansible-playbook'),
    ansible_variables_file: at('dist/ansible-variables.json'),
  };
  for (const edition of ['current', 'packer-1.6']) {
    const text = await readFile(at(`ami/${edition}/prepared.auto.pkrvars.json`), 'utf8');
    assert.deepEqual(JSON.parse(text), expected);
  }
  assert.deepEqual(JSON.parse(await readFile(at('dist/ansible-variables.json'), 'utf8')), {
    agent_executable: at('dist/zk-agent'),
    zookeeper_archive: at('archive.tar.gz'),
    zookeeper_archive_sha512: EMPTY_SHA512,
  });
});

test('three variables are enough, and the region alone is', async (context) => {
  await prepared();
  for (const variables of [THREE, REGION]) await packerSays(context, 'validate', variables);
});

test('the image has a name of its versions and the time, and the bake a tag', async (context) => {
  await prepared('--version', '2.0');
  const said = await packerSays(context, 'inspect', THREE);
  if (said === '') return;
  assert.match(said, /^local\.image_name: "zookeeper-3\.9\.5-2\.0-debian-12-x86_64-\d{8}T\d{6}"$/m);
  assert.match(said, /^local\.bake_id: "zk-bake-\d{8}T\d{6}-by-hand"$/m);
  assert.match(said, /^var\.source_ami: "ami-0a1b2c3d"$/m);
});

test('an archive that is not the right one is refused before anything is compiled', async () => {
  const wrong = ['--zookeeper-archive', at('archive.tar.gz'), '--zookeeper-sha512', '0'.repeat(128)];
  const order = readOrder(['--prepare', ...wrong], () => {});
  assert.ok(order.kind === 'prepare');
  const nothing = (): never => assert.fail('It went on.');
  const tools = { compileAgent: nothing, ansiblePrograms: nothing };
  const done = prepare(order.options, { terminal: scriptTerminal(), signal, root: directory.path, tools });
  await assert.rejects(done, (error: unknown) => error instanceof BakeError && error.code === 'WRONG_CHECKSUM');
});

test('the page has this command', async () => {
  const page = await readFile(join(ROOT, 'docs/building.md'), 'utf8');
  const line = page.split('\n').find((text) => text.startsWith('packer build '));
  assert.equal(line, `packer build ${THREE.join(' ')} current`);
});

// SPDX-License-Identifier: Apache-2.0
/** The Packer template, with the Packer at hand: Debian's 1.6, which the tests install where they may. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { BakeError } from '../../bake/errors.ts';
import { readOrder } from '../../bake/options.ts';
import { findPacker, type PackerProgram, validate } from '../../bake/packer-program.ts';
import { type Endpoint, packerVariables } from '../../bake/plan.ts';
import { runProgram } from '../../tools/program.ts';
import { scriptTerminal } from '../support/script-terminal.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const AMI = resolve(import.meta.dirname, '../../ami');
const { signal } = new AbortController();

let packer: PackerProgram | undefined;
let why = '';

before(async () => {
  try {
    packer = await findPacker('packer', scriptTerminal(), signal);
  } catch (error) {
    if (!(error instanceof BakeError)) throw error;
    why = `${error.message} ${error.next}`;
  }
});

function found(context: TestContext): PackerProgram | undefined {
  if (packer === undefined) context.skip(why);
  return packer;
}

/** What the source says, without what Packer 1.6 can't say. */
function sourceOf(edition: string): string {
  const text = readFileSync(join(AMI, edition, 'source.pkr.hcl'), 'utf8');
  return text.slice(text.indexOf('source "amazon-ebs"')).trim();
}

test('both sources are equal but for IMDSv2', () => {
  const current = sourceOf('current');
  const without = current
    .replace(/^ {2}imds_support = "v2\.0"\n\n/m, '')
    .replace(/^ {2}metadata_options \{\n(?: {4}.*\n)+? {2}\}\n\n/m, '');
  assert.notEqual(without, current);
  assert.equal(without, sourceOf('packer-1.6'));
  assert.match(current, /http_tokens\s+= "required"/);
});

test('both have the same variables and the same build', () => {
  for (const edition of ['current', 'packer-1.6']) {
    const all = readdirSync(join(AMI, edition)).sort();
    // `build.sh --prepare` writes such a file here, which belongs to this machine.
    const files = all.filter((file) => !file.endsWith('.auto.pkrvars.json'));
    assert.deepEqual(files, ['build.pkr.hcl', 'source.pkr.hcl', 'variables.pkr.hcl']);
    for (const file of ['build.pkr.hcl', 'variables.pkr.hcl']) {
      assert.equal(readlinkSync(join(AMI, edition, file)), `../${file}`);
    }
  }
});

test('packer fmt -check', async (context) => {
  const { program } = found(context) ?? {};
  if (program === undefined) return;
  for (const directory of [AMI, join(AMI, 'current'), join(AMI, 'packer-1.6')]) {
    await runProgram(program, ['fmt', '-check', '-diff', directory]);
  }
});

interface Case {
  readonly words?: readonly string[];
  readonly endpoint?: Endpoint;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Validates what build.sh would give Packer for these words. */
async function validated(program: PackerProgram, { words = [], endpoint, variables = {} }: Case): Promise<void> {
  await using directory = await temporaryDirectory();
  const order = readOrder(['--zookeeper-archive', 'archive.tar.gz', ...words], () => {});
  assert.equal(order.kind, 'bake');
  if (order.kind !== 'bake') return;
  // Packer asks Ansible for its version while it validates.
  const ansible = join(directory.path, 'ansible-playbook');
  await writeFile(ansible, '#!/bin/sh\necho "ansible-playbook [core 2.19.14]"\n');
  await chmod(ansible, 0o755);
  const facts = {
    ...{ bakeId: 'zk-bake-20260102T030405-a1b2c3', atMs: 0, region: 'eu-west-1', version: '0.1.0' },
    agent: { executable: '/nowhere', version: '0.1.0', answer: "zk-agent 0.1.0, commit 'abc'", commit: 'abc' },
    ansiblePlaybook: ansible,
    ansibleVariablesFile: join(directory.path, 'ansible.json'),
    manifestFile: join(directory.path, 'manifest.json'),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  await writeFile(facts.ansibleVariablesFile, '{}');
  const file = join(directory.path, 'variables.json');
  await writeFile(file, JSON.stringify({ ...packerVariables(order, facts), ...variables }));
  await validate(program, file, signal);
}

const CASES: Readonly<Record<string, Case>> = {
  'Debian 12 on x86_64': {},
  'Debian 13 on arm64': { words: ['--debian', '13', '--architecture', 'arm64'] },
  'an image of one’s own, with everything else': {
    words: [
      ...['--ami', 'ami-0a1b2c3d', '--subnet', 'subnet-0a1b2c3d', '--ssh-interface', 'private_ip'],
      ...['--iam-instance-profile', 'bake', '--ssh-source', '10.0.0.0/8', '--ssh-user', 'debian'],
      ...['--kmskey', 'alias/images', '--version', '2.0', '--instancetype', 'm5.large'],
    ],
  },
  'another EC2 than AWS’s': {
    words: ['--subnet', 'subnet-0a1b2c3d'],
    endpoint: { url: 'http://127.0.0.1:1', ofOtherCloud: true },
  },
};

for (const [what, one] of Object.entries(CASES)) {
  test(`packer validate: ${what}`, async (context) => {
    const program = found(context);
    if (program !== undefined) await validated(program, one);
  });
}

test('packer validate: a variable that does not exist, and a device without a name', async (context) => {
  const program = found(context);
  if (program === undefined) return;
  const refused = (variables: Readonly<Record<string, unknown>>, sentence: RegExp) =>
    assert.rejects(validated(program, { variables }), (error: unknown) => {
      assert.ok(error instanceof BakeError && error.code === 'BAD_INPUT', String(error));
      assert.match(error.message, sentence);
      return true;
    });
  await refused({ root_device: '' }, /device_name/);
  await refused({ image_name: 'no' }, /ami_name/);
});

test('the scripts are scripts', async () => {
  for (const file of readdirSync(join(AMI, 'scripts'))) await runProgram('bash', ['-n', join(AMI, 'scripts', file)]);
});

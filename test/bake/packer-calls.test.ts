// SPDX-License-Identifier: Apache-2.0
/**
 * The real Packer against the local AWS, with the real source and without anything done on the instance: that the calls
 * that a bake makes are what the documented policy allows, and the policy no more than they need.
 */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { builderPolicy } from '../../bake/builder-policy.ts';
import { BakeError } from '../../bake/errors.ts';
import { findPacker, type PackerProgram } from '../../bake/packer-program.ts';
import { unneededParts, unusedActions } from '../cloud/least-privilege.ts';
import { knownActions, readPolicy } from '../cloud/policies.ts';
import { scriptTerminal } from '../support/script-terminal.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { Bakery } from './support.ts';

const AMI = resolve(import.meta.dirname, '../../ami');

/** What of the policy no bake of this test can need, by the reason. */
const BEYOND_THIS_TEST: Readonly<Record<string, readonly string[]>> = {
  'Plugin 1.8 asks for the default VPC when it is told of a public address and of no subnet': ['ec2:DescribeVpcs'],
  'Packer asks AWS alone whether there is such a region': ['ec2:DescribeRegions'],
};

let directory: TemporaryDirectory;
let bakery: Bakery;
let packer: PackerProgram | undefined;
let why = '';

before(async () => {
  directory = await temporaryDirectory();
  bakery = await Bakery.open(directory.path, builderPolicy());
  try {
    packer = await findPacker('packer', scriptTerminal(), new AbortController().signal);
  } catch (error) {
    if (!(error instanceof BakeError)) throw error;
    why = `${error.message} ${error.next}`;
  }
});
after(async () => {
  await bakery[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

/** A template that has the real source, but for how to log in, and a build that does nothing. */
async function templateWithoutInstance({ edition }: PackerProgram): Promise<string> {
  const template = join(directory.path, 'template');
  await mkdir(template);
  await symlink(join(AMI, 'variables.pkr.hcl'), join(template, 'variables.pkr.hcl'));
  const source = await readFile(join(AMI, edition, 'source.pkr.hcl'), 'utf8');
  const silent = source.replace(/^ {2}ssh_.*\n/gm, '').replace(/^( {2}subnet_id .*\n)/m, '$1  communicator = "none"\n');
  assert.match(silent, /communicator/);
  await writeFile(join(template, 'source.pkr.hcl'), silent);
  const build = await readFile(join(AMI, 'build.pkr.hcl'), 'utf8');
  const nothing = build.replace(/^ {2}(#.*\n {2})*provisioner [\s\S]*?\n {2}\}\n\n/gm, '');
  assert.doesNotMatch(nothing, /provisioner "/);
  assert.match(nothing, /post-processor "manifest"/);
  await writeFile(join(template, 'build.pkr.hcl'), nothing);
  return template;
}

/** Packer itself, which builds this template whatever it is told. */
async function packerOf(template: string, { program }: PackerProgram): Promise<string> {
  const path = join(directory.path, 'packer');
  const script = [
    '#!/bin/bash',
    'export AWS_ACCESS_KEY_ID=AKIADEPLOYDEPLOYER AWS_SECRET_ACCESS_KEY=not-checked',
    // The template is the last word.
    `[[ $1 == version ]] || set -- "\${@:1:$#-1}" '${template}'`,
    `exec '${program}' "$@"`,
  ];
  await writeFile(path, `${script.join('\n')}\n`);
  await chmod(path, 0o755);
  return path;
}

function ofThePerson() {
  return bakery.local.cloud.accessRecord
    .list()
    .filter(({ principal }) => principal.identityArn.endsWith('user/deployer'));
}

test('a bake makes an encrypted image with its tags, and needs the whole policy', async (context) => {
  if (packer === undefined) return context.skip(why);
  const program = await packerOf(await templateWithoutInstance(packer), packer);
  const { done } = await bakery.bake(program);
  const { imageId, imageName } = await done;
  const image = await bakery.image(imageId);
  assert.equal(image?.Name, imageName);
  assert.equal(image?.ImdsSupport, 'v2.0');
  assert.equal(image?.BlockDeviceMappings?.[0]?.Ebs?.Encrypted, true);
  const tags = Object.fromEntries((image?.Tags ?? []).map(({ Key = '', Value }) => [Key, Value]));
  assert.equal(tags.source_image, bakery.sourceImage);
  assert.deepEqual(
    Object.keys(tags).sort(),
    [
      ...['Name', 'agent_version', 'architecture', 'bake', 'commit', 'debian', 'image_version'],
      ...['source_image', 'source_image_name', 'zookeeper_version'],
    ].sort(),
  );
  assert.deepEqual(
    ofThePerson().filter(({ allowed }) => !allowed),
    [],
  );

  // Without a subnet EC2 itself puts the instance into a default one, which gives it a public address.
  const { done: elsewhere } = await bakery.bake(program, [], undefined, ['--ssh-interface', 'public_ip']);
  assert.equal((await elsewhere).action, 'baked');
  const launch = bakery.local.cloud.calls
    .list({})
    .filter(({ action }) => action === 'RunInstances')
    .at(-1);
  assert.equal(launch?.caller, 'deployer');

  // What one version of Packer alone does, or only a failure needs, is done by such a bake.
  await (await bakery.bake(await bakery.fake('does what plugin 1.8 does'))).done;
  const killed = await bakery.bake(await bakery.fake('is killed with everything there'));
  await assert.rejects(killed.done, /SIGKILL/);
  const inForce = { identity: [readPolicy('deployer', 'identity', builderPolicy())] };
  const record = ofThePerson();
  assert.equal(bakery.local.cloud.accessRecord.dropped, 0, 'The record is whole.');
  const excused = Object.values(BEYOND_THIS_TEST).flat();
  const unneeded = unneededParts(record, inForce).map(({ statement, text }) => ({ statement, text }));
  assert.deepEqual(
    unneeded.filter(({ text }) => !excused.includes(text)),
    [],
  );
  assert.deepEqual(
    unusedActions(record, inForce, knownActions().keys()).filter((action) => !excused.includes(action)),
    [],
  );
});

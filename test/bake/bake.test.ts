// SPDX-License-Identifier: Apache-2.0
/**
 * Bakes against the local AWS, by a person with exactly the documented policy and a Packer that misbehaves on purpose.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import {
  CreateSubnetCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  ModifySubnetAttributeCommand,
} from '@aws-sdk/client-ec2';
import { builderPolicy } from '../../bake/builder-policy.ts';
import { type BakeCode, BakeError } from '../../bake/errors.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { Bakery, whatCosts } from './support.ts';

let directory: TemporaryDirectory;
let bakery: Bakery;
/** What the account has while nobody bakes. */
let idle: readonly string[];

before(async () => {
  directory = await temporaryDirectory();
  bakery = await Bakery.open(directory.path, builderPolicy());
  idle = await everything();
});
after(async () => {
  await bakery[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});
afterEach(() => {
  bakery.local.cloud.faults.clear();
});

const everything = (): Promise<readonly string[]> => whatCosts(bakery.local.operator.ec2);

const ec2 = (): EC2Client => bakery.local.operator.ec2;

const output = (name: string) => join(directory.path, name);

async function failing(behaviour: string, code: BakeCode, ...sentences: readonly RegExp[]): Promise<string> {
  const { done } = await bakery.bake(await bakery.fake(behaviour));
  const error = await done.then(
    () => assert.fail('it baked'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof BakeError, String(error));
  assert.equal(error.code, code, error.message);
  for (const sentence of sentences) assert.match(`${error.message}\n${error.next}`, sentence);
  assert.deepEqual(await everything(), idle);
  assert.ok(!existsSync(output('ami-id')));
  return error.message;
}

async function fails(behaviour: string, code: BakeCode, ...sentences: readonly RegExp[]): Promise<void> {
  await failing(behaviour, code, ...sentences);
}

test('a dry run launches nothing', async () => {
  const { done, terminal } = await bakery.bake(await bakery.fake('names no image'), ['--dry-run']);
  const { action, imageName } = await done;
  assert.equal(action, 'would bake');
  assert.match(imageName, /^zookeeper-3\.9\.5-\d+\.\d+\.\d+-debian-12-x86_64-\d{8}T\d{6}$/);
  assert.match(terminal.text, /nothing was launched/);
  assert.deepEqual(await everything(), idle);
});

test('the first cause in words: what AWS denied, not what failed later', async () => {
  const first = /Error launching source instance: UnauthorizedOperation/;
  const message = await failing('may not launch', 'AWS_DENIED', first, /docs\/building\.md/);
  assert.doesNotMatch(message, /something else|status code/);
});

test('no image of Debian', () => fails('finds no image', 'BAD_INPUT', /No AMI was found/, /--debian/));

test('an instance that runs another system than Debian', async () => {
  await fails('is on another system', 'BAD_INPUT', /default runs Ubuntu 24\.04 .*Give an instance of Debian/, /--ami/);
  // These words are the playbook's own.
  const playbook = readFileSync(join(import.meta.dirname, '../../ansible/playbook.yml'), 'utf8');
  assert.match(playbook, /Give an instance of Debian 12 or 13 on x86_64 or arm64/);
});

test('a wrong checksum on the instance', () =>
  fails(
    'fails in ansible',
    'WRONG_CHECKSUM',
    /task "zookeeper : Fetch the archive" failed: The checksum .*\nit was 11/,
  ));

test('a disk that runs full on the instance', () =>
  fails('runs full', 'DISK_FULL', /task "base : Install packages" failed: .*No space left/, /--volumesize/));

test('a disk on which apt finds too little room', () =>
  fails(
    'has no room for packages',
    'DISK_FULL',
    /task "base : Install packages" failed: .*free space/,
    /--volumesize/,
  ));

test('an image that is not right', () =>
  fails(
    'fails in a script',
    'BAKE_FAILED',
    /^The bake failed: check-image\.sh: The image is not right: zk-bootstrap\.service is disabled\nCorrect/,
  ));

test('a Packer that names no image', () => fails('names no image', 'BAKE_FAILED', /names no image/));

test('a Packer that is killed: all that it made is removed', async () => {
  const message = await failing('is killed with everything there', 'BAKE_FAILED', /Packer was ended by SIGKILL/);
  assert.doesNotMatch(message, /could not be removed/);
});

test('an image that is not encrypted is removed again', () =>
  fails('makes an open image', 'BAKE_FAILED', /\/dev\/sda1 is not encrypted/));

test('what can not be removed is named', async () => {
  bakery.local.cloud.faults.add({ kind: 'error', action: 'DeregisterImage', seconds: 600 });
  const { done } = await bakery.bake(await bakery.fake('is killed with everything there'));
  const error = await done.catch((reason: unknown) => reason);
  assert.ok(error instanceof BakeError);
  assert.equal(error.code, 'LEFTOVERS_REMAIN');
  assert.match(error.message, /Packer was ended by SIGKILL[\s\S]*look for the tag bake=zk-bake-/);
  bakery.local.cloud.faults.clear();
});

test('interrupted, it waits until Packer has cleaned up', async () => {
  const interrupt = new AbortController();
  const { done, terminal } = await bakery.bake(await bakery.fake('cleans up when told to end'), [], interrupt.signal);
  const interrupted = assert.rejects(done, /by hand/);
  for (let looks = 0; !terminal.text.includes('Provisioning') && looks < 400; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  interrupt.abort(new BakeError('INTERRUPTED', 'Interrupted by hand.', 'Run it again.'));
  await interrupted;
  assert.match(terminal.text, /Packer is told to end[\s\S]*Cleaning up/);
});

/** Words of the command line for an instance that no subnet is named for, at this address. */
const inDefaultVpc = (sshInterface: string) => ['--ssh-interface', sshInterface];

test('subnets that do not fit, and a type that is not offered there, are told beforehand', async () => {
  const { Subnets = [] } = await ec2().send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
  );
  const SubnetId = Subnets[0]?.SubnetId;
  const open = (Value: boolean) =>
    ec2().send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value } }));
  const before = await everything();
  const refused = async (place: readonly string[], sentence: RegExp) => {
    const { done } = await bakery.bake(await bakery.fake('names no image'), [], undefined, place);
    await assert.rejects(done, (error: unknown) => {
      assert.ok(error instanceof BakeError && error.code === 'BAD_INPUT', String(error));
      assert.match(error.message, sentence);
      return true;
    });
  };
  await open(false);
  try {
    await refused(inDefaultVpc('public_ip'), new RegExp(`${SubnetId} gives no public address.*--subnet`));
  } finally {
    await open(true);
  }
  const inE = Subnets.find(({ AvailabilityZone }) => AvailabilityZone === 'us-east-1e')?.SubnetId ?? '';
  await refused(
    ['--subnet', inE],
    new RegExp(`t3.small .* is not offered in us-east-1e, the zone of ${inE}: .*--subnet`),
  );
  const { Subnet: second } = await ec2().send(
    new CreateSubnetCommand({ VpcId: Subnets[0]?.VpcId, Ipv6Native: true, Ipv6CidrBlock: '2001:db8:1234:1a00::/64' }),
  );
  await refused(
    ['--subnet', second?.SubnetId ?? ''],
    new RegExp(`${second?.SubnetId} \\(--subnet\\) has IPv6 addresses alone`),
  );
  assert.deepEqual(await everything(), before);
});

test('an image that is right: IMDSv2 alone, encrypted, known to deploy.sh', async () => {
  const { done } = await bakery.bake(await bakery.fake('makes an image'));
  const { action, imageId } = await done;
  assert.equal(action, 'baked');
  assert.equal(readFileSync(output('ami-id'), 'utf8'), `${imageId}\n`);
  assert.match(readFileSync(output('image-manifest.json'), 'utf8'), new RegExp(`:${imageId}"`));
  const image = await bakery.image(imageId);
  assert.equal(image?.ImdsSupport, 'v2.0');
  assert.equal(image?.BlockDeviceMappings?.[0]?.Ebs?.Encrypted, true);
  const calls = bakery.local.cloud.calls.list({}).filter(({ caller }) => caller === 'deployer');
  const demanded = calls.findIndex(({ action: name }) => name === 'ModifyInstanceMetadataOptions');
  assert.ok(demanded > calls.findIndex(({ action: name }) => name === 'RunInstances'));
});

for (const sshInterface of ['public_ip', 'private_ip']) {
  test(`without a subnet the instance is in the default VPC, and reached at its ${sshInterface}`, async () => {
    const packer = await bakery.fake('does what plugin 1.8 does');
    const { done } = await bakery.bake(packer, [], undefined, inDefaultVpc(sshInterface));
    assert.equal((await done).action, 'baked');
  });
}

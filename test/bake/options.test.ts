// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { BakeError } from '../../bake/errors.ts';
import { readOrder } from '../../bake/options.ts';
import { bakeIdOf, endpointOf, imageNameOf } from '../../bake/plan.ts';

const ARCHIVE = ['--zookeeper-archive', 'archive.tar.gz'];

function order(...words: readonly string[]) {
  return readOrder(words, () => {});
}

function baking(...words: readonly string[]) {
  const read = order(...ARCHIVE, ...words);
  assert.equal(read.kind, 'bake');
  return read as Extract<typeof read, { kind: 'bake' }>;
}

function refused(words: readonly string[], ...sentences: readonly RegExp[]): void {
  assert.throws(
    () => order(...words),
    (error: unknown) => {
      assert.ok(error instanceof BakeError && error.code === 'BAD_INPUT', String(error));
      const lines = error.message.split('\n');
      assert.equal(lines.length, sentences.length, error.message);
      for (const sentence of sentences) assert.match(error.message, sentence);
      return true;
    },
  );
}

test('without flags: Debian 12 on x86_64, reached at its public address', () => {
  const { architecture, debian, instanceType, sshInterface, sshSources, volumeGib, dryRun, json } = baking();
  assert.deepEqual(
    { architecture, debian, instanceType, sshInterface, sshSources, volumeGib, dryRun, json },
    {
      ...{ architecture: 'x86_64', debian: '12', instanceType: 't3.small', sshInterface: 'public_ip' },
      ...{ sshSources: ['0.0.0.0/0'], volumeGib: 8, dryRun: false, json: false },
    },
  );
});

test('the instance type follows the architecture', () => {
  assert.equal(baking('--architecture', 'arm64').instanceType, 't4g.small');
  assert.equal(baking('--architecture', 'arm64', '--instancetype', 'c7g.large').instanceType, 'c7g.large');
});

test('at its private address the instance is reached from private networks', () => {
  assert.ok(!baking('--ssh-interface', 'private_ip').sshSources.includes('0.0.0.0/0'));
  const own = baking('--ssh-interface', 'private_ip', '--ssh-source', '10.1.0.0/16', '10.2.0.0/16');
  assert.deepEqual(own.sshSources, ['10.1.0.0/16', '10.2.0.0/16']);
});

test('--version is the image’s, not that of build.sh', () => {
  assert.equal(baking('--version', '2.0.0-rc1').version, '2.0.0-rc1');
  assert.equal(baking().version, undefined);
});

test('the name of an image fits EC2’s limit whatever it is made of', () => {
  const version = 'v'.repeat(32);
  const name = imageNameOf({ version, atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }, baking('--version', version));
  assert.match(name, /^zookeeper-3\.9\.5-v+-debian-12-x86_64-20260102T030405$/);
  assert.ok(name.length <= 128);
  assert.equal(bakeIdOf(Date.UTC(2026, 0, 2, 3, 4, 5), 'a1b2c3'), 'zk-bake-20260102T030405-a1b2c3');
});

test('an endpoint of AWS’s own is told from another cloud’s', () => {
  const other = (url: string) => endpointOf({ AWS_ENDPOINT_URL: url })?.ofOtherCloud;
  assert.equal(endpointOf({}), undefined);
  assert.equal(other('https://vpce-0a1b.ec2.eu-west-1.vpce.amazonaws.com'), false);
  assert.equal(other('https://ec2.cn-north-1.amazonaws.com.cn/'), false);
  assert.equal(other('http://10.77.0.1:4566'), true);
  assert.equal(other('https://amazonaws.com.example'), true);
  const both = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_EC2: 'http://127.0.0.1:2' };
  assert.equal(endpointOf(both)?.url, 'http://127.0.0.1:2');
});

test('--agent-only and --policy need nothing else', () => {
  assert.equal(order('--agent-only').kind, 'agent');
  assert.equal(order('--policy').kind, 'policy');
});

test('everything that is wrong is said at once', () => {
  refused(
    [
      '--ami',
      'x',
      '--subnet',
      'y',
      '--volumesize',
      '2',
      '--poll-seconds',
      '0',
      '--ssh-source',
      'all',
      '--version',
      '.x',
    ],
    ...[/--ami x/, /--subnet y/, /--volumesize/, /--poll-seconds/, /--ssh-source all/, /--version \.x/],
    /--zookeeper-archive is missing/,
  );
  refused([...ARCHIVE, '--instancetype', 'm7g.large'], /runs arm64, and the image is for x86_64/);
  refused([...ARCHIVE, '--ami', 'ami-0a1b2c3d', '--ami', 'ami-1a1b2c3d'], /--ami is given more than once/);
  refused([...ARCHIVE, '--debian', '11'], /Invalid values/, /debian, Given: "11"/);
  refused([...ARCHIVE, '--nonsense'], /nonsense/);
});

test('the settings block of build.sh names options that exist', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../build.sh'), 'utf8');
  const lines = /settings=\(\n([\s\S]*?)\n\)/.exec(text)?.[1]?.split('\n') ?? [];
  assert.ok(lines.length > 5);
  const words = lines.flatMap((line) =>
    line
      .replace(/^\s*# /, '')
      .replace(/\s#.*$/, '')
      .trim()
      .split(/\s+/),
  );
  const values = words.map((word) => word.replace('0123…', 'a'.repeat(128)));
  assert.equal(order(...values).kind, 'bake');
});

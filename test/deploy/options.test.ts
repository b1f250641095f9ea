// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../deploy/errors.ts';
import { readOrder } from '../../deploy/options.ts';

const WHOLE = [
  ...['--stackname', 'orders', '--vpcid', 'vpc-0a1b2c3d'],
  ...['--subnets', 'subnet-0a1b2c3d', 'subnet-1a1b2c3d', 'subnet-2a1b2c3d'],
];
const noImage = { image: () => undefined };

test('a deployment with all that it needs', () => {
  const order = readOrder([...WHOLE, '--ami', 'ami-0a1b2c3d', '--yes', '--region', 'eu-west-1'], noImage);
  assert.ok(order.kind === 'deploy');
  assert.equal(order.template.stackName, 'orders');
  assert.equal(order.template.presentHosts, 3);
  assert.deepEqual([order.yes, order.dryRun, order.lint, order.json], [true, false, true, false]);
  assert.deepEqual([order.region, order.profile, order.pollMs], ['eu-west-1', undefined, 2_000]);
});

test('the image that was built here last is the default', () => {
  const order = readOrder(WHOLE, { image: () => 'ami-99999999' });
  assert.ok(order.kind === 'deploy');
  assert.equal(order.template.imageId, 'ami-99999999');
  assert.throws(() => readOrder(WHOLE, noImage), {
    code: 'BAD_INPUT',
    message: /--ami is missing/,
    next: /dist\/ami-id/,
  });
});

test('settings become lines of agent.env', () => {
  const order = readOrder([
    ...WHOLE,
    '--ami',
    'ami-0a1b2c3d',
    '--setting',
    'TIMINGS=lab',
    '--setting',
    'INIT_LIMIT=50',
  ]);
  assert.ok(order.kind === 'deploy');
  assert.deepEqual({ ...order.template.settings }, { INIT_LIMIT: '50', TIMINGS: 'lab' });
});

test('everything that is wrong is said at once', () => {
  const words = ['--stackname', 'orders', '--numhosts', '4', '--vpcid', 'here', '--subnets', 'a', 'b', '--ami', 'mine'];
  assert.throws(
    () => readOrder(words),
    (error: Error) => {
      const lines = error.message.split('\n');
      for (const flag of ['--numhosts', '--vpcid', '--subnets', '--ami']) {
        assert.ok(
          lines.some((line) => line.startsWith(flag)),
          flag,
        );
      }
      return true;
    },
  );
});

test('each wrong word has its sentence', () => {
  const wrong = (words: readonly string[], message: RegExp) =>
    assert.throws(() => readOrder([...WHOLE, '--ami', 'ami-0a1b2c3d', ...words]), { code: 'BAD_INPUT', message });
  wrong(['--numhosts', '0'], /--numhosts 0/);
  wrong(['--numhosts', '4'], /--numhosts 4 is even/);
  wrong(['--clientsource', '10.0.0.0/99'], /10\.0\.0\.0\/99/);
  wrong(['--sshsource', '300.0.0.0/8', '--keyname', 'k'], /300\.0\.0\.0\/8/);
  wrong(['--with-data'], /--with-data/);
  wrong(['--poll-seconds', '0'], /--poll-seconds/);
  wrong(['--region', 'a', '--region', 'b'], /--region/);
  wrong(['--nonsense'], /nonsense/);
});

test('deleting needs the name of the stack alone', () => {
  const order = readOrder(['--delete', '--stackname', 'orders', '--yes', '--with-data'], noImage);
  assert.ok(order.kind === 'delete');
  assert.deepEqual([order.stackName, order.yes, order.withData, order.dryRun], ['orders', true, true, false]);
  assert.throws(() => readOrder(['--delete'], noImage), { code: 'BAD_INPUT', message: /--stackname/ });
  assert.throws(() => readOrder(['--delete', '--stackname', 'a b'], noImage), { code: 'BAD_INPUT' });
});

test('every exit code is documented in --help', () => {
  let help = '';
  const order = readOrder(['--help'], {
    print: (text) => {
      help = text;
    },
  });
  assert.equal(order.kind, 'help');
  for (const code of new Set(Object.values(EXIT_CODES))) assert.match(help, new RegExp(`\\b${code} `));
});

test('deploy.sh hands wrong input back with exit code 2, and as JSON where it is asked for', () => {
  const program = resolve(import.meta.dirname, '../../deploy/main.ts');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, '--', ...WHOLE, '--numhosts', '2', '--json'],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(status, EXIT_CODES.BAD_INPUT);
  assert.match(stderr, /^BAD_INPUT: /);
  assert.equal(JSON.parse(stdout).error.code, 'BAD_INPUT');
});

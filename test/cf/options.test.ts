// SPDX-License-Identifier: Apache-2.0
/** What is refused without asking AWS, each with its sentence, and what the answers become. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templateOptions } from '../../cf/options.ts';
import { IDENTITY_MODES } from '../../cf/template-options.ts';
import { AgentError } from '../../src/errors.ts';
import { optionsOf } from './combinations.ts';
import { parseArguments, parseOptions } from './parse-options.ts';

const SUBNETS = ['subnet-0aaaaaaa', 'subnet-0bbbbbbb', 'subnet-0ccccccc'];

function refusal(words: readonly string[]): string {
  try {
    parseOptions(words);
  } catch (error) {
    assert.ok(error instanceof AgentError, String(error));
    assert.equal(error.code, 'BAD_ARGUMENT');
    assert.ok(error.next.length > 0);
    return error.message;
  }
  assert.fail(`${words.join(' ')} was not refused`);
}

/** Words beside the needed ones, and the whole of what is said to them. */
const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [['--stackname', '9lives'], /^--stackname 9lives: A letter, then letters/],
  [['--stackname', 'a'.repeat(41)], /^--stackname a+: .* at most 40\.$/],
  [['--vpcid', 'vpc-xyz'], /^--vpcid vpc-xyz: The id of a VPC/],
  [['--subnets', 'subnet-0aaaaaaa'], /^--subnets names 1: three are needed/],
  [['--subnets', ...SUBNETS, 'subnet-0ddddddd'], /^--subnets names 4: three are needed/],
  [['--subnets', 'subnet-0aaaaaaa', 'subnet-0aaaaaaa', 'subnet-0bbbbbbb'], /^--subnets names subnet-0aaaaaaa twice/],
  [['--subnets', 'subnet-0aaaaaaa', 'subnet-0bbbbbbb', 'vpc-0ccccccc'], /^--subnets vpc-0ccccccc: The id of a subnet/],
  [['--ami', 'debian-12'], /^--ami debian-12: The id of an image/],
  [['--keyname', 'schlüssel'], /^--keyname schlüssel: .* ASCII/],
  [['--numhosts', '0'], /^--numhosts 0: An odd number from 1 to 31\.$/],
  [['--numhosts', '4'], /^--numhosts 4 is even: 4 nodes survive no more failures than 3\. Take 3 or 5\.$/],
  [['--numhosts', '-3'], /^--numhosts -3: An odd number/],
  [['--numhosts', '33'], /^--numhosts 33: An odd number/],
  [['--numhosts', '3.5'], /^--numhosts 3\.5: An odd number/],
  [['--numhosts', 'three'], /^--numhosts is no number: An odd number/],
  [['--numhosts', '5', '--maxhosts', '3'], /^--maxhosts 3 is less than --numhosts 5\.$/],
  [['--maxhosts', '101'], /^--maxhosts 101: A whole number from 1 to 100\.$/],
  [
    ['--keyname', 'k', '--sshsource', '10.0.0.1/8'],
    /^--sshsource 10\.0\.0\.1\/8 is an address inside of .*10\.0\.0\.0\/8/,
  ],
  [['--keyname', 'k', '--sshsource', '10.0.0.0'], /^--sshsource 10\.0\.0\.0 is no network in CIDR notation/],
  [['--keyname', 'k', '--sshsource', '10.0.256.0/24'], /^--sshsource 10\.0\.256\.0\/24 has a part above 255\.$/],
  [
    ['--keyname', 'k', '--sshsource', '10.0.0.0/33'],
    /^--sshsource 10\.0\.0\.0\/33 has a prefix longer than 32 bits\.$/,
  ],
  [['--keyname', 'k', '--sshsource', '0.0.0.0/0'], /^--sshsource 0\.0\.0\.0\/0 is the whole internet/],
  [['--keyname', 'k', '--sshsource', 'sg-12'], /^--sshsource sg-12: The id of a security group/],
  [['--keyname', 'k', '--sshsource', '2001:db8::/32'], /^--sshsource 2001:db8::\/32 is no network in CIDR notation/],
  [['--sshsource', '10.0.0.0/8'], /^--sshsource opens SSH, which needs a key/],
  [['--clientsource', '10.0.0.0/8', 'everybody'], /^--clientsource everybody is no network/],
  [['--clientsource', '10.0.0.0/8', '10.0.0.0/8'], /^--clientsource names 10\.0\.0\.0\/8 twice\.$/],
  [['--instancerole', 'arn:aws:iam::123456789012:role/x'], /^--instancerole arn:.*not its ARN/],
  [['--addresses', '3'], /^--addresses 3: only --mode elastic-ip has addresses\.$/],
  [['--mode', 'elastic-ip', '--addresses', '2'], /^--addresses 2 is less than --numhosts 3: each node needs one\.$/],
  [['--mode', 'elastic-ip', '--addresses', '16'], /^--addresses 16: A whole number from 2 to 15\.$/],
  [['--mode', 'elastic-ip', '--addresses', 'x'], /^--addresses is no number/],
  [['--mode', 'elastic-ip', '--numhosts', '17'], /^--numhosts 17: --mode elastic-ip has room for 15 addresses\.$/],
  [['--mode', 'elastic-ip', '--maxhosts', '5'], /^--maxhosts is not for --mode elastic-ip/],
  [['--tag', 'myid=1'], /^--tag myid=1: the stack sets myid itself\.$/],
  [['--setting', 'MODE=elastic-ip'], /^--setting MODE=elastic-ip: the stack sets MODE itself\.$/],
  [['--mode', 'network-interface'], /^--mode network-interface is not built yet/],
  [['--mode', 'static'], /^--mode static: there is no such mode/],
  [['--instancetype', 'big'], /^--instancetype big: An instance type such as/],
  [['--instancetype', 'm7g.large'], /^--instancetype m7g\.large is of the architecture arm64, the image of x86_64/],
  [
    ['--architecture', 'arm64', '--instancetype', 't3.small'],
    /^--instancetype t3\.small is of the architecture x86_64/,
  ],
  [['--instancetype', 'mac2.metal'], /^--instancetype mac2\.metal: no image of x86_64 or arm64 runs on it\.$/],
  [['--volumesize', '7'], /^--volumesize 7: A whole number from 8 to 16384\.$/],
  [['--volumetype', 'io2'], /^--volumetype io2 needs --volumeiops\.$/],
  [['--volumeiops', '200'], /^--volumeiops 200: A whole number from 3000 to 16000\.$/],
  [['--rootdevice', 'xvda'], /^--rootdevice xvda: The name of a device/],
  [['--environment', '(dev)'], /^--environment \(dev\): Up to 64 letters/],
  [['--tag', 'team'], /^--tag team: KEY=VALUE is meant\.$/],
  [['--tag', 'aws:team=x'], /^--tag aws:team=x: A tag key: .*not beginning with aws:/],
  [['--tag', 'team =x'], /^--tag team =x: A tag key/],
  [['--tag', 'te*am=x'], /^--tag te\*am=x: A tag key/],
  [['--tag', 'team=a*b'], /^--tag team=a\*b: A tag value/],
  [['--tag', 'Name=x'], /^--tag Name=x: the stack sets Name itself\.$/],
  [['--tag', 'zookeeper_maintenance=on'], /^--tag zookeeper_maintenance=on: the stack sets/],
  [['--tag', 'a=1', '--tag', 'a=2'], /^--tag sets a twice\.$/],
  [
    Array.from({ length: 31 }, (_, index) => ['--tag', `k${index}=v`]).flat(),
    /^--tag is given 31 times: at most 30\.$/,
  ],
  [['--setting', 'SYNC_LIMIT'], /^--setting SYNC_LIMIT: KEY=VALUE is meant\.$/],
  [['--setting', 'CLUSTER=x'], /^--setting CLUSTER=x: the stack sets CLUSTER itself\.$/],
  [['--setting', 'SYNC_LIMIT=many'], /^--setting: SYNC_LIMIT is "many"/],
  [['--setting', 'COLOUR=red'], /^--setting: .*COLOUR, which is no setting of the agent/],
  [['--setting', "DATA_DIR=/it's"], /^--setting DATA_DIR: a value can't hold a single quote/],
  [['--setting', `AWS_PROFILE=${'x'.repeat(12_000)}`], /^--setting: \d+ bytes in all are more than the 12000/],
  [['--logretention', '31'], /^--logretention 31: CloudWatch Logs keeps 1, 3, 5/],
  [['--creationtimeout', '30'], /^--creationtimeout 30: A duration such as PT30M/],
  [['--creationtimeout', 'PT'], /^--creationtimeout PT: A duration/],
  [['--creationtimeout', 'PT13H'], /^--creationtimeout PT13H: CloudFormation waits at most PT12H\.$/],
  [['--updatetimeout', 'PT61M'], /^--updatetimeout PT61M: CloudFormation waits at most PT1H for each node\.$/],
  [['--launchheartbeat', '29'], /^--launchheartbeat 29: A whole number from 30 to 7200\.$/],
  [['--launchheartbeat', '119'], /^--launchheartbeat 119: a node that waits says so every 60 s; at least 120\.$/],
  [['--terminateheartbeat', '7201'], /^--terminateheartbeat 7201: A whole number from 30 to 7200\.$/],
  [['--sshsauce', '10.0.0.0/8'], /^Unknown option: --sshsauce\. Did you mean --sshsource\?$/],
];

const NEEDED = ['--stackname', 'orders', '--vpcid', 'vpc-0aaaaaaa', '--ami', 'ami-0aaaaaaa'];

for (const [words, sentence] of REFUSED) {
  const named = words.join(' ');
  test(`refused: ${named.slice(0, 90)}`, () => {
    const given = new Set(words.filter((word) => word.startsWith('--')));
    const needed = [...NEEDED.entries()].flatMap(([at, word]) =>
      given.has(NEEDED[at - (at % 2)] ?? '') ? [] : [word],
    );
    const subnets = given.has('--subnets') ? [] : ['--subnets', ...SUBNETS];
    assert.match(refusal([...needed, ...subnets, ...words]), sentence);
  });
}

test('everything that is wrong is said at once', () => {
  const said = refusal(['--numhosts', '2', '--mode', 'static']).split('\n');
  const about = said.map((sentence) => sentence.split(/[ :]/)[0]);
  assert.deepEqual(about, ['--stackname', '--vpcid', '--subnets', '--ami', '--mode', '--numhosts']);
});

test('the mode that is given is the mode of the template, whatever modes there are', () => {
  for (const mode of IDENTITY_MODES) assert.equal(optionsOf('--mode', mode).mode, mode);
  assert.equal(optionsOf().mode, 'dynamic');
});

test('defaults', () => {
  const options = optionsOf();
  assert.deepEqual(
    [options.hosts, options.presentHosts, options.mostHosts, options.instanceType, options.architecture],
    [3, 3, 7, 't3.small', 'x86_64'],
  );
  assert.equal(optionsOf('--architecture', 'arm64').instanceType, 't4g.small');
  assert.equal(optionsOf('--numhosts', '1').mostHosts, 3);
});

test('what is empty counts as not given, as a settings block of a shell leaves it', () => {
  const options = optionsOf(
    '--keyname',
    '',
    '--sshsource',
    '',
    '--instancerole',
    '',
    '--maxhosts',
    '',
    '--instancetype=',
  );
  assert.deepEqual(options, optionsOf());
});

test('of an option given twice the last one counts', () => {
  const options = optionsOf('--numhosts', '3', '--numhosts', '5', '--monitoring', '--monitoring');
  assert.deepEqual([options.hosts, options.monitoring], [5, true]);
  assert.equal(optionsOf('--monitoring', '--no-monitoring').monitoring, false);
});

test('lists may be written with commas or blanks', () => {
  const words = ['--stackname', 'orders', '--vpcid', 'vpc-0aaaaaaa', '--ami', 'ami-0aaaaaaa'];
  const blanks = parseOptions([...words, '--subnets', ...SUBNETS]);
  assert.deepEqual(parseOptions([...words, '--subnets', SUBNETS.join(',')]), blanks);
  assert.deepEqual(blanks.subnets, SUBNETS);
});

test('a value may hold an equals sign', () => {
  assert.deepEqual(optionsOf('--tag', 'a=b=c').tags, { a: 'b=c' });
  assert.deepEqual(optionsOf('--tag', 'acme/cost center=7').tags, { 'acme/cost center': '7' });
});

test('an update keeps the present size, even an even one, and leaves room for one more', () => {
  const words = ['--stackname', 'orders', '--vpcid', 'vpc-0aaaaaaa', '--ami', 'ami-0aaaaaaa', '--subnets', ...SUBNETS];
  const options = templateOptions(parseArguments(words), 8);
  assert.deepEqual([options.hosts, options.presentHosts, options.mostHosts], [3, 8, 8]);
});

test('a template too large for CloudFormation is refused', () => {
  const tags = Array.from({ length: 30 }, (_, index) => ['--tag', `key${index}=${'x'.repeat(250)}`]).flat();
  assert.throws(() => optionsOf(...tags), /The template has \d+ bytes, and CloudFormation takes 51200/);
});

// SPDX-License-Identifier: Apache-2.0
/** What the options name is held against AWS before anything is created; everything wrong is said at once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DescribeImagesCommand,
} from '@aws-sdk/client-ec2';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreateHostedZoneCommand } from '@aws-sdk/client-route-53';
import { templateOptions } from '../../cf/options.ts';
import { checkedInput } from '../../deploy/check/check.ts';
import { deploy } from '../../deploy/deploy.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { LocalAws } from '../cloud/local-aws.ts';
import {
  clientsOf,
  deployer,
  giveWayOut,
  makeAccount,
  makeImage,
  optionsFor,
  type TestAccount,
} from './support/account.ts';

let local: LocalAws;
let account: TestAccount;
let aws: AwsClients;

before(async () => {
  local = await LocalAws.start();
  account = await makeAccount(local);
  aws = clientsOf(local, 'operator');
});

after(async () => {
  aws[Symbol.dispose]();
  await local.close();
});

/** Runs a deployment that has to be refused, and checks that nothing but looks went out. */
async function refused(answers: Readonly<Record<string, unknown>>, ...sentences: readonly RegExp[]): Promise<void> {
  const sinceMs = Date.now();
  await assert.rejects(deploy(optionsFor(account, 'orders', answers), deployer(aws)), (error: Error) => {
    assert.ok('code' in error && error.code === 'BAD_INPUT', `${error.name}: ${error.message}`);
    const lines = error.message.split('\n');
    for (const sentence of sentences) assert.match(error.message, sentence);
    assert.equal(lines.length, sentences.length, error.message);
    return true;
  });
  const calls = local.cloud.calls.list({ sinceMs }).map(({ action }) => action);
  assert.ok(calls.length > 0);
  assert.deepEqual(
    calls.filter((action) => !/^(Describe|Get|List)/.test(action)),
    [],
  );
}

test('input that fits is completed with what the image tells', async () => {
  const imageId = await makeImage(local, '/dev/sda1');
  const options = optionsFor(account, 'orders', { ami: imageId, keyname: account.keyName });
  assert.equal((await checkedInput(deployer(aws), options.template)).rootDevice, '/dev/sda1');
});

test('a zone that does not exist, is called otherwise, or is not of the VPC', async () => {
  const make = async (Name: string, VPCId?: string): Promise<string> => {
    const VPC = { VPCId, VPCRegion: local.cloud.region as 'eu-west-1' };
    const command = new CreateHostedZoneCommand({ Name, CallerReference: local.name('zone'), VPC });
    return ((await local.operator.route53.send(command)).HostedZone?.Id ?? '').replace('/hostedzone/', '');
  };
  await refused({ zone: 'Z0123456789ABCDEFGHIJ:internal' }, /Z0123456789ABCDEFGHIJ \(--zone\) does not exist/);
  const own = await make('corp.internal', account.vpcId);
  await refused({ zone: `${own}:internal` }, /is called corp\.internal, not internal/);
  const { Vpc } = await local.operator.ec2.send(new CreateVpcCommand({ CidrBlock: '127.42.0.0/16' }));
  const elsewhere = await make('elsewhere.internal', Vpc?.VpcId);
  const { vpcId } = account;
  await refused({ zone: `${elsewhere}:elsewhere.internal` }, new RegExp(`no private zone of the VPC ${vpcId}`));
  const options = optionsFor(account, 'orders', { zone: `${own}:corp.internal` });
  assert.deepEqual((await checkedInput(deployer(aws), options.template)).zone, { id: own, name: 'corp.internal' });
});

test('a VPC that does not exist', async () => {
  await refused(
    { vpcid: 'vpc-0123456789abcdef0' },
    /VPC vpc-0123456789abcdef0 \(--vpcid\) does not exist/,
    ...account.subnets.map((subnet) => new RegExp(`${subnet} .*is in the VPC ${account.vpcId}, not in`)),
  );
});

test('a subnet that does not exist', async () => {
  const [first = '', second = ''] = account.subnets;
  await refused({ subnets: [first, second, 'subnet-0123456789abcdef0'] }, /subnet-0123456789abcdef0 .*does not exist/);
});

test('two subnets in one zone', async () => {
  const [first = '', second = ''] = account.subnets;
  await refused({ subnets: [first, second, account.fourthSubnet] }, /are both in .*a; each has to be in a zone/);
});

test('a subnet of another VPC', async () => {
  const { Vpc } = await local.operator.ec2.send(new CreateVpcCommand({ CidrBlock: '127.41.0.0/16' }));
  const { Subnet } = await local.operator.ec2.send(
    new CreateSubnetCommand({
      VpcId: Vpc?.VpcId,
      CidrBlock: '127.41.0.0/24',
      AvailabilityZone: `${local.cloud.region}c`,
    }),
  );
  const [first = '', second = ''] = account.subnets;
  await refused({ subnets: [first, second, Subnet?.SubnetId] }, new RegExp(`is in the VPC ${Vpc?.VpcId}, not in`));
});

test('a subnet that has IPv6 addresses alone', async () => {
  const { Subnet } = await local.operator.ec2.send(
    new CreateSubnetCommand({
      VpcId: account.vpcId,
      Ipv6Native: true,
      Ipv6CidrBlock: '2001:db8:1234:1a00::/64',
      AvailabilityZone: `${local.cloud.region}c`,
    }),
  );
  const [first = '', second = ''] = account.subnets;
  await refused({ subnets: [first, second, Subnet?.SubnetId] }, /has IPv6 addresses alone; the nodes need IPv4/);
});

test('a subnet without room for its share of the nodes', async () => {
  const { Subnet } = await local.operator.ec2.send(
    new CreateSubnetCommand({
      VpcId: account.vpcId,
      CidrBlock: '127.40.9.0/28',
      AvailabilityZone: `${local.cloud.region}c`,
    }),
  );
  const [first = '', second = ''] = account.subnets;
  const subnets = [first, second, Subnet?.SubnetId];
  await refused({ subnets, numhosts: 31 }, /has 11 free addresses; its share of the nodes needs 13/);
});

test('a key pair that does not exist', async () => {
  await refused({ keyname: 'nobodys' }, /key pair nobodys \(--keyname\) does not exist/);
});

test('an image that does not exist', async () => {
  await refused({ ami: 'ami-0123456789abcdef0' }, /image ami-0123456789abcdef0 \(--ami\) does not exist/);
});

test('an image of another architecture, or with another root device than the one that is named', async () => {
  // moto forgets the architecture of what it registers, but not that of the images it comes with.
  const { Images = [] } = await aws.ec2.send(
    new DescribeImagesCommand({ Filters: [{ Name: 'architecture', Values: ['x86_64'] }] }),
  );
  const image = Images.find(({ RootDeviceName }) => RootDeviceName === '/dev/sda1');
  await refused(
    { ami: image?.ImageId, architecture: 'arm64', rootdevice: '/dev/xvdz' },
    /is made for x86_64, not for arm64/,
    /names its root device \/dev\/sda1, not \/dev\/xvdz/,
  );
});

test('an instance type that does not exist', async () => {
  await refused({ instancetype: 't3.gigantic' }, /instance type t3\.gigantic \(--instancetype\) does not exist/);
});

test('sources that do not exist', async () => {
  await refused(
    {
      clientsource: ['sg-0123456789abcdef0', '10.0.0.0/16'],
      keyname: account.keyName,
      sshsource: 'sg-0123456789abcdef1',
    },
    /group sg-0123456789abcdef0 \(--clientsource\) does not exist/,
    /group sg-0123456789abcdef1 \(--sshsource\) does not exist/,
  );
});

test('a role that does not exist, or that no instance can take', async () => {
  await refused({ instancerole: 'nobodys' }, /role nobodys \(--instancerole\) does not exist/);
  const trust = (Service: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
    });
  const create = (RoleName: string, service: string) =>
    aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust(service) }));
  await create('for-functions', 'lambda.amazonaws.com');
  await refused({ instancerole: 'for-functions' }, /role for-functions .*does not name ec2\.amazonaws\.com/);
  await create('for-nodes', 'ec2.amazonaws.com');
  await checkedInput(deployer(aws), optionsFor(account, 'orders', { instancerole: 'for-nodes' }).template);
});

test('all of it together', async () => {
  await refused(
    { ami: 'ami-0123456789abcdef0', keyname: 'nobodys', instancerole: 'nobodys' },
    /--ami/,
    /--keyname/,
    /--instancerole/,
  );
});

test('private subnets without a way to AWS are pointed out, not refused', async () => {
  const context = deployer(aws);
  await checkedInput(context, optionsFor(account, 'orders').template);
  assert.match(
    context.terminal.text,
    /may not reach AWS: .* no endpoint for autoscaling, cloudformation, ec2, logs, s3/,
  );
  // With all endpoints they reach AWS, but no packages.
  const services = ['autoscaling', 'cloudformation', 'ec2', 'logs', 's3'];
  for (const service of services) {
    const ServiceName = `com.amazonaws.${local.cloud.region}.${service}`;
    const VpcEndpointType = service === 's3' ? 'Gateway' : 'Interface';
    await local.operator.ec2.send(
      new CreateVpcEndpointCommand({
        VpcId: account.vpcId,
        ServiceName,
        VpcEndpointType,
        SubnetIds: [...account.subnets],
      }),
    );
  }
  const withEndpoints = deployer(aws);
  await checkedInput(withEndpoints, optionsFor(account, 'orders').template);
  assert.match(withEndpoints.terminal.text, /by endpoints alone.* security updates do not install themselves there/);
  assert.doesNotMatch(withEndpoints.terminal.text, /may not reach AWS/);
  await giveWayOut(local, account);
  const later = deployer(aws);
  await checkedInput(later, optionsFor(account, 'orders').template);
  assert.equal(later.terminal.text, '');
});

test('an image of more than 60 days is pointed out, not refused', async () => {
  const options = optionsFor(account, 'orders').template;
  const inDays = (days: number) => () => Date.now() + days * 86_400_000;
  for (const [days, sentence] of [
    [59, /^((?!days old)[\s\S])*$/],
    [62, /The image ami-\w+ \(--ami\) is 6\d days old\..*\.\/build\.sh/],
  ] as const) {
    const context = deployer(aws, undefined, undefined, inDays(days));
    await checkedInput(context, options);
    assert.match(context.terminal.text, sentence);
  }
});

test('what can be told without AWS is told without AWS', () => {
  const wrong = (answers: Readonly<Record<string, unknown>>, message: RegExp) => {
    const { vpcId: vpcid, subnets, imageId: ami } = account;
    const all = { stackname: 'orders', vpcid, subnets: [...subnets], ami, ...answers };
    assert.throws(() => templateOptions(all), { code: 'BAD_ARGUMENT', message });
  };
  wrong({ numhosts: 0 }, /--numhosts 0/);
  wrong({ numhosts: 4 }, /--numhosts 4 is even/);
  wrong({ clientsource: ['10.0.0.1/33'] }, /10\.0\.0\.1\/33/);
  wrong({ subnets: ['subnet-0a1b2c3d', 'subnet-0a1b2c3d', 'subnet-1a1b2c3d'] }, /twice/);
});

// SPDX-License-Identifier: Apache-2.0
/** Deployments with Elastic IPs: what they need of the account, and what an update never does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  AllocateAddressCommand,
  CreateVpcEndpointCommand,
  DescribeAddressesCommand,
  ModifySubnetAttributeCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { checkedInput } from '../../deploy/check/check.ts';
import { deleteStack } from '../../deploy/delete.ts';
import { deploy } from '../../deploy/deploy.ts';
import { makePublic } from '../../lab/account.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { LocalAws } from '../cloud/local-aws.ts';
import { clientsOf, deployer, makeAccount, optionsFor, type TestAccount } from './support/account.ts';
import { playNodes } from './support/nodes.ts';

const MODE = { mode: 'elastic-ip' };
let local: LocalAws;
let account: TestAccount;
let aws: AwsClients;

before(async () => {
  local = await LocalAws.start({ checkAnswers: false, deployerPolicy: deployerPolicy(), roleDelayMs: () => 0 });
  account = await makeAccount(local);
  aws = clientsOf(local, 'deployer');
});

after(async () => {
  aws[Symbol.dispose]();
  await local.close();
});

async function refused(answers: Readonly<Record<string, unknown>>, ...sentences: readonly RegExp[]): Promise<void> {
  await assert.rejects(deploy(optionsFor(account, 'orders', answers), deployer(aws)), (error: Error) => {
    assert.ok('code' in error && error.code === 'BAD_INPUT', `${error.name}: ${error.message}`);
    for (const sentence of sentences) assert.match(error.message, sentence);
    assert.equal(error.message.split('\n').length, sentences.length, error.message);
    return true;
  });
}

async function addresses() {
  return (await local.operator.ec2.send(new DescribeAddressesCommand({}))).Addresses ?? [];
}

async function notices(): Promise<string> {
  const context = deployer(aws);
  await checkedInput(context, optionsFor(account, 'orders', MODE).template);
  return context.terminal.lines.join('\n');
}

// The tests build on each other: each changes the account as a person would.
test('private subnets are refused, each by its name', async () => {
  await refused(
    MODE,
    ...account.subnets.map((subnet) => new RegExp(`${subnet} .*has no route to an internet gateway`)),
  );
});

test('a quota that is too small is told before anything is made; public subnets are enough then', async () => {
  await makePublic(local.operator, { vpc: account.vpcId, subnets: account.subnets });
  const others = await Promise.all(
    Array.from({ length: 3 }, () => local.operator.ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }))),
  );
  await refused(MODE, /^--addresses 3: the account may have 5 Elastic IPs in this region, and has 3 beside this stack/);
  for (const { AllocationId } of others) {
    await local.operator.ec2.send(new ReleaseAddressCommand({ AllocationId }));
  }
  assert.match(await notices(), /^The stack has 3 Elastic IPs\. AWS takes about 0\.005 USD an hour for each/);
  assert.doesNotMatch(await notices(), /may not reach AWS/);
});

test('subnets that give no public address are told of, unless the VPC has endpoints', async () => {
  const [first = ''] = account.subnets;
  const attribute = (Value: boolean) =>
    local.operator.ec2.send(new ModifySubnetAttributeCommand({ SubnetId: first, MapPublicIpOnLaunch: { Value } }));
  await attribute(false);
  assert.match(await notices(), new RegExp(`New nodes in ${first} may not reach AWS.* no endpoint for autoscaling, `));
  for (const service of ['autoscaling', 'cloudformation', 'ec2', 'logs', 's3']) {
    const ServiceName = `com.amazonaws.${local.cloud.region}.${service}`;
    await local.operator.ec2.send(new CreateVpcEndpointCommand({ VpcId: account.vpcId, ServiceName }));
  }
  assert.doesNotMatch(await notices(), /may not reach AWS/);
  await attribute(true);
});

test('the stack makes its addresses with their tags, keeps its mode and its pool, and takes them along', async () => {
  await using _nodes = playNodes(clientsOf(local, 'lab'));
  const made = await deploy(optionsFor(account, 'orders', MODE), deployer(aws));
  assert.equal(made.action, 'created');
  const tagged = (await addresses()).map(({ Tags = [], PublicIp }) => {
    const tags = new Map(Tags.map(({ Key, Value }) => [Key, Value]));
    return { id: tags.get('myid'), cluster: tags.get('zookeeper_cluster'), PublicIp };
  });
  assert.deepEqual(tagged.map(({ id }) => id).toSorted(), ['1', '2', '3']);
  for (const { cluster } of tagged) assert.equal(cluster, made.outputs.Cluster);
  const inOrder = tagged.toSorted((one, other) => Number(one.id) - Number(other.id));
  assert.equal(made.outputs.ConnectionString, inOrder.map(({ PublicIp }) => `${PublicIp}:2181`).join(','));

  assert.equal((await deploy(optionsFor(account, 'orders', MODE), deployer(aws))).action, 'unchanged');
  await refused({}, /^The stack orders has the mode elastic-ip: an update can't move its nodes to --mode dynamic\.$/);
  await deploy(optionsFor(account, 'orders', { ...MODE, addresses: '4' }), deployer(aws));
  assert.equal((await addresses()).length, 4);
  await refused(
    { ...MODE, addresses: '3' },
    /^The stack orders has 4 Elastic IPs, and --addresses 3 would release some/,
  );

  await deleteStack(deployer(aws), { stackName: 'orders', yes: true, withData: false, dryRun: false });
  assert.deepEqual(await addresses(), []);
});

test('a stack of the dynamic mode is not moved to Elastic IPs', async () => {
  await using _nodes = playNodes(clientsOf(local, 'lab'));
  await deploy(optionsFor(account, 'orders'), deployer(aws));
  await refused(MODE, /^The stack orders has the mode dynamic: an update can't move its nodes to --mode elastic-ip\.$/);
});

// SPDX-License-Identifier: Apache-2.0
/** Deleting: the stack after one question, the data that it leaves after a second one that names it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateHostedZoneCommand } from '@aws-sdk/client-route-53';
import { HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { deployerPolicy } from '../../cf/deployer-policy.ts';
import { type DeleteOptions, deleteStack } from '../../deploy/delete.ts';
import { deploy } from '../../deploy/deploy.ts';
import type { AwsClients } from '../../tools/aws-clients.ts';
import { LocalAws } from '../cloud/local-aws.ts';
import { clientsOf, deployer, giveWayOut, makeAccount, optionsFor, type TestAccount } from './support/account.ts';
import { type Nodes, playNodes } from './support/nodes.ts';

let local: LocalAws;
let account: TestAccount;
let operator: AwsClients;
/** Has no more than the documented permissions. */
let aws: AwsClients;
let nodes: Nodes;

before(async () => {
  local = await LocalAws.start({ deployerPolicy: deployerPolicy() });
  account = await makeAccount(local);
  await giveWayOut(local, account);
  operator = clientsOf(local, 'operator');
  aws = clientsOf(local, 'deployer');
  nodes = playNodes(clientsOf(local, 'lab'));
});

after(async () => {
  await nodes[Symbol.asyncDispose]();
  aws[Symbol.dispose]();
  operator[Symbol.dispose]();
  await local.close();
});

const ORDERS: DeleteOptions = { stackName: 'orders', yes: false, withData: false, dryRun: false };

async function create(): Promise<Readonly<Record<string, string>>> {
  const { outputs } = await deploy(optionsFor(account, 'orders', { numhosts: 1 }), deployer(aws));
  const { BucketName: Bucket, Cluster } = outputs;
  for (const key of ['claims/1.1', 'lineage/1']) {
    await operator.s3.send(new PutObjectCommand({ Bucket, Key: `${Cluster}/${key}`, Body: '{}', IfNoneMatch: '*' }));
  }
  return outputs;
}

async function stands(StackName: string): Promise<boolean> {
  return aws.cloudFormation.send(new DescribeStacksCommand({ StackName })).then(
    () => true,
    () => false,
  );
}

async function bucketStands(Bucket = ''): Promise<boolean> {
  return operator.s3.send(new HeadBucketCommand({ Bucket })).then(
    () => true,
    () => false,
  );
}

async function logGroups(): Promise<readonly (string | undefined)[]> {
  const { logGroups: groups = [] } = await aws.logs.send(new DescribeLogGroupsCommand({}));
  return groups.map(({ logGroupName }) => logGroupName);
}

test('without a yes nothing is deleted', async () => {
  await create();
  await assert.rejects(deleteStack(deployer(aws), ORDERS), { code: 'DECLINED' });
  await assert.rejects(deleteStack(deployer(aws, ['orders']), ORDERS), { code: 'DECLINED' });
  assert.ok(await stands('orders'));
  const context = deployer(aws);
  const dry = await deleteStack(context, { ...ORDERS, dryRun: true });
  assert.equal(dry.action, 'would delete');
  // What the stack would leave behind, which nobody offers to remove while it stands.
  assert.deepEqual(dry.removed, []);
  assert.deepEqual(
    dry.kept.map(({ kind }) => kind),
    ['bucket', 'log group'],
  );
  assert.match(context.terminal.text, /Would stay, with the data .*\n {2}orders-[0-9a-f]{8} {2}bucket .* objects?\n/);
  assert.match(context.terminal.text, /Nothing else is left behind\./);
  assert.ok(await stands('orders'));
});

test('a yes deletes the stack and lists the data that it leaves', async () => {
  const { outputs } = await deploy(optionsFor(account, 'orders', { numhosts: 1 }), deployer(aws));
  const context = deployer(aws, ['yes', 'yes']);
  const result = await deleteStack(context, ORDERS);
  assert.equal(result.action, 'deleted');
  assert.equal(await stands('orders'), false);
  const { Cluster, BucketName } = outputs;
  assert.deepEqual(
    result.kept.map(({ kind, name, holds }) => [kind, name, holds]),
    [
      ['bucket', BucketName, '2 objects'],
      ['log group', `/zookeeper/${Cluster}`, '0 log streams'],
    ],
  );
  assert.match(context.terminal.text, new RegExp(`bucket ${BucketName}: 2 objects`));
  assert.match(context.terminal.questions[1] ?? '', /Type orders to go on/);
  assert.match(context.terminal.text, /It is kept\. --delete --yes --with-data/);
  assert.ok(await bucketStands(BucketName));
});

test('deployed again under the same name it is another cluster, and --yes alone keeps all data', async () => {
  const outputs = await create();
  const result = await deleteStack(deployer(aws), { ...ORDERS, yes: true });
  assert.deepEqual([result.action, result.kept.length, result.removed.length], ['deleted', 4, 0]);
  assert.equal(new Set(result.kept.map(({ cluster }) => cluster)).size, 2);
  assert.ok(await bucketStands(outputs.BucketName));
});

test("the stack's name, typed, removes the data of all its clusters", async () => {
  const context = deployer(aws, ['orders']);
  const result = await deleteStack(context, ORDERS);
  assert.equal(result.action, 'nothing to delete');
  assert.equal(result.removed.length, 4);
  assert.deepEqual(
    await Promise.all(result.removed.filter(({ kind }) => kind === 'bucket').map(({ name }) => bucketStands(name))),
    [false, false],
  );
  assert.deepEqual(
    (await logGroups()).filter((name) => name?.startsWith('/zookeeper/orders-')),
    [],
  );
});

test('--yes --with-data asks nothing; with nothing left it is done already', async () => {
  const outputs = await create();
  const result = await deleteStack(deployer(aws), { ...ORDERS, yes: true, withData: true });
  assert.deepEqual([result.action, result.removed.length, result.kept], ['deleted', 2, []]);
  assert.equal(await bucketStands(outputs.BucketName), false);
  const again = await deleteStack(deployer(aws), { ...ORDERS, yes: true, withData: true });
  assert.deepEqual([again.action, again.removed, again.kept], ['nothing to delete', [], []]);
});

test('the names of a cluster stay in their zone, and that is said', async () => {
  const VPC = { VPCId: account.vpcId, VPCRegion: local.cloud.region as 'eu-west-1' };
  const made = await operator.route53.send(
    new CreateHostedZoneCommand({ Name: 'corp.internal', CallerReference: 'names', VPC }),
  );
  const zone = `${made.HostedZone?.Id?.replace('/hostedzone/', '')}:corp.internal`;
  const { outputs } = await deploy(optionsFor(account, 'named', { numhosts: 1, zone }), deployer(aws));
  const context = deployer(aws);
  await deleteStack(context, { ...ORDERS, stackName: 'named', yes: true, withData: true });
  assert.match(context.terminal.text, new RegExp(`names below ${outputs.Cluster}\\.corp\\.internal stay`));
});

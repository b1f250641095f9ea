// SPDX-License-Identifier: Apache-2.0
/** Calls of instances that have a role: what its policy, and the bucket's, let through. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  CompleteLifecycleActionCommand,
  CreateOrUpdateTagsCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogStreamCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateTagsCommand,
  CreateVpcCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { IAMClient } from '@aws-sdk/client-iam';
import {
  type Change,
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  GetChangeCommand,
} from '@aws-sdk/client-route-53';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { type Clients, LocalAws, refused, waitFor } from './local-aws.ts';
import { ACCOUNT, iamClient, makeRole, policyText, putPolicy, type StatementJson } from './roles.ts';

const REGION = 'us-east-1';
const ROLE = 'orders-node';
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/${ROLE}`;

let aws: LocalAws;
let iam: IAMClient;
let subnets: readonly string[];
let instance: string;
let other: string;
let node: Clients;

/** What the role may do, from now on. */
const mayDo = (...statements: readonly StatementJson[]) => putPolicy(iam, ROLE, ...statements);
const allow = (Action: string | readonly string[], Resource: string | readonly string[] = '*', Condition = {}) =>
  ({ Effect: 'Allow', Action, Resource, Condition }) as const;

before(async () => {
  aws = await LocalAws.start({ roleDelayMs: () => 0 });
  iam = iamClient(aws);
  subnets = await aws.subnets();
  await makeRole(iam, { name: ROLE, tags: { team: 'orders' } }, allow('ec2:DescribeInstances'));
  instance = await run(ROLE);
  other = await aws.run(subnets[1] ?? '', { zookeeper_cluster: 'billing' });
  node = aws.as(instance);
  await aws.operator.s3.send(new CreateBucketCommand({ Bucket: 'records' }));
});
after(async () => {
  iam.destroy();
  await aws.close();
});
beforeEach(() => mayDo(allow('ec2:DescribeInstances')));

async function run(profile: string): Promise<string> {
  const { Instances = [] } = await aws.operator.ec2.send(
    new RunInstancesCommand({
      ImageId: await aws.image(),
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnets[0] ?? '',
      IamInstanceProfile: { Name: profile },
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'zookeeper_cluster', Value: 'orders' }] }],
    }),
  );
  return Instances[0]?.InstanceId ?? '';
}

const tag = (id: string, Key: string, clients = node) =>
  clients.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key, Value: 'x' }] }));
const put = (Key: string, condition: { IfNoneMatch?: string; IfMatch?: string } = {}, clients = node) =>
  clients.s3.send(new PutObjectCommand({ Bucket: 'records', Key, Body: 'x', ...condition }));
const list = (Prefix?: string) =>
  node.s3.send(new ListObjectsV2Command({ Bucket: 'records', ...(Prefix === undefined ? {} : { Prefix }) }));

test('what the policy allows is done, the rest is denied in the words of each service', async () => {
  await node.ec2.send(new DescribeInstancesCommand({}));
  const session = `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/${instance}`;
  const says = (action: string, resource: string) =>
    new RegExp(
      `User: ${session} is not authorized to perform: ${action} ${resource}because no identity-based policy allows the ${action} action`,
    );
  const instanceArn = `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${instance}`;
  await refused(
    tag(instance, 'zookeeper_id'),
    'UnauthorizedOperation',
    new RegExp(
      `not authorized to perform this operation. ${says('ec2:CreateTags', `on resource: ${instanceArn} `).source}`,
    ),
  );
  const groups = node.autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
  await refused(groups, 'AccessDenied', says('autoscaling:DescribeAutoScalingGroups', ''));
  const stream = node.logs.send(new CreateLogStreamCommand({ logGroupName: '/zookeeper/a', logStreamName: '7.1' }));
  const streamArn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/zookeeper/a:log-stream:7.1`;
  await refused(stream, 'AccessDeniedException', says('logs:CreateLogStream', `on resource: ${streamArn} `));
  await refused(put('a'), 'AccessDenied', says('s3:PutObject', 'on resource: "arn:aws:s3:::records/a" '));
  const statuses = aws.cloud.calls.list({ caller: instance }).map(({ action, status }) => `${action} ${status}`);
  assert.deepEqual(statuses.slice(-5), [
    'DescribeInstances 200',
    'CreateTags 403',
    'DescribeAutoScalingGroups 403',
    'CreateLogStream 400',
    'PutObject 403',
  ]);
});

test('an explicit deny is called so', async () => {
  await mayDo(allow('ec2:*'), { Effect: 'Deny', Action: 'ec2:CreateTags', Resource: '*' });
  await refused(tag(instance, 'a'), 'UnauthorizedOperation', /with an explicit deny in an identity-based policy/);
});

test('Describe calls take no resource', async () => {
  await mayDo(allow('ec2:DescribeInstances', `arn:aws:ec2:*:*:instance/*`));
  await refused(node.ec2.send(new DescribeInstancesCommand({})), 'UnauthorizedOperation');
});

test('an instance tags itself, with the keys it may, and no other instance', async () => {
  const itself = `arn:aws:ec2:*:*:instance/\${ec2:InstanceID}`;
  await mayDo(
    allow('ec2:CreateTags', 'arn:aws:ec2:*:*:instance/*', {
      ArnEquals: { 'ec2:SourceInstanceARN': itself },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['zookeeper_id', 'bootstrap_finished_time'] },
    }),
  );
  await tag(instance, 'zookeeper_id');
  await refused(tag(other, 'zookeeper_id'), 'UnauthorizedOperation');
  await refused(tag(instance, 'zookeeper_cluster'), 'UnauthorizedOperation');
  const both = new CreateTagsCommand({ Resources: [instance, other], Tags: [{ Key: 'zookeeper_id', Value: '2' }] });
  await refused(node.ec2.send(both), 'UnauthorizedOperation');
  assert.equal(
    (await aws.seen(other))?.Tags?.some(({ Key }) => Key === 'zookeeper_id'),
    false,
  );
});

test('tags of the resource decide, as they are now', async () => {
  const own = allow('ec2:CreateTags', '*', { StringEquals: { 'ec2:ResourceTag/zookeeper_cluster': 'orders' } });
  await mayDo(own);
  await tag(instance, 'seen');
  await refused(tag(other, 'seen'), 'UnauthorizedOperation');
  await mayDo(allow('ec2:CreateTags', '*', { StringEquals: { 'aws:ResourceTag/seen': 'x' } }));
  await tag(instance, 'again');
  await refused(tag(other, 'again'), 'UnauthorizedOperation');
});

test("tags of the request and of the caller's role decide", async () => {
  const team = { 'aws:RequestTag/team': `\${aws:PrincipalTag/team}` };
  await mayDo(allow('ec2:CreateTags', '*', { StringEquals: team }));
  const tagged = (Value: string) =>
    node.ec2.send(new CreateTagsCommand({ Resources: [instance], Tags: [{ Key: 'team', Value }] }));
  await tagged('orders');
  await refused(tagged('billing'), 'UnauthorizedOperation');
});

test("a group's actions on its own group only, by name and by tag", async () => {
  const group = await aws.group(subnets, 0);
  const foreign = await aws.group(subnets, 0);
  const setTag = (name: string, Key = 'zookeeper_maintenance') =>
    node.autoScaling.send(
      new CreateOrUpdateTagsCommand({
        Tags: [{ ResourceId: name, ResourceType: 'auto-scaling-group', Key, Value: 'on', PropagateAtLaunch: false }],
      }),
    );
  const byName = `arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/${group}`;
  await mayDo(
    allow('autoscaling:CreateOrUpdateTags', byName, {
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['zookeeper_maintenance'] },
    }),
  );
  await setTag(group);
  await refused(setTag(foreign), 'AccessDenied', new RegExp(`autoScalingGroupName/${foreign} because`));
  await refused(setTag(group, 'zookeeper_cluster'), 'AccessDenied');
  await mayDo(
    allow('autoscaling:CreateOrUpdateTags', '*', {
      StringEquals: { 'autoscaling:ResourceTag/zookeeper_cluster': group },
    }),
  );
  await setTag(group);
  await refused(setTag(foreign), 'AccessDenied');
  const hook = { LifecycleHookName: 'launch', LifecycleActionResult: 'CONTINUE', InstanceId: instance };
  const complete = new CompleteLifecycleActionCommand({ AutoScalingGroupName: group, ...hook });
  await refused(node.autoScaling.send(complete), 'AccessDenied', /CompleteLifecycleAction/);
});

test('log streams of its own group; a right on the group alone wants the end :*', async () => {
  const { logs } = aws.operator;
  for (const logGroupName of ['/zookeeper/orders', '/zookeeper/billing']) {
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
  }
  const group = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/zookeeper/orders`;
  await mayDo(allow('logs:CreateLogStream', `${group}:log-stream:*`), allow('logs:DescribeLogStreams', `${group}:*`));
  const create = (logGroupName: string) =>
    node.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: '7.1' }));
  const describe = () => node.logs.send(new DescribeLogStreamsCommand({ logGroupName: '/zookeeper/orders' }));
  await create('/zookeeper/orders');
  assert.equal((await describe()).logStreams?.length, 1);
  await refused(create('/zookeeper/billing'), 'AccessDeniedException');
  const remove = new DeleteLogStreamCommand({ logGroupName: '/zookeeper/orders', logStreamName: '7.1' });
  await refused(node.logs.send(remove), 'AccessDeniedException');
  const groups = node.logs.send(new DescribeLogGroupsCommand({}));
  await refused(groups, 'AccessDeniedException', /log-group::log-stream: because/);
  await mayDo(allow('logs:DescribeLogStreams', group));
  await refused(describe(), 'AccessDeniedException', /log-group:\/zookeeper\/orders:log-stream: because/);
});

test('objects under its own prefix only, and lists of them', async () => {
  await mayDo(
    allow(['s3:GetObject', 's3:PutObject'], 'arn:aws:s3:::records/orders/*'),
    allow('s3:ListBucket', 'arn:aws:s3:::records', { StringLike: { 's3:prefix': 'orders/*' } }),
  );
  await put('orders/claims/1.1.json');
  await refused(put('billing/claims/1.1.json'), 'AccessDenied');
  await refused(
    node.s3.send(new DeleteObjectCommand({ Bucket: 'records', Key: 'orders/claims/1.1.json' })),
    'AccessDenied',
  );
  assert.equal((await list('orders/claims/')).KeyCount, 1);
  await refused(list('billing/'), 'AccessDenied');
  await refused(list(), 'AccessDenied');
});

test('a missing object is denied to those who could not have listed it', async () => {
  const get = (Key: string) => node.s3.send(new GetObjectCommand({ Bucket: 'records', Key }));
  const head = (Key: string) => node.s3.send(new HeadObjectCommand({ Bucket: 'records', Key }));
  await mayDo(allow('s3:GetObject', 'arn:aws:s3:::records/*'));
  await refused(get('orders/missing'), 'AccessDenied', /s3:ListBucket/);
  // The answer to a HEAD has no body to carry a code in.
  await assert.rejects(head('orders/missing'), (error: S3ServiceException) => error.$metadata.httpStatusCode === 403);
  await mayDo(
    allow('s3:GetObject', 'arn:aws:s3:::records/*'),
    allow('s3:ListBucket', 'arn:aws:s3:::records', { StringLike: { 's3:prefix': 'orders/*' } }),
  );
  await refused(get('orders/missing'), 'NoSuchKey');
  await refused(head('orders/missing'), 'NotFound');
  await refused(get('billing/missing'), 'AccessDenied');
});

test("the bucket's policy demands conditions, of everybody, and takes rights from the role", async () => {
  const { s3 } = aws.operator;
  await s3.send(new CreateBucketCommand({ Bucket: 'strict' }));
  const objects = 'arn:aws:s3:::strict/*';
  const deny = (Sid: string, statement: object): StatementJson => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    ...statement,
  });
  const Policy = policyText(
    deny('CreatedOnce', {
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::strict/claims/*',
      Condition: { Null: { 's3:if-none-match': 'true' } },
    }),
    deny('OnCondition', {
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::strict/reports/*',
      Condition: { Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' } },
    }),
    deny('OnlyOverTls', { Action: 's3:*', Resource: objects, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    deny('NodesOnlyReadAndWrite', {
      NotAction: ['s3:GetObject', 's3:PutObject'],
      Resource: objects,
      Condition: { ArnLike: { 'aws:PrincipalArn': ROLE_ARN } },
    }),
  );
  await s3.send(new PutBucketPolicyCommand({ Bucket: 'strict', Policy }));
  assert.equal((await s3.send(new GetBucketPolicyCommand({ Bucket: 'strict' }))).Policy, Policy);
  await mayDo(allow('s3:*'));
  const write = (Key: string, condition = {}, clients = node) =>
    clients.s3.send(new PutObjectCommand({ Bucket: 'strict', Key, Body: 'x', ...condition }));
  await write('claims/1.1.json', { IfNoneMatch: '*' });
  await refused(write('claims/1.1.json'), 'AccessDenied', /explicit deny in a resource-based policy/);
  await refused(write('claims/1.1.json', { IfNoneMatch: '*' }), 'PreconditionFailed');
  await refused(write('claims/1.1.json', {}, aws.operator), 'AccessDenied', /user\/operator .*resource-based/);
  const { ETag = '' } = await write('reports/i-1.json', { IfNoneMatch: '*' });
  await write('reports/i-1.json', { IfMatch: ETag });
  await refused(write('reports/i-1.json'), 'AccessDenied');
  const remove = new DeleteObjectCommand({ Bucket: 'strict', Key: 'claims/1.1.json' });
  await refused(node.s3.send(remove), 'AccessDenied', /explicit deny in a resource-based policy/);
  await s3.send(remove);
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: 'strict' }));
  await refused(s3.send(new GetBucketPolicyCommand({ Bucket: 'strict' })), 'NoSuchBucketPolicy');
  await write('claims/2.1.json');
});

test('a policy belongs to a bucket and goes with it', async () => {
  const { s3 } = aws.operator;
  const Policy = policyText({
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: 'arn:aws:s3:::brief/*',
  });
  const putPolicyOf = () => s3.send(new PutBucketPolicyCommand({ Bucket: 'brief', Policy }));
  await refused(putPolicyOf(), 'NoSuchBucket');
  await s3.send(new CreateBucketCommand({ Bucket: 'brief' }));
  await putPolicyOf();
  await s3.send(new DeleteBucketCommand({ Bucket: 'brief' }));
  await s3.send(new CreateBucketCommand({ Bucket: 'brief' }));
  await refused(s3.send(new GetBucketPolicyCommand({ Bucket: 'brief' })), 'NoSuchBucketPolicy');
  await s3.send(new PutObjectCommand({ Bucket: 'brief', Key: 'a', Body: 'x' }));
});

test("the lab's own looks are held back by nothing", async () => {
  const { s3 } = aws.as('lab');
  const Policy = policyText({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::closed/*' });
  await aws.operator.s3.send(new CreateBucketCommand({ Bucket: 'closed' }));
  await aws.operator.s3.send(new PutBucketPolicyCommand({ Bucket: 'closed', Policy }));
  await s3.send(new PutObjectCommand({ Bucket: 'closed', Key: 'a', Body: 'x' }));
  const get = new GetObjectCommand({ Bucket: 'closed', Key: 'a' });
  await refused(aws.operator.s3.send(get), 'AccessDenied');
});

test('the record tells who was allowed what, by which statement, on which keys', async () => {
  aws.cloud.accessRecord.clear();
  await mayDo({
    Sid: 'Records',
    ...allow('s3:PutObject', 'arn:aws:s3:::records/orders/*', { Null: { 's3:if-none-match': 'false' } }),
  });
  await put('orders/recorded', { IfNoneMatch: '*' });
  await refused(put('orders/other'), 'AccessDenied');
  await refused(put('orders/other'), 'AccessDenied');
  const record = aws.cloud.accessRecord.list();
  assert.deepEqual(
    record.map(({ action, resource, allowed, statements, keys, times }) => [
      action,
      resource,
      allowed,
      statements,
      keys,
      times,
    ]),
    [
      ['s3:PutObject', 'arn:aws:s3:::records/orders/recorded', true, ['own/Records'], ['s3:if-none-match'], 1],
      ['s3:PutObject', 'arn:aws:s3:::records/orders/other', false, [], [], 2],
    ],
  );
  assert.equal(record[0]?.principal.identityArn, ROLE_ARN);
  assert.deepEqual(record[0]?.context['s3:if-none-match'], ['*']);
  assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
});

test("a change of the role's policy holds from the next call on", async () => {
  await waitFor('the role to describe', () =>
    node.ec2.send(new DescribeInstancesCommand({})).then(
      () => true,
      () => false,
    ),
  );
  await mayDo(allow('ec2:DescribeTags'));
  await refused(node.ec2.send(new DescribeInstancesCommand({})), 'UnauthorizedOperation');
});

test('records of a zone: of its own names and type alone, in each change of a batch', async () => {
  const { Vpc } = await aws.operator.ec2.send(new CreateVpcCommand({ CidrBlock: '127.50.0.0/16' }));
  const VPC = { VPCId: Vpc?.VpcId ?? '', VPCRegion: 'us-east-1' as const };
  const zone = new CreateHostedZoneCommand({ Name: 'internal', CallerReference: 'policies', VPC });
  const id = (await aws.operator.route53.send(zone)).HostedZone?.Id ?? '';
  const change = (...Changes: Change[]) =>
    node.route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: id, ChangeBatch: { Changes } }));
  const record = (Action: 'CREATE' | 'DELETE' | 'UPSERT', Name: string, Type: 'A' | 'TXT' = 'A'): Change => ({
    Action,
    ResourceRecordSet: { Name, Type, TTL: 10, ResourceRecords: [{ Value: Type === 'A' ? '10.0.0.1' : '"x"' }] },
  });
  const key = (name: string) => `route53:ChangeResourceRecordSets${name}`;
  const arn = `arn:aws:route53:::hostedzone/${id.replace('/hostedzone/', '')}`;
  const conditions = {
    'ForAllValues:StringLike': { [key('NormalizedRecordNames')]: ['*.orders.internal', 'orders.internal'] },
    'ForAllValues:StringEquals': { [key('RecordTypes')]: ['A'], [key('Actions')]: ['CREATE', 'DELETE'] },
  };
  await mayDo(
    allow('route53:ChangeResourceRecordSets', arn, conditions),
    allow('route53:GetChange', 'arn:aws:route53:::change/*'),
  );
  const { ChangeInfo } = await change(record('CREATE', 'ZK1.orders.internal.'));
  await node.route53.send(new GetChangeCommand({ Id: ChangeInfo?.Id ?? '' }));
  const denied =
    /not authorized to perform: route53:ChangeResourceRecordSets on resource: arn:aws:route53:::hostedzone/;
  await refused(change(record('CREATE', 'zk1.billing.internal')), 'AccessDenied', denied);
  const both = [record('DELETE', 'zk1.orders.internal'), record('CREATE', 'zk1.billing.internal')];
  await refused(change(...both), 'AccessDenied', denied);
  await refused(change(record('CREATE', 'zk2.orders.internal', 'TXT')), 'AccessDenied', denied);
  await refused(change(record('UPSERT', 'zk2.orders.internal')), 'AccessDenied', denied);
  await change(record('DELETE', 'zk1.orders.internal'), record('CREATE', 'orders.internal'));
});

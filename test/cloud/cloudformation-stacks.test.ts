// SPDX-License-Identifier: Apache-2.0
/** The life of a stack: made, named, tagged, told about, and deleted with what belongs to it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type CloudFormationServiceException,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackResourceCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  ListStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeLogGroupsCommand, ListTagsForResourceCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DeleteObjectCommand, GetBucketTaggingCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { logGroup, outputsOf, Stacks, templateOf } from './cloudformation-stacks.ts';
import { LocalAws, refused, waitFor } from './local-aws.ts';

let aws: LocalAws;
let stacks: Stacks;
before(async () => {
  aws = await LocalAws.start();
  stacks = new Stacks(aws);
});
after(async () => {
  stacks.close();
  await aws.close();
});

const BUCKET = { Type: 'AWS::S3::Bucket' };

async function logGroupExists(logGroupNamePrefix: string): Promise<boolean> {
  const { logGroups = [] } = await aws.operator.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
  return logGroups.some(({ logGroupName }) => logGroupName === logGroupNamePrefix);
}

test('a stack is made in the order of its references and tells of each step', async () => {
  const name = stacks.name();
  const template = templateOf({
    Last: logGroup({}, { DependsOn: ['Second'] }),
    Second: logGroup({ LogGroupName: { 'Fn::Join': ['', [{ Ref: 'First' }, '-second']] } }),
    First: logGroup(),
  });
  const stack = await stacks.create(name, template);
  assert.equal(stack.StackStatus, 'CREATE_COMPLETE');
  const story = await stacks.story(name);
  assert.deepEqual(story, [
    `${name} CREATE_IN_PROGRESS User Initiated`,
    ...['First', 'Second', 'Last'].flatMap((id) => [
      `${id} CREATE_IN_PROGRESS`,
      `${id} CREATE_IN_PROGRESS Resource creation Initiated`,
      `${id} CREATE_COMPLETE`,
    ]),
    `${name} CREATE_COMPLETE`,
  ]);
  const events = await stacks.events(name);
  assert.equal(new Set(events.map(({ EventId }) => EventId)).size, events.length);
  assert.ok(events.every(({ StackId }) => StackId === stack.StackId));
});

test('events come in pages of a hundred, newest first', async () => {
  const name = stacks.name();
  const many = Object.fromEntries(Array.from({ length: 34 }, (_, at) => [`Logs${at}`, logGroup()]));
  await stacks.create(name, templateOf(many));
  const story = await stacks.story(name);
  assert.equal(story.length, 34 * 3 + 2);
  assert.equal(story[0], `${name} CREATE_IN_PROGRESS User Initiated`);
});

test('physical names are made of the names of stack and resource; those of buckets are lower case and short', async () => {
  const name = `A-Stack-${'with-a-long-name-'.repeat(3)}x`;
  await stacks.create(name, templateOf({ Logs: logGroup(), MyBucket: BUCKET }));
  assert.match(await stacks.physicalId(name, 'Logs'), new RegExp(`^${name}-Logs-[A-Za-z0-9]{12}$`));
  const bucket = await stacks.physicalId(name, 'MyBucket');
  assert.match(bucket, /^a-stack-with-a-long-name-[a-z-]*-mybucket-[a-z0-9]{12}$/);
  assert.ok(bucket.length <= 63, bucket);
  await stacks.delete(name);
});

test('tags of the stack reach its resources, whose own win, beside those of AWS', async () => {
  const name = stacks.name();
  const [subnet = ''] = await aws.subnets();
  const { Subnets: [found] = [] } = await aws.operator.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnet] }));
  const template = templateOf({
    Logs: logGroup({ Tags: [{ Key: 'team', Value: 'own' }] }),
    Security: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: { GroupDescription: 'x', VpcId: found?.VpcId ?? '' },
    },
    Bucket: BUCKET,
  });
  const Tags = [
    { Key: 'team', Value: 'stack' },
    { Key: 'stage', Value: 'test' },
  ];
  const stack = await stacks.create(name, template, { Tags });
  assert.deepEqual(stack.Tags, Tags);
  const logGroupName = await stacks.physicalId(name, 'Logs');
  const account = stack.StackId?.split(':')[4];
  const resourceArn = `arn:aws:logs:${aws.cloud.region}:${account}:log-group:${logGroupName}`;
  const { tags } = await aws.operator.logs.send(new ListTagsForResourceCommand({ resourceArn }));
  const ofAws = (id: string) => ({
    'aws:cloudformation:logical-id': id,
    'aws:cloudformation:stack-id': stack.StackId ?? '',
    'aws:cloudformation:stack-name': name,
  });
  assert.deepEqual(tags, { team: 'own', stage: 'test', ...ofAws('Logs') });
  const GroupIds = [await stacks.physicalId(name, 'Security')];
  const { SecurityGroups: [group] = [] } = await aws.operator.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }));
  const shown = Object.fromEntries((group?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  assert.deepEqual(shown, { team: 'stack', stage: 'test', ...ofAws('Security') });
  const Bucket = await stacks.physicalId(name, 'Bucket');
  const { TagSet } = await aws.operator.s3.send(new GetBucketTaggingCommand({ Bucket }));
  assert.deepEqual(TagSet, Tags);
  const reserved = stacks.start('never', templateOf({ Logs: logGroup() }), { Tags: [{ Key: 'aws:x', Value: 'y' }] });
  await refused(reserved, 'ValidationError', /reserved/);
});

test('resources are listed, described, and found by their physical id', async () => {
  const name = stacks.name();
  await stacks.create(name, templateOf({ Logs: logGroup({}, { Metadata: { why: 'test' } }), More: logGroup() }));
  const PhysicalResourceId = await stacks.physicalId(name, 'Logs');
  const { StackResourceSummaries = [] } = await stacks.client.send(new ListStackResourcesCommand({ StackName: name }));
  assert.deepEqual(
    StackResourceSummaries.map((one) => [one.LogicalResourceId, one.ResourceStatus]),
    [
      ['Logs', 'CREATE_COMPLETE'],
      ['More', 'CREATE_COMPLETE'],
    ],
  );
  const one = { StackName: name, LogicalResourceId: 'Logs' };
  const { StackResourceDetail } = await stacks.client.send(new DescribeStackResourceCommand(one));
  assert.equal(StackResourceDetail?.PhysicalResourceId, PhysicalResourceId);
  assert.deepEqual(JSON.parse(StackResourceDetail?.Metadata ?? ''), { why: 'test' });
  const { StackResources = [] } = await stacks.client.send(new DescribeStackResourcesCommand({ PhysicalResourceId }));
  assert.deepEqual(
    StackResources.map(({ StackName, LogicalResourceId }) => [StackName, LogicalResourceId]),
    [
      [name, 'Logs'],
      [name, 'More'],
    ],
  );
  const unknown = new DescribeStackResourceCommand({ StackName: name, LogicalResourceId: 'Nobody' });
  await refused(stacks.client.send(unknown), 'ValidationError', /Nobody does not exist/);
});

test('a name belongs to one stack until that is deleted; then it is known by its id only', async () => {
  const name = stacks.name();
  const template = templateOf({ Logs: logGroup() }, { outputs: { Logs: { Ref: 'Logs' } } });
  const first = await stacks.create(name, template);
  await refused(stacks.start(name, template), 'AlreadyExistsException', /already exists/);
  const deleted = await stacks.delete(name);
  assert.equal(deleted.StackStatus, 'DELETE_COMPLETE');
  assert.ok(deleted.DeletionTime);
  assert.equal(await logGroupExists(outputsOf(first).Logs ?? ''), false);
  await refused(stacks.describe(name), 'ValidationError', new RegExp(`Stack with id ${name} does not exist`));
  assert.equal((await stacks.describe(first.StackId ?? '')).StackStatus, 'DELETE_COMPLETE');
  const second = await stacks.create(name, template);
  assert.notEqual(second.StackId, first.StackId);
  assert.notEqual(outputsOf(second).Logs, outputsOf(first).Logs);
  const listed = await stacks.client.send(new ListStacksCommand({ StackStatusFilter: ['DELETE_COMPLETE'] }));
  assert.ok(listed.StackSummaries?.some(({ StackId }) => StackId === first.StackId));
  const described = await stacks.client.send(new DescribeStacksCommand({}));
  assert.ok(!described.Stacks?.some(({ StackId }) => StackId === first.StackId));
});

test('deleting what is not there is no error', async () => {
  await stacks.client.send(new DeleteStackCommand({ StackName: 'nobody' }));
});

test('a resource that fails takes the others with it, in reverse order', async () => {
  const name = stacks.name();
  const template = templateOf({
    First: logGroup(),
    Second: logGroup({ LogGroupName: { Ref: 'First' } }),
    Never: logGroup({}, { DependsOn: 'Second' }),
  });
  const stack = await stacks.create(name, template);
  assert.equal(stack.StackStatus, 'ROLLBACK_COMPLETE');
  const story = await stacks.story(name);
  assert.match(story.find((line) => line.startsWith('Second CREATE_FAILED')) ?? '', /ResourceAlreadyExistsException/);
  assert.ok(!story.some((line) => line.startsWith('Never')));
  assert.deepEqual(story.slice(-5), [
    `${name} ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Second]. Rollback requested by user.`,
    'Second DELETE_COMPLETE',
    'First DELETE_IN_PROGRESS',
    'First DELETE_COMPLETE',
    `${name} ROLLBACK_COMPLETE`,
  ]);
  const update = new UpdateStackCommand({ StackName: name, TemplateBody: template });
  await refused(stacks.client.send(update), 'ValidationError', /is in ROLLBACK_COMPLETE state and can not be updated/);
  assert.equal((await stacks.delete(name)).StackStatus, 'DELETE_COMPLETE');
});

test('what is under way when another fails is cancelled, and says so', async () => {
  const name = stacks.name();
  const [subnet = ''] = await aws.subnets();
  const LaunchTemplateName = await aws.launchTemplate();
  const template = templateOf({
    Group: {
      Type: 'AWS::AutoScaling::AutoScalingGroup',
      CreationPolicy: { ResourceSignal: { Count: 1, Timeout: 'PT1M' } },
      Properties: {
        LaunchTemplate: { LaunchTemplateName, Version: '1' },
        MinSize: '0',
        MaxSize: '0',
        VPCZoneIdentifier: [subnet],
      },
    },
    Logs: logGroup(),
    Same: logGroup({ LogGroupName: { Ref: 'Logs' } }),
  });
  const stack = await stacks.create(name, template);
  assert.equal(stack.StackStatus, 'ROLLBACK_COMPLETE');
  const story = await stacks.story(name, 'Group');
  assert.ok(story.includes('CREATE_FAILED Resource creation cancelled'), story.join('\n'));
});

test('OnFailure: nothing is undone, or the stack is deleted', async () => {
  const template = templateOf({ First: logGroup(), Second: logGroup({ LogGroupName: { Ref: 'First' } }) });
  const kept = await stacks.create(stacks.name(), template, { OnFailure: 'DO_NOTHING' });
  assert.equal(kept.StackStatus, 'CREATE_FAILED');
  assert.equal(await logGroupExists(await stacks.physicalId(kept.StackName ?? '', 'First')), true);
  assert.equal((await stacks.delete(kept.StackName ?? '')).StackStatus, 'DELETE_COMPLETE');
  const gone = await stacks.create(stacks.name(), template, { OnFailure: 'DELETE' });
  assert.equal(gone.StackStatus, 'DELETE_COMPLETE');
});

test('DeletionPolicy: Retain always stays, RetainExceptOnCreate not when the creation fails', async () => {
  const kinds = ['Delete', 'Retain', 'RetainExceptOnCreate'];
  const resources = Object.fromEntries(kinds.map((kind) => [kind, logGroup({}, { DeletionPolicy: kind })]));
  const outputs = Object.fromEntries(kinds.map((kind) => [kind, { Ref: kind }]));
  const good = await stacks.create(stacks.name(), templateOf(resources, { outputs }));
  await stacks.delete(good.StackName ?? '');
  const left = async (names: readonly string[]) => Promise.all(names.map(logGroupExists));
  assert.deepEqual(await left(kinds.map((kind) => outputsOf(good)[kind] ?? '')), [false, true, true]);
  assert.ok((await stacks.story(good.StackId ?? '')).includes('Retain DELETE_SKIPPED'));
  const bad = { ...resources, Bad: logGroup({ LogGroupName: { Ref: 'Retain' } }, { DependsOn: [...kinds] }) };
  const failed = await stacks.create(stacks.name(), templateOf(bad));
  assert.equal(failed.StackStatus, 'ROLLBACK_COMPLETE');
  const events = await stacks.events(failed.StackId ?? '');
  const made = (kind: string) =>
    events.find((event) => event.LogicalResourceId === kind && event.PhysicalResourceId)?.PhysicalResourceId ?? '';
  assert.deepEqual(await left(kinds.map(made)), [false, true, false]);
});

test('a bucket with anything in it fails the deletion; it can then be retained, or emptied', async () => {
  const name = stacks.name();
  await stacks.create(name, templateOf({ Bucket: BUCKET, Other: BUCKET, Logs: logGroup() }));
  const [Bucket, other] = [await stacks.physicalId(name, 'Bucket'), await stacks.physicalId(name, 'Other')];
  for (const one of [Bucket, other]) {
    await aws.operator.s3.send(new PutObjectCommand({ Bucket: one, Key: 'data', Body: 'x' }));
  }
  const retain = new DeleteStackCommand({ StackName: name, RetainResources: ['Bucket'] });
  await refused(stacks.client.send(retain), 'ValidationError', /only when the stack is in the DELETE_FAILED state/);
  const stuck = await stacks.delete(name);
  assert.equal(stuck.StackStatus, 'DELETE_FAILED');
  assert.match(stuck.StackStatusReason ?? '', /failed to delete: \[Bucket, Other\]/);
  const story = await stacks.story(name);
  assert.match(story.find((line) => line.startsWith('Bucket DELETE_FAILED')) ?? '', /BucketNotEmpty/);
  assert.ok(story.includes('Logs DELETE_COMPLETE'));
  await aws.operator.s3.send(new DeleteObjectCommand({ Bucket: other, Key: 'data' }));
  await stacks.client.send(retain);
  assert.equal((await stacks.settled(stuck.StackId ?? '')).StackStatus, 'DELETE_COMPLETE');
  await aws.operator.s3.send(new HeadBucketCommand({ Bucket }));
  await assert.rejects(aws.operator.s3.send(new HeadBucketCommand({ Bucket: other })));
});

test('a security group waits until nobody uses it any more', async () => {
  const name = stacks.name();
  const [SubnetId = ''] = await aws.subnets();
  const { Subnets: [subnet] = [] } = await aws.operator.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] }));
  const properties = { GroupDescription: 'used', VpcId: subnet?.VpcId ?? '' };
  const stack = await stacks.create(
    name,
    templateOf({ Used: { Type: 'AWS::EC2::SecurityGroup', Properties: properties } }),
  );
  const SecurityGroupIds = [await stacks.physicalId(name, 'Used')];
  const { Instances: [instance] = [] } = await aws.operator.ec2.send(
    new RunInstancesCommand({
      ...{ SubnetId, SecurityGroupIds, ImageId: await aws.image() },
      MinCount: 1,
      MaxCount: 1,
    }),
  );
  await stacks.client.send(new DeleteStackCommand({ StackName: name }));
  const denied = () =>
    aws.cloud.calls.list({ action: 'DeleteSecurityGroup', outcome: 'DependencyViolation' }).length > 1;
  await waitFor('the deletion to be refused twice', async () => denied());
  assert.equal((await stacks.describe(stack.StackId ?? '')).StackStatus, 'DELETE_IN_PROGRESS');
  await aws.operator.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance?.InstanceId ?? ''] }));
  assert.equal((await stacks.settled(stack.StackId ?? '')).StackStatus, 'DELETE_COMPLETE');
});

test('roles need a capability, named ones another', async () => {
  const role = (properties: object) =>
    templateOf({
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] }, ...properties },
      },
    });
  const send = (template: string, Capabilities: ('CAPABILITY_IAM' | 'CAPABILITY_NAMED_IAM')[]) =>
    stacks.client.send(new CreateStackCommand({ StackName: 'never', TemplateBody: template, Capabilities }));
  const code = 'InsufficientCapabilitiesException';
  await refused(send(role({}), []), code, /Requires capabilities : \[CAPABILITY_IAM\]/);
  await refused(send(role({ RoleName: 'x' }), ['CAPABILITY_IAM']), code, /\[CAPABILITY_NAMED_IAM\]/);
});

test('inputs that the lab would have to ignore are refused', async () => {
  const base = { StackName: 'never', TemplateBody: templateOf({ Logs: logGroup() }) };
  const notImitated = (error: CloudFormationServiceException) => /lab does not imitate/.test(error.message);
  await assert.rejects(
    stacks.client.send(new CreateStackCommand({ ...base, RoleARN: 'arn:aws:iam::1:role/some-role' })),
    notImitated,
  );
  await assert.rejects(stacks.client.send(new CreateStackCommand({ ...base, TimeoutInMinutes: 5 })), notImitated);
  await refused(stacks.start('-bad', base.TemplateBody), 'ValidationError', /stackName/);
});

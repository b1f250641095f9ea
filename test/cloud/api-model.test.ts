// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateAutoScalingGroupCommand, SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogStreamsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateTagsCommand,
  DescribeInstanceAttributeCommand,
  DescribeSubnetsCommand,
  type InstanceAttributeName,
} from '@aws-sdk/client-ec2';
import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { check, patternOf } from '../../cloud/api-model/check.ts';
import { type ApiModel, type ApiOperation, botocoreModels } from '../../cloud/api-model/model.ts';
import { motoDirectory } from '../../cloud/moto/moto.ts';
import { readForm, writeForm } from '../../cloud/protocols/query.ts';
import { readOutput, writeOutput } from '../../cloud/protocols/xml.ts';
import { LocalAws, refused } from './local-aws.ts';

let aws: LocalAws;
before(async () => {
  aws = await LocalAws.start();
});
after(() => aws.close());

const models = botocoreModels(motoDirectory());

/** A call as a client other than the SDK may make it: with parameters that the SDK would not send. */
async function post(service: string, form: Readonly<Record<string, string>>, headers: Record<string, string> = {}) {
  aws.as('operator');
  const answer = await fetch(`${aws.cloud.url}/`, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=AKIAOPERATOR/20261121/${aws.cloud.region}/${service}/aws4_request, SignedHeaders=host, Signature=00`,
      ...headers,
    },
    body: new URLSearchParams(form),
  });
  const text = await answer.text();
  return { status: answer.status, code: /<Code>(.*?)<\/Code>/.exec(text)?.[1], text };
}

test('an action that the service does not have', async () => {
  const ec2 = await post('ec2', { Action: 'DescribeInstance', Version: '2016-11-15' });
  assert.deepEqual([ec2.status, ec2.code], [400, 'InvalidAction']);
  const scaling = await post('autoscaling', { Action: 'ScaleToTheMoon', Version: '2011-01-01' });
  assert.deepEqual([scaling.status, scaling.code], [400, 'InvalidAction']);
  const logs = await post('logs', {}, { 'x-amz-target': 'Logs_20140328.CreateStream' });
  assert.match(logs.text, /UnknownOperationException/);
});

test('a parameter that the action does not have', async () => {
  const unknown = await post('ec2', { Action: 'DescribeInstances', 'InstanceIds.1': 'i-00000000' });
  assert.deepEqual([unknown.status, unknown.code], [400, 'UnknownParameter']);
  assert.match(unknown.text, /InstanceIds/);
  const deep = await post('ec2', { Action: 'DescribeInstances', 'Filter.1.Nam': 'x' });
  assert.match(deep.text, /Filter\.1\.Nam /);
});

test('a required parameter that is missing, for each protocol', async () => {
  const ec2 = await post('ec2', { Action: 'CreateTags', 'ResourceId.1': 'vpc-00000000' });
  assert.deepEqual([ec2.status, ec2.code], [400, 'MissingParameter']);
  const scaling = await post('autoscaling', { Action: 'SetDesiredCapacity', AutoScalingGroupName: 'x' });
  assert.deepEqual([scaling.status, scaling.code], [400, 'ValidationError']);
  assert.match(scaling.text, /Value null at/);
  const { logs } = aws.operator;
  const stream = new CreateLogStreamCommand({ logGroupName: '/x', logStreamName: undefined });
  await refused(logs.send(stream), 'InvalidParameterException', /logStreamName/);
});

test('a value of the wrong type or beyond its range', async () => {
  const scaling = await post('autoscaling', {
    Action: 'SetDesiredCapacity',
    AutoScalingGroupName: 'x',
    DesiredCapacity: 'three',
  });
  assert.deepEqual([scaling.status, scaling.code], [400, 'ValidationError']);
  const ec2 = await post('ec2', { Action: 'DescribeInstances', MaxResults: 'many' });
  assert.deepEqual([ec2.status, ec2.code], [400, 'InvalidParameterValue']);
  const pages = new DescribeLogStreamsCommand({ logGroupName: '/x', limit: 51 });
  await refused(aws.operator.logs.send(pages), 'InvalidParameterException', /less than or equal to 50/);
  const nameless = new SetDesiredCapacityCommand({ AutoScalingGroupName: '', DesiredCapacity: 1 });
  await refused(aws.operator.autoScaling.send(nameless), 'ValidationError', /greater than or equal to 1/);
  const long = new CreateAutoScalingGroupCommand({ AutoScalingGroupName: 'x'.repeat(256), MinSize: 0, MaxSize: 0 });
  await refused(aws.operator.autoScaling.send(long), 'ValidationError', /less than or equal to 255/);
});

test('a value outside of its pattern or enum', async () => {
  await aws.operator.logs.send(new CreateLogGroupCommand({ logGroupName: '/zookeeper/x' }));
  const stream = new CreateLogStreamCommand({ logGroupName: '/zookeeper/x', logStreamName: '7:1' });
  await refused(aws.operator.logs.send(stream), 'InvalidParameterException', /regular expression pattern/);
  const attribute = new DescribeInstanceAttributeCommand({
    InstanceId: 'i-00000000',
    Attribute: 'colour' as InstanceAttributeName,
  });
  await refused(aws.operator.ec2.send(attribute), 'InvalidParameterValue', /colour/);
});

test('a filter that the call does not have', async () => {
  const wrong = new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc', Values: ['x'] }] });
  await refused(aws.operator.ec2.send(wrong), 'InvalidParameterValue', /The filter 'vpc' is invalid/);
  await aws.operator.ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: ['vpc-0'] }] }));
  await aws.operator.ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'tag:any', Values: ['x'] }] }));
});

test('the key of nobody, and no key at all', async () => {
  const stranger = aws.withKey('AKIASTRANGER');
  await refused(stranger.ec2.send(new DescribeSubnetsCommand({})), 'AuthFailure');
  await refused(stranger.s3.send(new ListObjectsV2Command({ Bucket: 'x' })), 'InvalidAccessKeyId');
  await refused(
    stranger.logs.send(new DescribeLogStreamsCommand({ logGroupName: '/x' })),
    'UnrecognizedClientException',
  );
  const group = new SetDesiredCapacityCommand({ AutoScalingGroupName: 'x', DesiredCapacity: 1 });
  await refused(stranger.autoScaling.send(group), 'InvalidClientTokenId');
  for (const client of Object.values(stranger)) client.destroy();
  const unsigned = await fetch(`${aws.cloud.url}/bucket`);
  assert.equal(unsigned.status, 403);
  const other = await post('dynamodb', {});
  assert.match(other.text, /does not imitate the service dynamodb/);
});

test('every call is logged with its caller, and counted', async () => {
  const { calls } = aws.cloud;
  const heard: string[] = [];
  const stop = calls.follow((call) => heard.push(`${call.caller} ${call.service} ${call.action} ${call.outcome}`));
  const sinceMs = Date.now();
  await aws.as('i-0000000a').s3.send(new CreateBucketCommand({ Bucket: 'logged' }));
  const tags = new CreateTagsCommand({ Resources: ['i-0000000b'], Tags: [{ Key: 'a', Value: 'b' }] });
  await refused(aws.as('i-0000000a').ec2.send(tags), 'InvalidInstanceID.NotFound');
  stop();
  const expected = ['i-0000000a s3 CreateBucket ok', 'i-0000000a ec2 CreateTags InvalidInstanceID.NotFound'];
  assert.deepEqual(heard, expected);
  const listed = calls.list({ caller: 'i-0000000a', sinceMs });
  assert.deepEqual(
    listed.map(({ service, action, status }) => [service, action, status]),
    [
      ['s3', 'CreateBucket', 200],
      ['ec2', 'CreateTags', 400],
    ],
  );
  const counted = calls.counts().filter(({ caller }) => caller === 'i-0000000a');
  assert.deepEqual(
    counted.map(({ action, calls, failures }) => [action, calls, failures]),
    [
      ['CreateBucket', 1, 0],
      ['CreateTags', 1, 1],
    ],
  );
});

test('JavaScript can read the patterns of the models', () => {
  const unread: string[] = [];
  for (const service of ['ec2', 'autoscaling', 'logs', 's3', 'route53', 'iam', 'sts']) {
    for (const [name, { pattern }] of Object.entries(models(service).shapes)) {
      if (pattern !== undefined && patternOf(pattern) === undefined) unread.push(`${service} ${name} ${pattern}`);
    }
  }
  assert.deepEqual(unread, []);
});

test('what is written is read back, and fits the model', () => {
  const scaling = models('autoscaling');
  const input = {
    AutoScalingGroupName: 'a & b',
    MinSize: 1,
    MaxSize: 3,
    LaunchTemplate: { LaunchTemplateName: 'template', Version: '$Latest' },
    Tags: [{ Key: 'k', Value: '<v>', PropagateAtLaunch: true }],
  };
  roundTripInput(scaling, 'CreateAutoScalingGroup', input);
  const Filters = [{ Name: 'tag:a.b', Values: ['x', 'y'] }];
  roundTripInput(models('ec2'), 'DescribeInstances', { InstanceIds: ['i-1', 'i-2'], Filters, MaxResults: 5 });
  const group = { AutoScalingGroupName: 'g', MinSize: 0, MaxSize: 1, DesiredCapacity: 1, DefaultCooldown: 300 };
  const fixed = { AvailabilityZones: ['a'], HealthCheckType: 'EC2', CreatedTime: new Date().toISOString() };
  const output = { AutoScalingGroups: [{ ...group, ...fixed, Tags: [{ Key: '"q"', Value: "'&'" }], Instances: [] }] };
  const operation = scaling.operations.DescribeAutoScalingGroups;
  assert.ok(operation?.output);
  assert.deepEqual(check(scaling, operation.output, output), []);
  assert.deepEqual(readOutput(scaling, operation, writeOutput(scaling, operation, output, 'id')), output);
});

function roundTripInput(model: ApiModel, action: string, input: Parameters<typeof writeForm>[2]): void {
  const operation: ApiOperation | undefined = model.operations[action];
  assert.ok(operation?.input);
  assert.deepEqual(check(model, operation.input, input), []);
  assert.deepEqual(readForm(model, operation.input, writeForm(model, action, input)), { input, problems: [] });
}

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogStreamCommand,
  DescribeLogStreamsCommand,
  paginateDescribeLogStreams,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { LocalAws, refused } from './local-aws.ts';

const Bucket = 'storage';
const logGroupName = '/zookeeper/storage';

let aws: LocalAws;
before(async () => {
  aws = await LocalAws.start();
  await aws.operator.s3.send(new CreateBucketCommand({ Bucket }));
  await aws.operator.logs.send(new CreateLogGroupCommand({ logGroupName }));
});
after(() => aws.close());

const put = (Key: string, Body: string, condition: { IfNoneMatch?: string; IfMatch?: string } = {}) =>
  aws.operator.s3.send(new PutObjectCommand({ Bucket, Key, Body, ...condition }));
const get = async (Key: string) =>
  (await aws.operator.s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

test('If-None-Match: of many who create a key at once, one does', async () => {
  const writers = Array.from({ length: 12 }, (_, at) => `writer ${at}`);
  const outcomes = await Promise.allSettled(writers.map((body) => put('claims/7.1.json', body, { IfNoneMatch: '*' })));
  const winners = writers.filter((_, at) => outcomes[at]?.status === 'fulfilled');
  assert.equal(winners.length, 1);
  assert.equal(await get('claims/7.1.json'), winners[0]);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.equal(outcome.reason.name, 'PreconditionFailed');
  }
});

test('If-Match: of many who replace the same version, one does', async () => {
  const { ETag = '' } = await put('report', 'first');
  const writers = Array.from({ length: 12 }, (_, at) => `writer ${at}`);
  const outcomes = await Promise.allSettled(writers.map((body) => put('report', body, { IfMatch: ETag })));
  const winners = writers.filter((_, at) => outcomes[at]?.status === 'fulfilled');
  assert.deepEqual([winners.length, await get('report')], [1, winners[0]]);
  await refused(put('nowhere', 'x', { IfMatch: ETag }), 'NoSuchKey');
});

test('conditions that S3 does not have', async () => {
  await refused(put('a', 'x', { IfNoneMatch: '"0123"' }), 'NotImplemented');
  await refused(put('a', 'x', { IfMatch: '*' }), 'NotImplemented');
  await refused(put('a', 'x', { IfMatch: '"0123"', IfNoneMatch: '*' }), 'NotImplemented');
});

test('reads and lists see the last write; a page is followed by the next', async () => {
  for (let at = 0; at < 5; at++) await put(`pages/${at}`, `${at}`);
  const { s3 } = aws.operator;
  const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'pages/', MaxKeys: 3 }));
  assert.deepEqual([first.KeyCount, first.IsTruncated], [3, true]);
  const ContinuationToken = first.NextContinuationToken ?? '';
  const second = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'pages/', MaxKeys: 3, ContinuationToken }));
  assert.deepEqual(
    second.Contents?.map(({ Key }) => Key),
    ['pages/3', 'pages/4'],
  );
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'pages/4' }));
  await refused(get('pages/4'), 'NoSuchKey');
  await refused(s3.send(new HeadObjectCommand({ Bucket, Key: 'pages/4' })), 'NotFound');
});

test("keys with any sign in them, and the service's clock", async () => {
  const key = 'a b/ü+%/../c=1&d';
  await put(key, 'odd');
  assert.equal(await get(key), 'odd');
  let date = '';
  const command = new HeadObjectCommand({ Bucket, Key: key });
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      if (typeof response === 'object' && response !== null && 'headers' in response) {
        date = (response.headers as Record<string, string>).date ?? '';
      }
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  const { LastModified } = await aws.operator.s3.send(command);
  assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, `Date: ${date}`);
  assert.ok(Math.abs((LastModified?.getTime() ?? 0) - Date.now()) < 60_000);
});

test('of many who create a log stream at once, one does', async () => {
  const create = (caller: string) =>
    aws.as(caller).logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: '7.1' }));
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, at) => create(`i-0000000${at % 3}`)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.equal(outcome.reason.name, 'ResourceAlreadyExistsException');
  }
});

test('log streams are listed in pages of fifty, with the time they were made', async () => {
  const { logs } = aws.operator;
  for (let at = 0; at < 60; at++) {
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: `${100 + at}.1` }));
  }
  const names: string[] = [];
  let pages = 0;
  for await (const page of paginateDescribeLogStreams({ client: logs }, { logGroupName })) {
    pages += 1;
    for (const { logStreamName = '', creationTime = 0 } of page.logStreams ?? []) {
      names.push(logStreamName);
      assert.ok(Math.abs(creationTime - Date.now()) < 60_000);
    }
  }
  assert.equal(pages, 2);
  assert.equal(new Set(names).size, 61);
  await logs.send(new DeleteLogStreamCommand({ logGroupName, logStreamName: '100.1' }));
  const missing = new DescribeLogStreamsCommand({ logGroupName: '/zookeeper/none' });
  await refused(logs.send(missing), 'ResourceNotFoundException');
});

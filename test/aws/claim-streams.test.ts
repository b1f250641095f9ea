// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { AgentError } from '../../src/errors.ts';
import { type FakeAnswer, fakeAws, jsonError, portsAt } from './support/fake-aws.ts';
import { answersUnder, LIMITED, MovedClock } from './support/moved-clock.ts';

const aws = await fakeAws();
after(() => aws[Symbol.asyncDispose]());
const { signal } = new AbortController();
const taken = jsonError('ResourceAlreadyExistsException');

/** Answers in this order, the last one for ever. */
function answers(...all: [FakeAnswer, ...FakeAnswer[]]): void {
  aws.answer((_, nth) => all[nth - 1] ?? all.at(-1) ?? all[0]);
}

test('the stream that the call made is created, one that was there exists', async () => {
  const { claimStreams } = await portsAt(aws.url);
  answers({});
  assert.equal(await claimStreams.create('7.1', signal), 'created');
  assert.deepEqual(JSON.parse(aws.requests[0]?.body ?? ''), {
    logGroupName: '/zookeeper/orders-4f1c2a90',
    logStreamName: '7.1',
  });
  answers(taken);
  assert.equal(await claimStreams.create('7.1', signal), 'exists');
  assert.equal(aws.requests.length, 1);
});

test('after an attempt that may have been carried out, a stream that exists is unsure', async () => {
  const lost: FakeAnswer[] = [
    'cut',
    { status: 500 },
    jsonError('ServiceUnavailableException', 503),
    { body: '<html>' },
  ];
  for (const answer of lost) {
    const { claimStreams } = await portsAt(aws.url);
    answers(answer, taken);
    assert.equal(await claimStreams.create('7.1', signal), 'unsure', JSON.stringify(answer));
    assert.equal(aws.requests.length, 2);
  }
});

test('an attempt that hangs is given up in time for another, and leaves the result unsure', async () => {
  const clock = new MovedClock();
  const { claimStreams } = await portsAt(aws.url, LIMITED, { clock });
  answersUnder(clock, aws, 'silent', taken);
  assert.equal(await claimStreams.create('7.1', signal), 'unsure');
});

test('an attempt that was refused unread changed nothing: the stream exists', async () => {
  for (const answer of [jsonError('ThrottlingException'), jsonError('OperationAbortedException')]) {
    const { claimStreams } = await portsAt(aws.url);
    answers(answer, taken);
    assert.equal(await claimStreams.create('7.1', signal), 'exists', JSON.stringify(answer));
  }
});

test('a lost answer followed by success is created: only one call can succeed', async () => {
  const { claimStreams } = await portsAt(aws.url);
  answers('cut', {});
  assert.equal(await claimStreams.create('7.1', signal), 'created');
});

test('doubt outlives a call that failed altogether, for that name alone', async () => {
  const { claimStreams } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  answers('cut');
  await assert.rejects(claimStreams.create('7.1', signal), { code: 'AWS_UNAVAILABLE' });
  answers(taken);
  assert.equal(await claimStreams.create('8.1', signal), 'exists');
  assert.equal(await claimStreams.create('7.1', signal), 'unsure');
  answers({});
  assert.equal(await claimStreams.create('7.1', signal), 'created');
});

test('an aborted call leaves doubt as well', async () => {
  const { claimStreams } = await portsAt(aws.url);
  answers('silent');
  const controller = new AbortController();
  const call = claimStreams.create('7.1', controller.signal);
  setTimeout(() => controller.abort(new Error('the tick is over')), 100);
  await assert.rejects(call, /the tick is over/);
  answers(taken);
  assert.equal(await claimStreams.create('7.1', signal), 'unsure');
});

test('a call whose answer is denied left no doubt', async () => {
  const { claimStreams } = await portsAt(aws.url);
  answers(jsonError('AccessDeniedException'));
  await assert.rejects(claimStreams.create('7.1', signal), { code: 'AWS_DENIED' });
  answers(taken);
  assert.equal(await claimStreams.create('7.1', signal), 'exists');
});

test('the list has all pages, empty ones between them too, with ages by the service', async () => {
  const { claimStreams } = await portsAt(aws.url);
  const pages = [
    { logStreams: [{ logStreamName: '1.1', creationTime: Date.parse('2030-01-01T00:00:00Z') }], nextToken: 'a' },
    { logStreams: [], nextToken: 'b' },
    { logStreams: [{ logStreamName: '10.2', creationTime: Date.parse('2030-01-01T00:59:59.900Z') }], nextToken: 'c' },
    { logStreams: [] },
  ];
  aws.answer((_, nth) => ({
    body: JSON.stringify(pages[nth - 1]),
    headers: { date: 'Tue, 01 Jan 2030 00:59:59 GMT', 'content-type': 'application/x-amz-json-1.1' },
  }));
  assert.deepEqual(await claimStreams.list(signal), [
    { name: '1.1', ageMs: 3_599_000 },
    { name: '10.2', ageMs: 0 },
  ]);
  const asked = aws.requests.map(({ body }) => JSON.parse(body));
  assert.deepEqual(
    asked.map(({ limit, nextToken }) => [limit, nextToken]),
    [
      [50, undefined],
      [50, 'a'],
      [50, 'b'],
      [50, 'c'],
    ],
  );
});

test('a list that fails on a later page, has no end or no times is no list', async () => {
  const { claimStreams } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  const first = { body: JSON.stringify({ logStreams: [], nextToken: 'a' }) };
  answers(first, { status: 500 });
  await assert.rejects(claimStreams.list(signal), { code: 'AWS_UNAVAILABLE' });
  answers(first, first, { body: JSON.stringify({ logStreams: [] }) });
  await assert.rejects(claimStreams.list(signal), { code: 'AWS_UNAVAILABLE', message: /do not end/ });
  answers({ body: JSON.stringify({ logStreams: [{ logStreamName: '1.1' }] }) });
  await assert.rejects(claimStreams.list(signal), { code: 'AWS_UNAVAILABLE', message: /has no time/ });
  answers({ body: '{}' });
  await assert.rejects(claimStreams.list(signal), { code: 'AWS_UNAVAILABLE', message: /no list of log streams/ });
});

test('a log group that is not there is a matter of the settings, never an empty list', async () => {
  const { claimStreams } = await portsAt(aws.url);
  answers(jsonError('ResourceNotFoundException'));
  for (const call of [claimStreams.list(signal), claimStreams.create('1.1', signal)]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof AgentError);
      assert.equal(error.code, 'BAD_SETTINGS');
      assert.match(error.message, /LOG_GROUP is "\/zookeeper\/orders-4f1c2a90"/);
      return true;
    });
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type FakeAnswer, fakeAws, portsAt, s3Error } from './support/fake-aws.ts';
import { answersUnder, LIMITED, MovedClock } from './support/moved-clock.ts';

const aws = await fakeAws();
after(() => aws[Symbol.asyncDispose]());
const { signal } = new AbortController();
const written: FakeAnswer = { headers: { etag: '"new"' } };
const taken = s3Error('PreconditionFailed', 412);

function answers(...all: [FakeAnswer, ...FakeAnswer[]]): void {
  aws.answer((_, nth) => all[nth - 1] ?? all.at(-1) ?? all[0]);
}

test('createOnce is one write on the condition that nothing is there, under the prefix of the cluster', async () => {
  const { objects } = await portsAt(aws.url);
  answers(written);
  assert.equal(await objects.createOnce('claims/7.1.json', '{"a":1}', signal), 'created');
  const [request] = aws.requests;
  assert.equal(request?.action, 'PUT /orders-data/orders-4f1c2a90/claims/7.1.json');
  assert.equal(request?.headers['if-none-match'], '*');
  assert.equal(request?.headers['content-type'], 'application/json');
  assert.equal(request?.body, '{"a":1}');
  answers(taken);
  assert.equal(await objects.createOnce('claims/7.1.json', '{"a":1}', signal), 'exists');
});

test('createOnce tries again after a race and after lost answers, within a limit', async () => {
  const { objects } = await portsAt(aws.url);
  const race = s3Error('ConditionalRequestConflict', 409);
  answers(race, race, written);
  assert.equal(await objects.createOnce('a', '{}', signal), 'created');
  answers('cut', s3Error('InternalError', 500), s3Error('SlowDown', 503), taken);
  assert.equal(await objects.createOnce('a', '{}', signal), 'exists');
  const { objects: hurried } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  answers(race);
  await assert.rejects(hurried.createOnce('a', '{}', signal), { code: 'AWS_UNAVAILABLE' });
  assert.ok(aws.requests.length <= 12);
});

test('replace holds to what was read: an etag, or that nothing was there', async () => {
  const { objects } = await portsAt(aws.url);
  answers(written);
  assert.equal(await objects.replace('reports/i-1.json', '{}', '"old"', signal), 'written');
  assert.equal(aws.requests[0]?.headers['if-match'], '"old"');
  assert.equal(aws.requests[0]?.headers['if-none-match'], undefined);
  answers(written);
  assert.equal(await objects.replace('reports/i-1.json', '{}', undefined, signal), 'written');
  assert.equal(aws.requests[0]?.headers['if-none-match'], '*');
  for (const answer of [taken, s3Error('ConditionalRequestConflict', 409), s3Error('NoSuchKey', 404)]) {
    answers(answer);
    assert.equal(await objects.replace('reports/i-1.json', '{}', '"old"', signal), 'conflict');
    assert.equal(aws.requests.length, 1);
  }
});

test('get tells an object, its etag and its age by the service; a missing key is undefined', async () => {
  const { objects } = await portsAt(aws.url);
  const found = {
    headers: {
      etag: '"e1"',
      date: 'Tue, 01 Jan 2030 01:00:00 GMT',
      'last-modified': 'Tue, 01 Jan 2030 00:59:00 GMT',
    },
    body: '{"größe":1}',
  };
  answers(found);
  assert.deepEqual(await objects.get('a/b.json', signal), {
    key: 'a/b.json',
    body: '{"größe":1}',
    etag: '"e1"',
    ageMs: 60_000,
  });
  answers(s3Error('NoSuchKey', 404));
  assert.equal(await objects.get('a/b.json', signal), undefined);
});

test('unknown is never absent: denied, a bare 404, no bucket, no date, cut and stalled answers are errors', async () => {
  const cases: [FakeAnswer, string][] = [
    [s3Error('AccessDenied', 403), 'AWS_DENIED'],
    [{ status: 403 }, 'AWS_DENIED'],
    [{ status: 404 }, 'AWS_REFUSED'],
    [s3Error('NoSuchBucket', 404), 'BAD_SETTINGS'],
    [{ headers: { date: '', etag: '"e"', 'last-modified': new Date().toUTCString() }, body: 'x' }, 'AWS_UNAVAILABLE'],
    [{ body: 'no etag' }, 'AWS_UNAVAILABLE'],
    ['cut', 'AWS_UNAVAILABLE'],
    ['stalled', 'AWS_UNAVAILABLE'],
    ['silent', 'AWS_UNAVAILABLE'],
  ];
  for (const [answer, code] of cases) {
    const clock = new MovedClock();
    const { objects } = await portsAt(aws.url, LIMITED, { clock });
    answersUnder(clock, aws, answer);
    await assert.rejects(objects.get('a', signal), { name: 'AgentError', code }, JSON.stringify(answer));
  }
});

test('a body that stops half way is read again', async () => {
  const clock = new MovedClock();
  const { objects } = await portsAt(aws.url, LIMITED, { clock });
  const whole = { headers: { etag: '"e"', 'last-modified': new Date().toUTCString() }, body: 'whole' };
  answersUnder(clock, aws, 'stalled', whole);
  assert.equal((await objects.get('a', signal))?.body, 'whole');
});

test('the list has all pages, without the prefix of the cluster', async () => {
  const { objects } = await portsAt(aws.url);
  const page = (keys: readonly string[], next?: string): FakeAnswer => {
    const contents = keys.map(
      (key) =>
        `<Contents><Key>${key}</Key><ETag>"e-${key.length}"</ETag><LastModified>2030-01-01T00:00:00.000Z</LastModified></Contents>`,
    );
    const more = `<IsTruncated>${next !== undefined}</IsTruncated>${next ? `<NextContinuationToken>${next}</NextContinuationToken>` : ''}`;
    return {
      headers: { 'content-type': 'application/xml', date: 'Tue, 01 Jan 2030 00:00:30 GMT' },
      body: `<ListBucketResult>${more}${contents.join('')}</ListBucketResult>`,
    };
  };
  answers(page(['orders-4f1c2a90/claims/1.1.json'], 't1'), page([], 't2'), page(['orders-4f1c2a90/claims/2.1.json']));
  assert.deepEqual(await objects.list('claims/', signal), [
    { key: 'claims/1.1.json', etag: '"e-31"', ageMs: 30_000 },
    { key: 'claims/2.1.json', etag: '"e-31"', ageMs: 30_000 },
  ]);
  assert.deepEqual(
    aws.requests.map(({ url }) => [url.searchParams.get('prefix'), url.searchParams.get('continuation-token')]),
    [
      ['orders-4f1c2a90/claims/', null],
      ['orders-4f1c2a90/claims/', 't1'],
      ['orders-4f1c2a90/claims/', 't2'],
    ],
  );
  answers({
    headers: { 'content-type': 'application/xml' },
    body: '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>',
  });
  const { objects: hurried } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  await assert.rejects(hurried.list('claims/', signal), { code: 'AWS_UNAVAILABLE' });
  answers(page(['another-cluster/claims/1.1.json']));
  await assert.rejects(hurried.list('claims/', signal), { code: 'AWS_UNAVAILABLE' });
});

test('a list without etags is not from S3', async () => {
  const { objects } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  const entry =
    '<Contents><Key>orders-4f1c2a90/reports/i-1.json</Key><LastModified>2030-01-01T00:00:00.000Z</LastModified></Contents>';
  answers({
    headers: { 'content-type': 'application/xml', date: 'Tue, 01 Jan 2030 00:00:30 GMT' },
    body: `<ListBucketResult><IsTruncated>false</IsTruncated>${entry}</ListBucketResult>`,
  });
  await assert.rejects(objects.list('reports/', signal), { code: 'AWS_UNAVAILABLE' });
});

test('an answer of 200 that is no list is not an empty list', async () => {
  const { objects } = await portsAt(aws.url, LIMITED, { clock: new MovedClock() });
  for (const body of ['<html>hello</html>', '', '{"a":1}', '<ListBucketResult><Conte']) {
    answers({ headers: { 'content-type': 'application/xml' }, body });
    await assert.rejects(objects.list('claims/', signal), { code: 'AWS_UNAVAILABLE' }, body);
  }
});

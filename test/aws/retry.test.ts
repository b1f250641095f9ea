// SPDX-License-Identifier: Apache-2.0
/** The attempts of one call, and its limits. Where a limit counts, the clock is the test's own and moves on request. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { AgentError } from '../../src/errors.ts';
import { ec2Error, type FakeAnswer, fakeAws, instance, instancesPage, portsAt } from './support/fake-aws.ts';
import { ATTEMPT_MS, answersUnder, LIMITED, MovedClock } from './support/moved-clock.ts';

const aws = await fakeAws();
after(() => aws[Symbol.asyncDispose]());
const { signal } = new AbortController();
/** No limit passes on the slowest machine. */
const PATIENT = { timings: { awsTimeoutMs: 180_000, metadataTimeoutMs: 60_000 } };
const fine = instancesPage([instance('i-1', 'running')]);
const YOUNG = { bootedMsAgo: () => 60_000 };

function answers(...all: [FakeAnswer, ...FakeAnswer[]]): void {
  aws.answer((_, nth) => all[nth - 1] ?? all.at(-1) ?? all[0]);
}

test('throttling, errors of the service and lost connections are tried again', async () => {
  const { ec2 } = await portsAt(aws.url, PATIENT);
  answers(ec2Error('RequestLimitExceeded', 503), ec2Error('InternalError', 500), 'cut', { status: 502 }, fine);
  assert.equal((await ec2.describe(['i-1'], signal)).length, 1);
  assert.equal(aws.requests.length, 5);
});

test('an answer that is slow but in time is taken', async () => {
  const clock = new MovedClock();
  const { ec2 } = await portsAt(aws.url, LIMITED, { clock });
  aws.answer(() => {
    clock.move(ATTEMPT_MS - 1);
    return fine;
  });
  assert.equal((await ec2.describe(['i-1'], signal)).length, 1);
  assert.equal(aws.requests.length, 1);
});

test('a refused request is not tried again', async () => {
  const { ec2 } = await portsAt(aws.url, PATIENT);
  answers(ec2Error('InvalidParameterValue'));
  await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_REFUSED', message: /InvalidParameterValue/ });
  assert.equal(aws.requests.length, 1);
});

test('every call ends: by the deadline, whatever happens, and with no more than a dozen attempts', async () => {
  for (const answer of ['silent', 'stalled', 'cut', ec2Error('RequestLimitExceeded', 503)] as const) {
    const clock = new MovedClock();
    const { ec2 } = await portsAt(aws.url, LIMITED, { clock });
    answersUnder(clock, aws, answer);
    await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_UNAVAILABLE', message: /within 600 ms/ });
    assert.ok(aws.requests.length >= 1 && aws.requests.length <= 12, `${aws.requests.length} attempts`);
  }
  const { ec2 } = await portsAt('http://127.0.0.1:9', LIMITED, { clock: new MovedClock() });
  await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_UNAVAILABLE', message: /ECONNREFUSED/ });
});

test('the attempts are a dozen even when there is time for more', async () => {
  const timings = { awsTimeoutMs: 60_000, metadataTimeoutMs: 600 };
  const { ec2 } = await portsAt(aws.url, { timings }, { clock: new MovedClock() });
  answers('cut');
  await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_UNAVAILABLE', message: /in 12 attempts/ });
  assert.equal(aws.requests.length, 12);
});

test('a deadline that passes on a later page is not blamed on a fault that had passed', async () => {
  const clock = new MovedClock();
  const { ec2 } = await portsAt(aws.url, LIMITED, { ...YOUNG, clock });
  answersUnder(clock, aws, ec2Error('UnauthorizedOperation', 403), instancesPage([], 'more'), 'silent');
  await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_UNAVAILABLE' });
});

test("the caller's abort ends a call at once with the caller's reason, between attempts too", async () => {
  for (const answer of ['silent', ec2Error('RequestLimitExceeded', 503)] as const) {
    const { ec2 } = await portsAt(aws.url, { timings: { awsTimeoutMs: 60_000, metadataTimeoutMs: 600 } });
    answers(answer);
    const controller = new AbortController();
    const reason = new Error('the tick is over');
    const call = ec2.describe(['i-1'], controller.signal);
    setTimeout(() => controller.abort(reason), 150);
    await assert.rejects(call, (error) => error === reason);
    await assert.rejects(ec2.describe(['i-1'], controller.signal), (error) => error === reason);
  }
});

test('what was denied is denied at once, but not in the first five minutes of an instance', async () => {
  const { ec2 } = await portsAt(aws.url, PATIENT);
  answers(ec2Error('UnauthorizedOperation', 403), fine);
  await assert.rejects(ec2.describe(['i-1'], signal), (error) => {
    assert.ok(error instanceof AgentError);
    assert.equal(error.code, 'AWS_DENIED');
    assert.match(error.message, /EC2 DescribeInstances.*i-1.*UnauthorizedOperation/);
    assert.match(error.next, /DescribeInstances/);
    assert.equal((error.cause as Error).name, 'UnauthorizedOperation');
    return true;
  });
  assert.equal(aws.requests.length, 1);

  const { ec2: young } = await portsAt(aws.url, PATIENT, YOUNG);
  answers(ec2Error('UnauthorizedOperation', 403), ec2Error('AuthFailure', 401), fine);
  assert.equal((await young.describe(['i-1'], signal)).length, 1);
  answers(ec2Error('UnauthorizedOperation', 403));
  const { ec2: still } = await portsAt(aws.url, LIMITED, { ...YOUNG, clock: new MovedClock() });
  await assert.rejects(still.describe(['i-1'], signal), {
    code: 'AWS_DENIED',
    message: /within 600 ms, after \d+ failed/,
  });
});

test('no credentials: an error of its own, and patience with a young instance', async () => {
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
  const credentials = {
    body: JSON.stringify({ AccessKeyId: 'A', SecretAccessKey: 's', Token: 't', Expiration: '2099-01-01T00:00:00Z' }),
  };
  let rolesAsked = 0;
  const withProfileFrom = (from: number) =>
    aws.answer(({ action }) => {
      if (action === 'PUT /latest/api/token') return { body: 'token' };
      if (action === 'GET /latest/meta-data/iam/security-credentials/') {
        rolesAsked += 1;
        return rolesAsked < from ? { status: 404 } : { body: 'the-role' };
      }
      return action === 'GET /latest/meta-data/iam/security-credentials/the-role' ? credentials : fine;
    });

  withProfileFrom(2);
  const { ec2 } = await portsAt(aws.url, PATIENT, { environment: none });
  await assert.rejects(ec2.describe(['i-1'], signal), { code: 'NO_CREDENTIALS', message: /no instance profile/ });
  assert.equal((await ec2.describe(['i-1'], signal)).length, 1);

  rolesAsked = 0;
  withProfileFrom(3);
  const { ec2: young, claimStreams } = await portsAt(aws.url, LIMITED, {
    ...YOUNG,
    environment: none,
    clock: new MovedClock(),
  });
  assert.equal((await young.describe(['i-1'], signal)).length, 1);
  await assert.rejects(claimStreams.list(signal), { name: 'AgentError' });
  assert.equal(rolesAsked, 3, 'the clients share one set of credentials');
  const sent = aws.requests.find(({ action }) => action === 'DescribeInstances');
  assert.match(String(sent?.headers.authorization), /Credential=A\//);
  assert.equal(sent?.headers['x-amz-security-token'], 't');
});

test("without a region in the settings it is the instance's own; messages name the node then", async () => {
  const identity = {
    instanceId: 'i-me',
    privateIp: '127.16.0.4',
    region: 'eu-north-1',
    availabilityZone: 'eu-north-1a',
  };
  aws.answer(({ action, headers }) => {
    if (action === 'PUT /latest/api/token') return { body: 'token' };
    if (action === 'GET /latest/dynamic/instance-identity/document') return { body: JSON.stringify(identity) };
    return String(headers.authorization).includes('/eu-north-1/ec2/') ? ec2Error('AccessDenied', 403) : { status: 500 };
  });
  const { ec2 } = await portsAt(aws.url, { region: undefined });
  await assert.rejects(ec2.describe(['i-1'], signal), { code: 'AWS_DENIED', message: /node i-me/ });

  aws.answer(() => ({ status: 500 }));
  const { ec2: lost } = await portsAt(aws.url, {
    region: undefined,
    timings: { awsTimeoutMs: 5_000, metadataTimeoutMs: 100 },
  });
  await assert.rejects(lost.describe(['i-1'], signal), { code: 'NO_METADATA' });
});

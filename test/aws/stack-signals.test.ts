// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type FakeAnswer, fakeAws, portsAt, queryError } from './support/fake-aws.ts';

const aws = await fakeAws();
after(() => aws[Symbol.asyncDispose]());
const { signal } = new AbortController();
const arn = 'arn:aws:cloudformation:eu-central-1:123456789012:stack/orders/4f1c2a90-1111-2222-3333-444455556666';
const stack = { arn, signalResource: 'Group' };
const DONE: FakeAnswer = {
  headers: { 'content-type': 'text/xml' },
  body: '<SignalResourceResponse><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SignalResourceResponse>',
};

function answers(...all: [FakeAnswer, ...FakeAnswer[]]): void {
  aws.answer((_, nth) => all[nth - 1] ?? all.at(-1) ?? all[0]);
}

function refusal(message: string): FakeAnswer {
  return queryError('ValidationError', 400, message);
}

test('a signal names the stack by its ARN, the resource, and the instance as its id', async () => {
  const { stackSignals } = await portsAt(aws.url, { stack });
  answers(DONE);
  assert.equal(await stackSignals.signal('SUCCESS', 'i-1', signal), 'told');
  const form = Object.fromEntries(aws.requests[0]?.form ?? []);
  assert.deepEqual(
    ['Action', 'StackName', 'LogicalResourceId', 'UniqueId', 'Status'].map((name) => form[name]),
    ['SignalResource', arn, 'Group', 'i-1', 'SUCCESS'],
  );
  assert.equal(await stackSignals.signal('FAILURE', 'i-1', signal), 'told');
  assert.equal(aws.requests[1]?.form.get('Status'), 'FAILURE');
});

test('outside of an operation nobody waits for a signal, which is fine', async () => {
  const { stackSignals } = await portsAt(aws.url, { stack });
  answers(refusal('Resource Group is in CREATE_COMPLETE state and cannot be signaled'));
  assert.equal(await stackSignals.signal('SUCCESS', 'i-1', signal), 'nobody-waits');
});

test('a signal whose answer was lost has been heard', async () => {
  const { stackSignals } = await portsAt(aws.url, { stack });
  answers('cut', refusal('Signal with ID i-1 for resource Group already exists. Signals may only be updated.'));
  assert.equal(await stackSignals.signal('SUCCESS', 'i-1', signal), 'told');
});

test('another refusal is an error, and so is a signal without a stack', async () => {
  const { stackSignals } = await portsAt(aws.url, { stack });
  answers(refusal('Stack orders does not exist'));
  await assert.rejects(stackSignals.signal('SUCCESS', 'i-1', signal), { code: 'AWS_REFUSED' });
  answers(queryError('AccessDenied', 403));
  await assert.rejects(stackSignals.signal('SUCCESS', 'i-1', signal), {
    code: 'AWS_DENIED',
    message: /SignalResource/,
  });
  const { stackSignals: nobody } = await portsAt(aws.url);
  await assert.rejects(nobody.signal('SUCCESS', 'i-1', signal), { code: 'BAD_SETTINGS' });
});

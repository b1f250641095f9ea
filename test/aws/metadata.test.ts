// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { InstanceMetadata } from '../../src/aws/metadata.ts';
import { MetadataService } from '../../src/aws/metadata-service.ts';
import { type FakeAnswer, fakeAws } from './support/fake-aws.ts';

const fake = await fakeAws();
after(() => fake[Symbol.asyncDispose]());
const { signal } = new AbortController();
const TOKEN = 'PUT /latest/api/token';
const IDENTITY = 'GET /latest/dynamic/instance-identity/document';
const STATE = 'GET /latest/meta-data/autoscaling/target-lifecycle-state';
const document = {
  instanceId: 'i-0123456789abcdef0',
  privateIp: '127.16.0.4',
  region: 'eu-central-1',
  availabilityZone: 'eu-central-1a',
  accountId: '1',
};

function metadata(timeoutMs = 2_000): InstanceMetadata {
  return new InstanceMetadata(new MetadataService(`${fake.url}/`, timeoutMs));
}

function answers(by: Readonly<Record<string, FakeAnswer>>): void {
  fake.answer(({ action }) => by[action] ?? (action === TOKEN ? { body: 'token' } : { status: 404 }));
}

test('who the node is, asked once, with one token', async () => {
  answers({ [IDENTITY]: { body: JSON.stringify(document) } });
  const port = metadata();
  assert.equal(port.instance, undefined);
  const identity = {
    instance: 'i-0123456789abcdef0',
    address: '127.16.0.4',
    region: 'eu-central-1',
    zone: 'eu-central-1a',
  };
  assert.deepEqual(await port.identity(signal), identity);
  assert.deepEqual(await port.identity(signal), identity);
  assert.equal(port.instance, 'i-0123456789abcdef0');
  await port.targetLifecycleState(signal);
  assert.deepEqual(
    fake.requests.map(({ action }) => action),
    [TOKEN, IDENTITY, STATE],
  );
  assert.equal(fake.requests[0]?.headers['x-aws-ec2-metadata-token-ttl-seconds'], '21600');
  assert.equal(fake.requests[1]?.headers['x-aws-ec2-metadata-token'], 'token');
});

test('the public address; an instance may have none', async () => {
  const PUBLIC = 'GET /latest/meta-data/public-ipv4';
  answers({});
  assert.equal(await metadata().publicAddress(signal), undefined);
  answers({ [PUBLIC]: { body: '198.51.100.7\n' } });
  assert.equal(await metadata().publicAddress(signal), '198.51.100.7');
  for (const odd of [{ body: '' }, { body: '<html>' }, { body: '198.51.100' }, { status: 500 }]) {
    answers({ [PUBLIC]: odd });
    await assert.rejects(metadata().publicAddress(signal), { code: 'NO_METADATA' });
  }
});

test('the target lifecycle state; before the first there is none', async () => {
  answers({});
  assert.equal(await metadata().targetLifecycleState(signal), undefined);
  answers({ [STATE]: { body: 'Terminated\n' } });
  assert.equal(await metadata().targetLifecycleState(signal), 'Terminated');
  answers({ [STATE]: { body: '<html>' } });
  await assert.rejects(metadata().targetLifecycleState(signal), { code: 'NO_METADATA' });
});

test('a token that is no longer taken is renewed once', async () => {
  let tokens = 0;
  const takes = (taken: string) =>
    fake.answer(({ action, headers }) => {
      if (action === TOKEN) {
        tokens += 1;
        return { body: `token${tokens}` };
      }
      return headers['x-aws-ec2-metadata-token'] === taken ? { body: 'InService' } : { status: 401 };
    });
  takes('token2');
  const port = metadata();
  assert.equal(await port.targetLifecycleState(signal), 'InService');
  assert.equal(tokens, 2);
  takes('none');
  await assert.rejects(port.targetLifecycleState(signal), { code: 'NO_METADATA', message: /401/ });
  assert.equal(tokens, 3);
});

test('a service that is not up yet or throttles is asked again', async () => {
  fake.answer(({ action }, nth) => {
    if (nth === 1) return 'cut';
    if (nth === 2) return { status: 503 };
    return action === TOKEN ? { body: 'token' } : { body: 'InService' };
  });
  assert.equal(await metadata().targetLifecycleState(signal), 'InService');
});

test('every other end is NO_METADATA, within the limit', async () => {
  const cases: Readonly<Record<string, FakeAnswer>>[] = [
    { [TOKEN]: { status: 403 } },
    { [TOKEN]: { body: '' } },
    { [TOKEN]: 'silent' },
    { [TOKEN]: { status: 404 } },
    { [IDENTITY]: 'silent' },
    { [IDENTITY]: 'stalled' },
    { [IDENTITY]: 'cut' },
    { [IDENTITY]: { status: 500 } },
    { [IDENTITY]: { status: 400 } },
    { [IDENTITY]: { status: 404 } },
    { [IDENTITY]: { body: 'not json' } },
    { [IDENTITY]: { body: 'null' } },
    { [IDENTITY]: { body: JSON.stringify({ ...document, privateIp: undefined }) } },
    { [IDENTITY]: { body: JSON.stringify({ ...document, region: 7 }) } },
    { [IDENTITY]: { body: ' '.repeat(100_000) } },
  ];
  for (const by of cases) {
    answers(by);
    await assert.rejects(
      metadata(400).identity(signal),
      { name: 'AgentError', code: 'NO_METADATA' },
      JSON.stringify(by),
    );
  }
  const nobody = new InstanceMetadata(new MetadataService('http://127.0.0.1:9', 400));
  await assert.rejects(nobody.identity(signal), { code: 'NO_METADATA' });
});

test("the caller's abort ends a question with the caller's reason", async () => {
  answers({ [STATE]: 'silent' });
  const controller = new AbortController();
  const reason = new Error('the tick is over');
  const asking = metadata(60_000).targetLifecycleState(controller.signal);
  setTimeout(() => controller.abort(reason), 100);
  await assert.rejects(asking, (error) => error === reason);
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentialsProvider } from '../../src/aws/credentials.ts';
import { MetadataService } from '../../src/aws/metadata-service.ts';
import { awsPorts } from '../../src/aws/ports.ts';
import { fakeAws } from './support/fake-aws.ts';

const fake = await fakeAws();
after(() => fake[Symbol.asyncDispose]());
const ROLES = 'GET /latest/meta-data/iam/security-credentials/';
const service = new MetadataService(fake.url, 1_000);

function profile(credentials: () => object): void {
  fake.answer(({ action }) => {
    if (action === 'PUT /latest/api/token') return { body: 'token' };
    if (action === ROLES) return { body: 'a-role' };
    return action === `${ROLES}a-role` ? { body: JSON.stringify(credentials()) } : { status: 404 };
  });
}

function good(lastsMs: number): object {
  const Expiration = new Date(Date.now() + lastsMs).toISOString();
  return { Code: 'Success', AccessKeyId: 'A', SecretAccessKey: 's', Token: 't', Expiration };
}

test('the environment first, then the instance profile', async () => {
  profile(() => good(3_600_000));
  const environment = { AWS_ACCESS_KEY_ID: 'E', AWS_SECRET_ACCESS_KEY: 'e', AWS_SESSION_TOKEN: 'x' };
  assert.deepEqual(await credentialsProvider(environment, service)(), {
    accessKeyId: 'E',
    secretAccessKey: 'e',
    sessionToken: 'x',
  });
  assert.equal(fake.requests.length, 0);
  const { expiration, ...rest } = await credentialsProvider({}, service)();
  assert.deepEqual(rest, { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't' });
  assert.ok(expiration instanceof Date);
});

test('they are asked for once, also by many at a time, until they are about to expire', async () => {
  let asked = 0;
  let lastsMs = 3_600_000;
  profile(() => {
    asked += 1;
    return good(lastsMs);
  });
  const provide = credentialsProvider({}, service);
  await Promise.all([provide(), provide(), provide()]);
  await provide();
  assert.equal(asked, 1);
  lastsMs = 200_000;
  const expiring = credentialsProvider({}, service);
  await expiring();
  await expiring();
  assert.equal(asked, 3);
});

test('an instance without a profile, or with credentials that are none, has no credentials; it is asked again', async () => {
  const bad = [
    { Code: 'AssumeRoleUnauthorizedAccess' },
    {},
    { ...good(1), Token: undefined },
    { ...good(1), Expiration: 'soon' },
  ];
  for (const answer of bad) {
    profile(() => answer);
    const provide = credentialsProvider({}, service);
    await assert.rejects(provide(), { name: 'NoCredentials', message: /a-role/ });
    profile(() => good(3_600_000));
    assert.equal((await provide()).accessKeyId, 'A');
  }
  fake.answer(({ action }) => (action.startsWith('PUT') ? { body: 'token' } : { status: 404 }));
  await assert.rejects(credentialsProvider({}, service)(), { name: 'NoCredentials', message: /no instance profile/ });
  fake.answer(() => ({ status: 403 }));
  const away = new MetadataService(fake.url, 300);
  await assert.rejects(credentialsProvider({}, away)(), { name: 'NoCredentials', message: /did not answer/ });
});

test('they are asked for as soon as the node knows its name, and a failure waits for the call that needs them', async () => {
  const identity = { instanceId: 'i-1', privateIp: '10.0.0.1', region: 'eu-west-1', availabilityZone: 'eu-west-1a' };
  const asked: string[] = [];
  fake.answer(({ action }) => {
    asked.push(action);
    if (action === 'PUT /latest/api/token') return { body: 'token' };
    return action.endsWith('/document') ? { body: JSON.stringify(identity) } : { status: 404 };
  });
  const timings = { awsTimeoutMs: 1_000, metadataTimeoutMs: 1_000 };
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: fake.url };
  const settings = { cluster: 'c', bucket: 'b', logGroup: 'g', timings };
  const { metadata, objects } = await awsPorts(settings, { environment });
  const { signal } = new AbortController();
  assert.equal((await metadata.identity(signal)).instance, 'i-1');
  assert.equal((await metadata.identity(signal)).instance, 'i-1');
  const endMs = Date.now() + 5_000;
  while (!asked.includes(ROLES) && Date.now() < endMs) await sleep(5);
  assert.equal(asked.filter((action) => action === ROLES).length, 1);
  await assert.rejects(objects.list('', signal), { code: 'NO_CREDENTIALS' });
});

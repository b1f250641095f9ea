import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type MetadataService, startMetadataService } from '../../lab/metadata/metadata-service.ts';

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN = 'x-aws-ec2-metadata-token';
let service: MetadataService;
let target: string | undefined;

before(async () => {
  service = await startMetadataService({
    listenAddress: '127.0.0.1',
    facts: {
      instance: 'i-0123456789abcdef0',
      address: '127.99.16.4',
      region: 'eu-west-1',
      zone: 'eu-west-1b',
      imageId: 'ami-1',
      instanceType: 't3.small',
      accountId: '123456789012',
      role: 'node',
      userData: '#!/bin/sh\n',
      tags: { zookeeper_cluster: 'orders-4f1c2a90' },
    },
    credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', token: 'session' },
    targetLifecycleState: async () => {
      if (target === 'broken') throw new Error('The group does not answer.');
      return target;
    },
  });
});
after(() => service.close());

async function ask(path: string, token?: string): Promise<{ status: number; body: string }> {
  const response = await fetch(service.url + path, { headers: token === undefined ? {} : { [TOKEN]: token } });
  return { status: response.status, body: await response.text() };
}

async function newToken(seconds = '60'): Promise<string> {
  const response = await fetch(`${service.url}/latest/api/token`, { method: 'PUT', headers: { [TTL]: seconds } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get(TTL), seconds);
  return response.text();
}

test('without a token, or with a wrong one, the answer is 401', async () => {
  assert.equal((await ask('/latest/meta-data/instance-id')).status, 401);
  assert.equal((await ask('/latest/meta-data/instance-id', 'AQAEwrong')).status, 401);
});

test('a token needs a lifetime between a second and six hours, and none that came through a proxy', async () => {
  const put = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${service.url}/latest/api/token`, { method: 'PUT', headers })).status;
  assert.equal(await put({}), 400);
  assert.equal(await put({ [TTL]: '0' }), 400);
  assert.equal(await put({ [TTL]: '21601' }), 400);
  assert.equal(await put({ [TTL]: '60', 'x-forwarded-for': '192.0.2.1' }), 403);
  assert.equal((await fetch(`${service.url}/latest/api/token`)).status, 405);
});

test('a token ends after its lifetime', async () => {
  const token = await newToken('1');
  assert.equal((await ask('/latest/meta-data/instance-id', token)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.equal((await ask('/latest/meta-data/instance-id', token)).status, 401);
});

test('the paths that the agent reads', async () => {
  const token = await newToken();
  const document = JSON.parse((await ask('/latest/dynamic/instance-identity/document', token)).body);
  assert.equal(document.instanceId, 'i-0123456789abcdef0');
  assert.equal(document.privateIp, '127.99.16.4');
  assert.equal(document.region, 'eu-west-1');
  assert.equal(document.availabilityZone, 'eu-west-1b');
  assert.equal((await ask('/latest/meta-data/instance-id', token)).body, 'i-0123456789abcdef0');
  assert.equal((await ask('/latest/meta-data/local-ipv4', token)).body, '127.99.16.4');
  assert.equal((await ask('/latest/meta-data/placement/availability-zone', token)).body, 'eu-west-1b');
  assert.equal((await ask('/latest/meta-data/placement/region', token)).body, 'eu-west-1');
  assert.equal((await ask('/latest/user-data', token)).body, '#!/bin/sh\n');
  assert.equal((await ask('/latest/meta-data/tags/instance/', token)).body, 'zookeeper_cluster');
  assert.equal((await ask('/latest/meta-data/tags/instance/zookeeper_cluster', token)).body, 'orders-4f1c2a90');
  assert.equal((await ask('/latest/meta-data/nonsense', token)).status, 404);
});

test('the target lifecycle state is 404 before the first', async () => {
  const token = await newToken();
  const path = '/latest/meta-data/autoscaling/target-lifecycle-state';
  target = undefined;
  assert.equal((await ask(path, token)).status, 404);
  target = 'Terminated';
  assert.deepEqual(await ask(path, token), { status: 200, body: 'Terminated' });
  target = 'broken';
  assert.equal((await ask(path, token)).status, 500);
});

test('credentials of the role, until they are taken away', async () => {
  const token = await newToken();
  const path = '/latest/meta-data/iam/security-credentials/';
  assert.equal((await ask(path, token)).body, 'node');
  const credentials = JSON.parse((await ask(`${path}node`, token)).body);
  assert.equal(credentials.AccessKeyId, 'ASIAEXAMPLE');
  assert.equal(credentials.Token, 'session');
  assert.ok(Date.parse(credentials.Expiration) > Date.now());
  assert.equal((await ask(`${path}another`, token)).status, 404);
  service.offerCredentials(false);
  assert.equal((await ask(path, token)).status, 404);
  assert.equal((await ask(`${path}node`, token)).status, 404);
  service.offerCredentials(true);
  assert.equal((await ask(path, token)).status, 200);
});

test('a service that is out of order answers nothing but errors', async () => {
  const token = await newToken();
  service.breakDown(true);
  assert.equal((await ask('/latest/meta-data/instance-id', token)).status, 500);
  service.breakDown(false);
  assert.equal((await ask('/latest/meta-data/instance-id', token)).status, 200);
});

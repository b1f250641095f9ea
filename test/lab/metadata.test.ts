// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, test } from 'node:test';
import type { MetadataOptions } from '../../lab/metadata/instance-metadata.ts';
import { startLinkLocalMetadata } from '../../lab/metadata/link-local-service.ts';
import { type MetadataEndpoint, startMetadataService } from '../../lab/metadata/metadata-service.ts';
import { freeLoopbackBlock } from '../../lab/zookeeper/loopback.ts';
import { waitFor } from './support/wait-for.ts';

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN = 'x-aws-ec2-metadata-token';
const PORT = 18_080;
let service: MetadataEndpoint;
let target: string | undefined;

function optionsOf(instance: string, address: string): MetadataOptions {
  return {
    facts: {
      instance,
      address,
      region: 'eu-west-1',
      zone: 'eu-west-1b',
      imageId: 'ami-1',
      instanceType: 't3.small',
      accountId: '123456789012',
      role: 'node',
      userData: '#!/bin/sh\n',
      publicKeys: [{ name: 'mine', openSsh: 'ssh-ed25519 AAAA mine' }],
      tags: { zookeeper_cluster: 'orders-4f1c2a90' },
    },
    credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', token: 'session' },
    targetLifecycleState: async () => {
      if (target === 'broken') throw new Error('The group does not answer.');
      return target;
    },
  };
}

before(async () => {
  service = await startMetadataService({
    listenAddress: '127.0.0.1',
    ...optionsOf('i-0123456789abcdef0', '127.99.16.4'),
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
  // That others are good meanwhile all the other tests show.
  const token = await newToken('1');
  await waitFor(async () => (await ask('/latest/meta-data/instance-id', token)).status === 401, {
    limitMs: 60_000,
    why: 'the token is not taken any more',
  });
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
  assert.equal((await ask('/latest/meta-data/public-ipv4', token)).status, 404);
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

test('directories are listed, with what is below them', async () => {
  target = 'InService';
  const token = await newToken();
  const list = async (path: string): Promise<readonly string[]> => (await ask(path, token)).body.split('\n');
  assert.deepEqual(await list('/latest/meta-data/placement/'), ['availability-zone', 'region']);
  const top = await list('/2021-03-23/meta-data/');
  for (const name of ['ami-id', 'autoscaling/', 'iam/', 'instance-id', 'placement/', 'public-keys/', 'tags/']) {
    assert.ok(top.includes(name), `${name} is not in ${top.join(' ')}`);
  }
  assert.deepEqual(await list('/latest/meta-data/public-keys/'), ['0=mine']);
  assert.deepEqual(await list('/latest/meta-data/public-keys/0/'), ['openssh-key']);
  assert.deepEqual(await list('/latest/meta-data/public-keys/0/openssh-key'), ['ssh-ed25519 AAAA mine']);
  assert.deepEqual(await list('/latest/dynamic/instance-identity/'), ['document']);
  target = undefined;
  assert.ok(!(await list('/latest/meta-data/')).includes('autoscaling/'));
  assert.equal((await ask('/latest/meta-data/autoscaling/', token)).status, 404);
});

test('one service for many tells instances by the address that asks, and only cloud-init needs no token', async () => {
  await using block = await freeLoopbackBlock();
  const host = block.address(1);
  const shared = await startLinkLocalMetadata({ address: host, port: PORT });
  const from = (localAddress: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const asked = get({ host, port: PORT, path, localAddress, headers }, (answer) => {
        answer.setEncoding('utf8').on('error', reject);
        let body = '';
        answer.on('data', (text: string) => {
          body += text;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      });
      asked.on('error', reject);
    });
  const path = '/latest/meta-data/instance-id';
  const cloudInit = { 'user-agent': 'Cloud-Init/22.4.2' };
  try {
    const one = shared.add(optionsOf('i-00000000000000001', '127.99.16.1'));
    shared.add(optionsOf('i-00000000000000002', '127.99.16.2'));
    assert.equal((await from('127.99.16.1', path)).status, 401);
    assert.equal((await from('127.99.16.1', path, cloudInit)).body, 'i-00000000000000001');
    assert.equal((await from('127.99.16.2', path, cloudInit)).body, 'i-00000000000000002');
    assert.equal((await from('127.99.16.3', path, cloudInit)).status, 404);
    await one.close();
    assert.equal((await from('127.99.16.1', path, cloudInit)).status, 404);
    const next = shared.add(optionsOf('i-00000000000000003', '127.99.16.1'));
    await one.close();
    assert.equal((await from('127.99.16.1', path, cloudInit)).body, 'i-00000000000000003', 'the address passed on');
    await next.close();
  } finally {
    await shared.close();
  }
});

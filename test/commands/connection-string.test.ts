// SPDX-License-Identifier: Apache-2.0
/** The servers of a cluster as clients take them: by the ensemble's own word, else by the instances that run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { bundle } from '../../build/bundle.ts';
import { connectionStringFrom } from '../../src/commands/connection-string.ts';
import { type EnsembleConfig, memberAt } from '../../src/model/member.ts';
import { toZxid } from '../../src/model/zxid.ts';
import { MemoryNode } from '../act/memory-node.ts';
import { LocalAws, waitFor } from '../cloud/local-aws.ts';
import { addressOf, CLUSTER, configOf, instanceOf } from '../decide/parts.ts';

const signal = AbortSignal.timeout(60_000);

/** A world in which these instances run, and the servers of some of them tell a config. */
function world(ids: readonly number[], configs: Readonly<Record<number, EnsembleConfig>> = {}): MemoryNode {
  const node = new MemoryNode();
  node.instances = ids.map((id) => ({ instance: instanceOf(id), state: 'running', address: addressOf(id) }));
  for (const [id, config] of Object.entries(configs)) node.configs.set(addressOf(Number(id)), config);
  return node;
}

const found = (node: MemoryNode) => connectionStringFrom(node.ports, CLUSTER, signal);

test('the members by the newest config that any server tells, those without an instance of the cluster too', async () => {
  const old = configOf([1, 2, 3], toZxid(5n));
  const config = configOf([2, 4, 9], toZxid(7n));
  const node = world([1, 2, 4, 5], { 1: old, 2: config, 4: config });
  assert.deepEqual(await found(node), {
    connectionString: `${addressOf(2)}:2181,${addressOf(4)}:2181,${addressOf(9)}:2181`,
    source: 'config',
    servers: [2, 4, 9].map((id) => ({ id, host: addressOf(id), port: 2_181 })),
  });
});

test('a server that listens everywhere is found at its member; one without a client port is left out', async () => {
  const members = [
    { ...memberAt(1, '10.0.0.1', 'participant'), clientAddress: '0.0.0.0' },
    { ...memberAt(2, 'fd00::2', 'observer'), clientAddress: '::', clientPort: 2_182 },
    { ...memberAt(3, '10.0.0.3', 'participant'), clientPort: 0 },
  ];
  const config = { version: toZxid(7n), members, notUnderstood: ['server.4=?'] };
  const { connectionString, notUnderstood } = await found(world([1], { 1: config }));
  assert.equal(connectionString, '10.0.0.1:2181,[fd00::2]:2182');
  assert.deepEqual(notUnderstood, ['server.4=?']);
});

test('the names that the nodes keep, whatever the servers say; while an update adds names, all of them', async () => {
  const node = world([1, 2], { 1: configOf([1, 2]) });
  const tagged = (tag: string) => node.instances.map((fact) => ({ ...fact, names: tag }));
  const [first, second] = [tagged('orders-4f1c2a90.internal/3'), tagged('orders-4f1c2a90.internal/5')];
  node.instances = [...first.slice(0, 1), ...second.slice(1)];
  const { connectionString, source, servers } = await found(node);
  assert.equal(connectionString, [1, 2, 3, 4, 5].map((place) => `zk${place}.orders-4f1c2a90.internal:2181`).join(','));
  assert.equal(source, 'names');
  assert.deepEqual(servers[0], { host: 'zk1.orders-4f1c2a90.internal', port: 2_181 });
  // Who is gone says nothing, and neither does a tag that somebody else wrote.
  node.instances = [
    { instance: instanceOf(1), state: 'running', address: addressOf(1), names: 'yes' },
    { instance: instanceOf(2), state: 'terminated', names: 'orders-4f1c2a90.internal/3' },
  ];
  assert.equal((await found(node)).source, 'config');
});

test('when no server answers: the instances that run, and no others', async () => {
  const node = world([3, 1]);
  node.instances.push(
    { instance: instanceOf(4), state: 'terminated' },
    { instance: instanceOf(5), state: 'stopped', address: addressOf(5) },
    { instance: instanceOf(6), state: 'pending' },
  );
  const { connectionString, source, servers } = await found(node);
  assert.equal(connectionString, `${addressOf(1)}:2181,${addressOf(3)}:2181`);
  assert.equal(source, 'instances');
  assert.equal(servers[0]?.id, undefined);
});

test('a cluster of which nothing runs is no empty string', async () => {
  const node = world([]);
  node.instances.push({ instance: instanceOf(1), state: 'terminated' });
  await assert.rejects(found(node), { code: 'ZOOKEEPER_UNAVAILABLE', message: new RegExp(CLUSTER) });
});

/** Runs the bundled agent as a person does on a machine that is no node. */
async function elsewhere(words: readonly string[], environment: Readonly<Record<string, string>>) {
  const { agent } = await bundle();
  const child = spawn(process.execPath, [agent, 'connection-string', ...words], {
    env: { PATH: process.env.PATH ?? '', AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { out: out.trim(), err: err.trim(), code: Number(code) };
}

test('on a machine that is no node: the cluster, the region and a key are enough', async () => {
  const aws = await LocalAws.start();
  try {
    const [subnet = ''] = await aws.subnets();
    const tags = { zookeeper_cluster: 'orders-4f1c2a90' };
    const ids = [await aws.run(subnet, tags), await aws.run(subnet, tags)];
    await aws.run(subnet, { zookeeper_cluster: 'billing-4f1c2a90' });
    const addresses: string[] = [];
    for (const id of ids) {
      await waitFor(`${id} runs`, async () => (await aws.state(id)) === 'running');
      addresses.push((await aws.seen(id))?.PrivateIpAddress ?? '');
    }
    const { accessKeyId, secretAccessKey } = aws.cloud.newKey('operator');
    const environment = {
      AWS_ENDPOINT_URL: aws.cloud.url,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: aws.cloud.region,
    };
    const run = await elsewhere(['--cluster', 'orders-4f1c2a90'], environment);
    assert.equal(run.code, 0, run.err);
    assert.equal(
      run.out,
      [...addresses]
        .sort()
        .map((address) => `${address}:2181`)
        .join(','),
    );
    assert.match(run.err, /No server answered here/);
    const json = await elsewhere(['--cluster', 'orders-4f1c2a90', '--json'], environment);
    assert.deepEqual([json.err, JSON.parse(json.out).source], ['', 'instances']);
    const other = await elsewhere(['--cluster', 'orders-4f1c2a90', '--region', 'eu-west-1'], environment);
    assert.equal(other.code, 1);
    const nobody = await elsewhere(['--cluster', 'nobody-4f1c2a90'], environment);
    assert.equal(nobody.code, 1);
    assert.match(nobody.err, /ZOOKEEPER_UNAVAILABLE/);
    const without = await elsewhere([], environment);
    assert.match(without.err, /BAD_SETTINGS.*CLUSTER/);
  } finally {
    await aws.close();
  }
});

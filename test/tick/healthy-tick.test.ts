// SPDX-License-Identifier: Apache-2.0
/** The healthy tick of the bundled agent: no AWS call, nothing heavy loaded, and every doubt goes the long way. */
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { acquireLock } from '../../src/lock.ts';
import {
  type AgentRun,
  followerMonitor,
  leaderMonitor,
  type NodeByHand,
  nodeByHand,
} from '../commands/node-by-hand.ts';

let node: NodeByHand;
before(async () => {
  node = await nodeByHand();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await rm(node.dataDir, { recursive: true, force: true });
  await rm(node.confDir, { recursive: true, force: true });
  await node.writeHealthy();
  node.words = { mntr: followerMonitor() };
  node.targetState = 'InService';
  node.publicAddress = undefined;
  node.awsCalls = 0;
  node.metadata.breakDown(false);
});

function isHealthy(run: AgentRun): boolean {
  return run.out.includes('"event":"healthy"');
}

function loads(run: AgentRun, pattern: RegExp): readonly string[] {
  return run.loaded.filter((name) => pattern.test(name));
}

test('a follower that serves is healthy: no AWS call, neither yargs nor the SDK nor node:http', async () => {
  const run = await node.run(['recovery']);
  assert.equal(run.code, 0);
  assert.ok(isHealthy(run), run.out + run.err);
  assert.equal(node.awsCalls, 0);
  assert.deepEqual(loads(run, /commands\.cjs|aws-sdk|NativeModule (_http|http|https|tls|crypto|net|stream)\b/), []);
  assert.equal(run.out.trim().split('\n').length, 1);
});

test('with something to do the same process loads the commands, so that the check above can fail', async () => {
  node.words = {};
  const run = await node.run(['recovery']);
  assert.ok(!isHealthy(run), run.out);
  assert.equal(loads(run, /commands\.cjs$/).length, 1);
  assert.ok(loads(run, /aws-sdk\.cjs$/).length === 1);
  assert.ok(node.awsCalls > 0);
});

test('data that is set aside is told in the healthy line', async () => {
  await mkdir(join(node.dataDir, 'aside', 'before-3'), { recursive: true });
  const run = await node.run(['recovery']);
  assert.ok(isHealthy(run), run.out + run.err);
  assert.match(run.out, /Member 1 serves as follower\. Data is set aside once/);
});

test('a leader is healthy only while every voter is connected', async () => {
  node.words = { mntr: leaderMonitor(2) };
  assert.ok(isHealthy(await node.run(['recovery'])));
  assert.equal(node.awsCalls, 0);
  node.words = { mntr: leaderMonitor(1) };
  assert.ok(!isHealthy(await node.run(['recovery'])));
});

test('who follows and does not vote vouches for no voter', async () => {
  node.words = { mntr: leaderMonitor(3, 1) };
  assert.ok(isHealthy(await node.run(['recovery'])));
  node.words = { mntr: leaderMonitor(2, 1) };
  assert.ok(!isHealthy(await node.run(['recovery'])));
});

test('a target state that is not there yet is no doubt', async () => {
  node.targetState = undefined;
  assert.ok(isHealthy(await node.run(['recovery'])));
});

test('settings as flags do not take the long way', async () => {
  const run = await node.run(['recovery', `--data-dir=${node.dataDir}`, '--cluster=orders-4f1c2a90']);
  assert.ok(isHealthy(run));
});

/** The config of three members at Elastic IPs; this node is member 1, at the first. */
async function standsOnElasticIp(): Promise<void> {
  node.publicAddress = '198.51.100.1';
  const lines = [1, 2, 3].map((id) => `server.${id}=198.51.100.${id}:2888:3888:participant;0.0.0.0:2181\n`);
  await writeFile(join(node.confDir, 'zoo.cfg.dynamic.100000007'), lines.join(''));
}

test('a member at an Elastic IP is healthy while its instance has that address, and its server serves', async () => {
  await standsOnElasticIp();
  const run = await node.run(['recovery'], { MODE: 'elastic-ip' });
  assert.ok(isHealthy(run), run.out + run.err);
  assert.equal(node.awsCalls, 0);
  assert.deepEqual(loads(run, /commands\.cjs|aws-sdk|NativeModule (_http|http|https|tls|crypto|net|stream)\b/), []);
});

for (const [elsewhere, address] of [
  ['another one', '198.51.100.2'],
  ['none', undefined],
] as const) {
  test(`a member at an Elastic IP whose instance has ${elsewhere} is never healthy`, async () => {
    await standsOnElasticIp();
    node.publicAddress = address;
    const lock = await acquireLock(node.lockFile);
    assert.ok(lock);
    try {
      const run = await node.run(['recovery'], { MODE: 'elastic-ip' });
      assert.match(run.out, /"event":"busy"/);
    } finally {
      lock.release();
    }
  });
}

const STACK = 'arn:aws:cloudformation:eu-central-1:123456789012:stack/orders/4f1c2a90-1111-2222-3333-444455556666';

test('with a stack the tick goes the long way until the stack was told, and then asks nobody again', async () => {
  const lock = await acquireLock(node.lockFile);
  assert.ok(lock);
  try {
    assert.match((await node.run(['recovery'], { STACK })).out, /"event":"busy"/);
  } finally {
    lock.release();
  }
  await writeFile(join(node.dataDir, 'zk-agent', 'signalled'), '');
  assert.ok(isHealthy(await node.run(['recovery'], { STACK, LAUNCH_HOOK: 'launch', TERMINATE_HOOK: 'terminate' })));
  assert.equal(node.awsCalls, 0);
});

const doubts: Readonly<Record<string, () => Promise<void> | void>> = {
  'an instance that is about to go': () => {
    node.targetState = 'Terminated';
  },
  'a metadata service that is out of order': () => node.metadata.breakDown(true),
  'a server without quorum': () => {
    node.words = { mntr: 'This ZooKeeper instance is not currently serving requests\n' };
  },
  'a fence': () => writeFile(join(node.dataDir, 'zk-agent', 'fence.json'), '{"record":1}'),
  'data without a stamp': () => rm(join(node.dataDir, 'zk-agent', 'stamp.json')),
  'a config whose voters nobody has looked at': () =>
    writeFile(join(node.dataDir, 'zk-agent', 'vouched'), '0000000100000006 3\n'),
  'a config that lacks a member': () => writeFile(join(node.dataDir, 'zk-agent', 'vouched'), '0000000100000007 4\n'),
  'no word of any config': () => rm(join(node.dataDir, 'zk-agent', 'vouched')),
  'a left-over report': () => writeFile(join(node.dataDir, 'zk-agent', 'reported'), ''),
  'a node that was told to leave': () => writeFile(join(node.dataDir, 'zk-agent', 'left'), ''),
  'a first start that is not over': () => rm(join(node.dataDir, 'zk-agent', 'ready')),
  'an id file with garbage': () => writeFile(join(node.dataDir, 'myid'), 'three\n'),
  'another id than the config’s': () => writeFile(join(node.dataDir, 'myid'), '9\n'),
  'a dynamic file that can not be parsed': () =>
    writeFile(join(node.confDir, 'zoo.cfg.dynamic.100000007'), 'server.x=\n'),
  'the version-less file of a first start': () =>
    writeFile(join(node.confDir, 'zoo.cfg'), `dynamicConfigFile=${join(node.confDir, 'zoo.cfg.dynamic')}\n`),
  'an observer': async () => {
    await vouch(1);
    const file = join(node.confDir, 'zoo.cfg.dynamic.100000007');
    await writeFile(file, `server.1=${node.address}:2888:3888:observer;${node.address}:2181\n`);
  },
  'a member of its id at another address': async () => {
    await vouch(1);
    const file = join(node.confDir, 'zoo.cfg.dynamic.100000007');
    await writeFile(file, 'server.1=127.0.0.9:2888:3888:participant;127.0.0.9:2181\n');
  },
};

/** So that it is not the number of members that tells. */
function vouch(members: number): Promise<void> {
  return writeFile(join(node.dataDir, 'zk-agent', 'vouched'), `0000000100000007 ${members}\n`);
}

for (const [doubt, make] of Object.entries(doubts)) {
  test(`${doubt} is never healthy`, async () => {
    await make();
    // Held, so that the long way ends before it does anything.
    const lock = await acquireLock(node.lockFile);
    assert.ok(lock);
    try {
      const run = await node.run(['recovery']);
      assert.match(run.out, /"event":"busy"/);
      assert.equal(run.code, 0);
      assert.equal(node.awsCalls, 0);
    } finally {
      lock.release();
    }
  });
}

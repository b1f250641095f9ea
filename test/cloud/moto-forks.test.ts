// SPDX-License-Identifier: Apache-2.0
/** Moto as a fork of a process that has loaded it: as good as one of its own, and gone with whoever asked for it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { startForkServer } from '../../cloud/moto/fork-server.ts';
import { FORKS_VARIABLE } from '../../cloud/moto/forks.ts';
import { REUSED_ADDRESSES, startMoto } from '../../cloud/moto/moto.ts';
import { waitFor } from './local-aws.ts';

const ADDRESS = '127.254.252.1';
const OUTER = process.env[FORKS_VARIABLE];

let server: Disposable;
before(async () => {
  server = await startForkServer();
});
after(() => {
  server[Symbol.dispose]();
  if (OUTER !== undefined) process.env[FORKS_VARIABLE] = OUTER;
});

function parentOf(pid: number): number {
  return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]);
}

async function newVpc(endpoint: string): Promise<string | undefined> {
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  const ec2 = new EC2Client({ endpoint, region: 'us-east-1', credentials });
  try {
    return (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))).Vpc?.VpcId;
  } finally {
    ec2.destroy();
  }
}

test('each fork has a state and ids of its own, and is gone when it is closed', async () => {
  await using ends = new AsyncDisposableStack();
  const [one, two] = await Promise.all([startMoto({ address: ADDRESS }), startMoto({ address: ADDRESS })]);
  ends.adopt(one, (moto) => moto.close());
  ends.adopt(two, (moto) => moto.close());
  assert.equal(parentOf(one.pid), parentOf(two.pid), 'both are forks');
  assert.notEqual(parentOf(one.pid), process.pid);
  const [ofOne, ofTwo] = await Promise.all([newVpc(one.url), newVpc(two.url)]);
  assert.ok(ofOne && ofTwo);
  assert.notEqual(ofOne, ofTwo);
  await one.close();
  assert.ok(!existsSync(`/proc/${one.pid}`));
  await one.close();
  assert.ok(await newVpc(two.url));
});

test('a port that is taken is said to be, and a start that is given up leaves no process', async () => {
  const moto = await startMoto({ address: ADDRESS });
  try {
    const port = Number(new URL(moto.url).port);
    await assert.rejects(startMoto({ address: ADDRESS, port }), /did not start[\s\S]*in use/);
    const why = new Error('no longer wanted');
    await assert.rejects(startMoto({ address: ADDRESS, signal: AbortSignal.abort(why) }), (error) => error === why);
  } finally {
    await moto.close();
  }
});

test('a fork ends with the process that asked for it', async () => {
  const script = `
    import { startMoto } from ${JSON.stringify(new URL('../../cloud/moto/moto.ts', import.meta.url).href)};
    console.log((await startMoto({ address: '${ADDRESS}' })).pid);
    setInterval(() => {}, 1000);`;
  const asker = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) => {
    asker.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
  });
  assert.notEqual(parentOf(pid), asker.pid, 'it is a fork');
  asker.kill('SIGKILL');
  await waitFor('the fork is gone', async () => !existsSync(`/proc/${pid}`));
});

test('who wants other settings, or finds nobody who makes forks, gets a process of its own', async () => {
  const other = await startMoto({ address: ADDRESS, environment: REUSED_ADDRESSES });
  assert.equal(parentOf(other.pid), process.pid);
  await other.close();
  const name = process.env[FORKS_VARIABLE];
  process.env[FORKS_VARIABLE] = 'nobody-listens-there';
  try {
    const alone = await startMoto({ address: ADDRESS });
    assert.equal(parentOf(alone.pid), process.pid);
    await alone.close();
  } finally {
    process.env[FORKS_VARIABLE] = name;
  }
});

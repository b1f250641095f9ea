// SPDX-License-Identifier: Apache-2.0
/** deploy.sh as a person or a script runs it: as a process, told where AWS is by the SDK's own settings. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { EXIT_CODES } from '../../deploy/errors.ts';
import { LocalAws, waitFor } from '../cloud/local-aws.ts';
import { clientsOf, giveWayOut, makeAccount, type TestAccount } from './support/account.ts';
import { type Nodes, playNodes } from './support/nodes.ts';

const SCRIPT = resolve(import.meta.dirname, '../../deploy.sh');
const KEY = 'AKIACOMMANDLINE';

let local: LocalAws;
let account: TestAccount;
let nodes: Nodes;
const running = new Set<ChildProcess>();

before(async () => {
  local = await LocalAws.start();
  account = await makeAccount(local);
  await giveWayOut(local, account);
  local.cloud.registerCaller(KEY, 'operator');
  nodes = playNodes(clientsOf(local, 'lab'));
});

after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await nodes[Symbol.asyncDispose]();
  await local.close();
});

interface Run {
  readonly child: ChildProcess;
  out: string;
  err: string;
  code: number;
  /** Resolves with the run itself when the process has ended. */
  readonly ended: Promise<Run>;
}

function start(words: readonly string[]): Run {
  const child = spawn(SCRIPT, ['--poll-seconds', '0.1', '--no-lint', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      AWS_ENDPOINT_URL: local.cloud.url,
      AWS_REGION: local.cloud.region,
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: 'not-checked',
    },
  });
  running.add(child);
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    run.code = Number(code);
    return run;
  });
  const run: Run = { child, out: '', err: '', code: -1, ended };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.err += text;
  });
  return run;
}

function creation(stack: string): readonly string[] {
  const { vpcId, subnets, imageId } = account;
  return ['--stackname', stack, '--vpcid', vpcId, '--subnets', ...subnets, '--ami', imageId, '--numhosts', '1'];
}

test('creates, prints the outputs alone on standard output, and deletes', async () => {
  const created = await start(creation('orders')).ended;
  assert.equal(created.code, 0, created.err);
  assert.match(created.out, /^Cluster +orders-[0-9a-f]{8}$/m);
  assert.equal(created.out.trim().split('\n').length, 7);
  // No progress is redrawn in a pipe.
  assert.ok(!created.err.includes('\r'));
  const again = await start([...creation('orders'), '--json']).ended;
  assert.equal(again.code, 0);
  assert.equal(JSON.parse(again.out).action, 'unchanged');
  const declined = await start(['--stackname', 'orders', '--delete']).ended;
  assert.equal(declined.code, EXIT_CODES.DECLINED);
  const deleted = await start(['--stackname', 'orders', '--delete', '--yes', '--with-data', '--json']).ended;
  assert.equal(deleted.code, 0, deleted.err);
  assert.equal(JSON.parse(deleted.out).removed.length, 2);
});

test('Ctrl-C ends it with 130 and says how to go on', async () => {
  nodes.mute = true;
  const run = start(creation('carts'));
  await waitFor('the group to be in the works', async () => /Group +CREATE_IN_PROGRESS/.test(run.err));
  run.child.kill('SIGINT');
  const { code, err } = await run.ended;
  nodes.mute = false;
  assert.equal(code, EXIT_CODES.INTERRUPTED);
  assert.match(err, /INTERRUPTED: .*goes on with the stack carts by itself\.\n.*same command again/);
  assert.equal((await start(creation('carts')).ended).code, 0);
});

test('wrong input ends it with 2', async () => {
  const { code, err } = await start([...creation('wrong'), '--keyname', 'nobodys']).ended;
  assert.equal(code, EXIT_CODES.BAD_INPUT);
  assert.match(err, /BAD_INPUT: The key pair nobodys/);
});

// SPDX-License-Identifier: Apache-2.0
/** `zk-agent zk`: the bundled program, run as people run it, on a real server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle } from '../../build/bundle.ts';
import { CREATOR_ACL, connect, type ZookeeperClient } from '../../src/client/index.ts';
import { nextStep, OWN_NEXT } from '../../src/zk/next-step.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';

const LIMIT = { timeout: 120_000 };

let agent: string;
let ensemble: RealEnsemble;
let servers: string;
let client: ZookeeperClient;

before(async () => {
  agent = (await bundle()).agent;
  const jvmOptions = ['-Dzookeeper.extendedTypesEnabled=true'];
  ensemble = await realEnsemble(1, { jvmOptions });
  servers = `${ensemble.server(1).address}:2181`;
  client = await connect({ servers });
});
after(async () => {
  await client?.close();
  await ensemble?.[Symbol.asyncDispose]();
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(words: readonly string[], environment: Readonly<Record<string, string>> = { ZK_SERVERS: servers }) {
  return spawn(process.execPath, [agent, 'zk', ...words], { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
}

async function zk(words: readonly string[], input = '', environment?: Readonly<Record<string, string>>): Promise<Ran> {
  const child = start(words, environment);
  child.stdin.end(input);
  const [[code], out, err] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code: code as number | null, out, err };
}

async function prints(words: readonly string[], input = ''): Promise<string> {
  const { code, out, err } = await zk(words, input);
  assert.equal(code, 0, err);
  return out;
}

test('what is written is read again: create, set, get, ls, tree, stat, rm', LIMIT, async () => {
  assert.equal(await prints(['create', '/app/config/main', 'first', '--parents']), '/app/config/main\n');
  assert.equal(await prints(['get', '/app/config/main']), 'first');
  await prints(['set', '/app/config/main', '-', '--version', '0'], 'from\nstandard input');
  assert.equal(await prints(['get', '/app/config/main']), 'from\nstandard input');
  assert.match(await prints(['create', '/app/job-', '--sequential']), /^\/app\/job-\d{10}\n$/);
  assert.equal(await prints(['ls', '/app']), 'config\njob-0000000001\n');
  assert.equal(await prints(['tree', '/app']), '/app\n  config\n    main\n  job-0000000001\n');
  assert.equal(await prints(['tree', '/app', '--depth', '1']), '/app\n  config\n  job-0000000001\n');
  assert.match(await prints(['stat', '/app']), /^childrenCount +2$/m);
  await prints(['rm', '/app', '--recursive']);
  assert.equal(await client.exists('/app'), undefined);
});

test('--json is one object on standard output, also for an error', LIMIT, async () => {
  await client.create('/json', { data: Buffer.from([0xff, 0x00]) });
  const found = JSON.parse(await prints(['get', '/json', '--json']));
  assert.equal(found.base64, '/wA=');
  assert.match(found.stat.czxid, /^0x[0-9a-f]+$/);
  assert.deepEqual(JSON.parse(await prints(['ls', '/json', '--json'])).children, []);
  const failed = await zk(['get', '/nowhere', '--json']);
  assert.equal(failed.code, 1);
  const { code, message, next } = JSON.parse(failed.out).error;
  assert.equal(code, 'NO_NODE');
  assert.match(message, /\/nowhere/);
  assert.match(next, /zk-agent zk ls/);
});

test('every error says what to do next, and the page has the same words', async () => {
  const page = await readFile(new URL('../../docs/zk-command.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)].map(([, code, next = '']) => [
    code,
    next.replaceAll('`', ''),
  ]);
  assert.deepEqual(Object.fromEntries(rows), OWN_NEXT);
  for (const code of ['NO_NODE', 'ENOENT', 'SOMETHING_ELSE']) assert.match(nextStep(code), /^[A-Z].{10,}\.$/);
});

test('errors are one line for people, usage is exit code 2, and nothing is changed', LIMIT, async () => {
  const missing = await zk(['get', '/nowhere']);
  assert.deepEqual([missing.code, missing.out], [1, '']);
  assert.match(missing.err, /^zk-agent zk get: .*NO_NODE.* Look at the path: .*\n$/);
  for (const words of [[], ['nonsense'], ['get'], ['get', '/', '--unknown'], ['import', 'x', '--existing', 'maybe']]) {
    assert.equal((await zk(words)).code, 2, words.join(' '));
  }
  assert.equal((await zk(['ls', '--auth', 'nobody'])).code, 2);
  await client.create('/kept', { data: Buffer.from('x') });
  assert.equal((await zk(['set', '/kept', 'y', '--version', '7'])).code, 1);
  for (const path of ['/', '/zookeeper', '/zookeeper/quota']) {
    assert.match((await zk(['rm', path, '--recursive'])).err, /PROTECTED_PATH/);
  }
  assert.equal((await client.get('/kept')).data.toString(), 'x');
  const nobody = await zk(['ls', '--timeout-ms', '500'], '', { ZK_SERVERS: `${ensemble.server(1).address}:1` });
  assert.equal(nobody.code, 1);
});

/** Changes the znode until the program, which takes its time to set the watch, prints a line. */
async function firstLine(child: ReturnType<typeof start>, change: () => Promise<unknown>): Promise<string> {
  let line: string | undefined;
  createInterface(child.stdout).once('line', (text) => {
    line = text;
  });
  while (line === undefined) {
    await change();
    await sleep(50);
  }
  return line;
}

test('watch prints a line for each change, and --count ends it; Ctrl-C is exit code 130', LIMIT, async () => {
  await client.create('/watched');
  const child = start(['watch', '/watched', '--recursive', '--json', '--count', '2']);
  const closed = once(child, 'close');
  let number = 0;
  const create = () => client.create(`/watched/a${number++}`);
  const { kind, path } = JSON.parse(await firstLine(child, create));
  assert.deepEqual([kind, path.startsWith('/watched/a')], ['created', true]);
  await create();
  assert.deepEqual(await closed, [0, null]);

  const endless = start(['watch', '/watched']);
  const ended = once(endless, 'close');
  assert.equal(await firstLine(endless, () => client.set('/watched', Buffer.from('x'))), 'changed /watched');
  endless.kill('SIGINT');
  assert.deepEqual(await ended, [130, null]);
});

test('acl and config; a login opens what is closed to others', LIMIT, async () => {
  assert.equal(await prints(['acl', '/']), 'cdrwa world:anyone\n');
  assert.match(await prints(['config']), /^server\.1=/);
  assert.equal(JSON.parse(await prints(['config', '--json'])).members.length, 1);
  await using owner = await connect({ servers });
  await owner.addAuth('digest', 'ann:secret');
  await owner.create('/closed', { data: Buffer.from('x'), acl: CREATOR_ACL });
  assert.match((await zk(['get', '/closed'])).err, /NO_AUTH/);
  assert.equal(await prints(['get', '/closed', '--auth', 'digest:ann:secret']), 'x');
});

test('as the runbook moves an ensemble, no number of a sequential znode is given again', LIMIT, async () => {
  const runbook = await readFile(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const [, block = ''] = /### Data that is not this cluster's[\s\S]*?```sh\n([\s\S]*?)```/.exec(runbook) ?? [];
  const shown = [...block.matchAll(/^zk-agent zk (.*)$/gm)].map(([, words = '']) => words.split(' '));
  assert.deepEqual(
    shown.map(([command]) => command),
    ['export', 'import'],
  );
  const [exported = [], imported = []] = shown;
  const [, top = '', arrow, name = ''] = exported;
  assert.equal(arrow, '>');
  assert.deepEqual(imported, ['import', name]);
  // Most jobs are done and gone, so that there are fewer children than numbers given.
  const jobs: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    jobs.push((await prints(['create', `${top}/jobs/job-`, '--sequential', '--parents'])).trim());
  }
  for (const job of jobs.slice(1)) await client.delete(job);
  const file = join(ensemble.directory, name);
  await writeFile(file, await prints(['export', top]));
  await prints(['rm', top, '--recursive']);
  await prints(['import', file]);
  const next = (await prints(['create', `${top}/jobs/job-`, '--sequential'])).trim();
  const last = jobs.at(-1) ?? '';
  assert.ok(next > last, `${next} comes after ${last}`);
});

test('an import is what was exported: data, kinds, ACLs; without ephemeral znodes', LIMIT, async () => {
  const file = join(ensemble.directory, 'export.jsonl');
  await client.create('/from', { data: Buffer.from([1, 2, 255]) });
  await client.create('/from/ttl', { ttlMs: 3_600_000 });
  await client.create('/from/container', { container: true });
  await client.create('/from/container/child', { acl: [{ permissions: 19, scheme: 'world', id: 'anyone' }] });
  await client.create('/from/session', { ephemeral: true });
  await writeFile(file, await prints(['export', '/from']));
  assert.equal((await readFile(file, 'utf8')).includes('session'), false);

  await prints(['import', file, '--to', '/copies/one']);
  assert.deepEqual((await client.get('/copies/one')).data, Buffer.from([1, 2, 255]));
  const again = await prints(['export', '/copies/one']);
  const znodes = (lines: string) => lines.split('\n').slice(1);
  const withoutCounter = (lines: string) => znodes(lines).map((line) => line.replace(/,"counter":\d+/, ''));
  assert.deepEqual(withoutCounter(again), withoutCounter(await readFile(file, 'utf8')));

  const refused = await zk(['import', file, '--to', '/copies/one']);
  assert.match(refused.err, /EXISTS_ALREADY/);
  await client.set('/copies/one', Buffer.from('mine'));
  await prints(['import', file, '--to', '/copies/one', '--existing', 'keep']);
  assert.equal((await client.get('/copies/one')).data.toString(), 'mine');
  await prints(['import', '-', '--to', '/copies/one', '--existing', 'replace'], await readFile(file, 'utf8'));
  assert.deepEqual((await client.get('/copies/one')).data, Buffer.from([1, 2, 255]));
});

test('after an import sequential znodes go on with a number that was never used', LIMIT, async () => {
  await client.create('/queue');
  for (let count = 0; count < 5; count++) await client.create('/queue/job-', { sequential: true });
  for (const name of (await client.getChildren('/queue')).children.slice(0, 3)) await client.delete(`/queue/${name}`);
  const exported = await prints(['export', '/queue']);
  await client.create('/queue/job-', { sequential: true });

  const behind = await zk(['import', '-', '--to', '/later', '--counters-by', '1'], exported);
  assert.equal(behind.code, 1);
  assert.match(behind.err, /\/later is 2 and should be 5.*COUNTERS_BEHIND/);
  await prints(['import', '-', '--to', '/later', '--existing', 'keep'], exported);
  assert.equal(await client.create('/later/job-', { sequential: true }), '/later/job-0000000005');
});

test('text that is no export is refused with its line, and nothing is created', LIMIT, async () => {
  const head = '{"format":1,"path":"/bad"}';
  const wrong = [
    '',
    'nonsense',
    '{"format":2,"path":"/bad"}',
    `${head}\n{"path":"/a","data":""}`,
    `${head}\n{"path":""}`,
  ];
  for (const input of wrong) {
    const run = await zk(['import', '-'], input);
    assert.equal(run.code, 1, input);
    assert.match(run.err, /BAD_EXPORT/);
  }
  assert.equal(await client.exists('/bad'), undefined);
});

test('the shell is offered commands, and the paths that the server has', LIMIT, async () => {
  await client.create('/shell');
  await client.create('/shell/one');
  assert.equal(await prints(['complete', '--', 'zk', 'exp']), 'export\n');
  assert.equal(await prints(['complete', '--', 'zk', 'get', '/shell/o']), '/shell/one\n');
  assert.match(await prints(['completion']), /^complete .* zk-agent$/m);
});

test('who reads may go away: a closed pipe is no error', LIMIT, async () => {
  await client.create('/wide');
  const names = Array.from({ length: 2_000 }, (_, number) => `/wide/${'x'.repeat(100)}${number}`);
  await Promise.all(names.map((path) => client.create(path)));
  const child = start(['tree', '/wide']);
  child.stdout.destroy();
  const [[code], err] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  assert.deepEqual([code, err], [0, '']);
});

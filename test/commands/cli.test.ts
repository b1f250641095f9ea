// SPDX-License-Identifier: Apache-2.0
/** The command line of the bundled agent: help, wrong usage and bad input, each with its exit code. */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { SETTINGS, type Setting } from '../../src/settings-table.ts';
import { type AgentRun, followerMonitor, type NodeByHand, nodeByHand } from './node-by-hand.ts';

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
  node.awsCalls = 0;
});

/** The error that the run told on standard error. */
function errorOf(run: AgentRun): { readonly code: string; readonly saw: string; readonly next: string } {
  const last = run.err.trim().split('\n').at(-1) ?? '';
  return JSON.parse(last);
}

const COMMANDS = [
  ...['bootstrap', 'recovery', 'remove-terminated', 'leave', 'status', 'maintenance', 'declare-gone'],
  'connection-string',
  'purge',
];

test('--help names every command, and exits 0', async () => {
  const run = await node.run(['--help']);
  assert.equal(run.code, 0);
  for (const command of COMMANDS) {
    assert.match(run.out, new RegExp(`zk-agent ${command}`));
  }
  for (const [key, { flag }] of Object.entries<Setting>(SETTINGS)) {
    const shown = flag === undefined ? key : `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    assert.match(run.out, new RegExp(`^ +${shown} +\\S`, 'm'));
  }
  assert.equal(run.err, '');
});

for (const command of COMMANDS) {
  test(`${command} --help has an example, and needs no settings`, async () => {
    const run = await node.run([command, '--help'], { ZK_AGENT_ENV_FILE: '/nowhere/agent.env' });
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /Examples:/);
    assert.equal(node.awsCalls, 0);
  });
}

const wrongUsages = [
  ['--unknown'],
  ['recovery', '--unknown'],
  ['nonsense'],
  [],
  ['maintenance', 'perhaps'],
  ['maintenance'],
  ['declare-gone'],
  ['declare-gone', '201'],
  ['connection-string', 'orders'],
  ['declare-gone', 'nine', '10.0.0.9'],
];
for (const words of wrongUsages) {
  test(`"${words.join(' ')}" is wrong usage: exit code 2, and nothing happens`, async () => {
    const run = await node.run(words);
    assert.equal(run.code, 2, run.err);
    assert.equal(errorOf(run).code, 'BAD_ARGUMENT');
    assert.equal(node.awsCalls, 0);
  });
}

test('a missing setting is named', async () => {
  const file = join(node.directory, 'empty.env');
  await writeFile(file, '');
  const run = await node.run(['recovery'], { ZK_AGENT_ENV_FILE: file });
  assert.equal(run.code, 1);
  assert.equal(errorOf(run).code, 'BAD_SETTINGS');
  assert.match(errorOf(run).saw, /CLUSTER/);
});

test('a settings file that is named and not there is an error, not an empty one', async () => {
  const run = await node.run(['recovery'], { ZK_AGENT_ENV_FILE: join(node.directory, 'missing.env') });
  assert.equal(run.code, 1);
  assert.equal(errorOf(run).code, 'BAD_SETTINGS');
});

test('files that can not be understood are told by name, and left as they are', async () => {
  await writeFile(join(node.dataDir, 'myid'), 'three\n');
  await writeFile(join(node.confDir, 'zoo.cfg.dynamic.100000007'), '');
  const run = await node.run(['recovery']);
  assert.match(run.out, /myid can't be understood .*three/);
  assert.match(run.out, /zoo\.cfg can't be understood .*zoo\.cfg\.dynamic\.100000007 names no server/);
  assert.equal(await readFile(join(node.dataDir, 'myid'), 'utf8'), 'three\n');
});

test('data of another cluster is refused', async () => {
  const stamp = { cluster: 'billing-11112222', lineage: 1, id: 1 };
  await writeFile(join(node.dataDir, 'zk-agent', 'stamp.json'), JSON.stringify(stamp));
  const run = await node.run(['recovery']);
  assert.equal(run.code, 1, run.out);
  assert.equal(errorOf(run).code, 'DATA_OF_ANOTHER_CLUSTER');
});

test('a data directory that is not there is an error, not a node without data', async () => {
  await rm(node.dataDir, { recursive: true });
  const run = await node.run(['recovery']);
  assert.equal(run.code, 1, run.out);
  assert.deepEqual((await readdir(node.directory)).includes('data'), false);
});

test('AWS that answers nobody: a dry run says so, and changes nothing', async () => {
  const run = await node.run(['recovery', '--dry-run']);
  assert.equal(run.code, 0, run.err);
  const said = JSON.parse(run.out.trim().split('\n').at(-1) ?? '');
  assert.equal(said.event, 'dry-run');
  assert.equal(said.saw.shared.known, false);
  assert.equal(said.decided.kind, 'wait');
  assert.ok(node.awsCalls > 0);
});

test('AWS that answers nobody: status says that the node serves, and does not call the leader lost', async () => {
  node.words = { mntr: followerMonitor() };
  const run = await node.run(['status']);
  node.words = {};
  assert.equal(run.code, 0, run.err);
  assert.match(run.out, /^healthy {3}Member 1 serves as follower\.$/m);
  assert.match(run.out, /AWS unknown .*leader not known without AWS/);
  assert.doesNotMatch(run.out, /no leader/);
});

test('AWS that answers nobody: no server is declared gone', async () => {
  const run = await node.run(['declare-gone', '9', '10.0.0.9', '--yes']);
  assert.equal(run.code, 1, run.out);
  assert.equal(errorOf(run).code, 'NOT_GONE');
  assert.match(errorOf(run).saw, /Member 9 at 10\.0\.0\.9 is not declared gone: .* can't be read/);
});

test('every line of a run is one JSON object with a time', async () => {
  const run = await node.run(['recovery']);
  const lines = `${run.out}${run.err}`.trim().split('\n');
  assert.ok(lines.length > 0);
  for (const line of lines) assert.ok(!Number.isNaN(Date.parse(JSON.parse(line).time)), line);
});

test('a run that can do nothing leaves the files of the node as they are', async () => {
  const before = [await readdir(node.dataDir), await readdir(node.confDir)];
  await node.run(['recovery', '--dry-run']);
  await node.run(['status']);
  assert.deepEqual([await readdir(node.dataDir), await readdir(node.confDir)], before);
  assert.deepEqual((await readdir(join(node.dataDir, 'zk-agent'))).toSorted(), ['ready', 'stamp.json', 'vouched']);
});

test('a symbolic link tells the command by its name', async () => {
  const link = join(node.directory, 'zk-remove-terminated');
  await symlink(node.agent, link);
  const run = await node.run(['--help'], {}, link);
  assert.equal(run.code, 0, run.err);
  assert.match(run.out, /zk-agent remove-terminated/);
  assert.match(run.out, /who would be removed, and why/);
});

// SPDX-License-Identifier: Apache-2.0
/** Maintenance holds changes back until it is over; and what `status` says of data set aside. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Status } from '../../src/commands/status.ts';
import { adviceSentence } from '../../src/model/advice.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { oneEnsemble } from './support/agreement.ts';
import { startLab, staysSo, type TestLab, waitFor } from './support/lab.ts';
import { succeeds } from './support/person-commands.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 120_000;
const WINDOWS_MS = 2.5 * LAB_TIMINGS.recoveryQuietMs;

test('maintenance: no join, no removal, no force, but a killed server restarts; off resumes; status lists data aside', {
  timeout: 600_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  const written = await WrittenData.start(lab);
  await written.write(50);
  const leader = await lab.leader();
  const [victim, other] = await lab.followers(2);
  assert.ok(victim && other?.address && leader.address);
  const config = await lab.configOf(leader.address);

  assert.match((await succeeds(lab.agent(leader.instance, ['maintenance', 'on']))).stdout, /Maintenance is on/);
  await lab.terminate(victim.instance);
  await lab.untilGone([victim.instance]);
  const said = (instance: string, words: RegExp) => lab.agentLog(instance).some((line) => words.test(String(line.why)));
  const fresh = await lab.nodeWhere(
    'the replacement says that it waits for the end of maintenance',
    (node) => node.instance !== victim.instance && said(node.instance, /does not join yet: .*maintenance/),
    LIMIT_MS,
  );
  const serversOf = (): readonly number[] =>
    lab
      .host(other.instance)
      .machine.zookeeperProcesses()
      .map(({ pid }) => pid);
  const killed = serversOf();
  await lab.kill(other.instance, 'zookeeper');
  const isBack = async (): Promise<boolean> => {
    const another = serversOf().some((pid) => !killed.includes(pid));
    return another && (await lab.srvr(other.address ?? '')).kind === 'serving';
  };
  await waitFor(isBack, { limitMs: LIMIT_MS, why: 'the killed server is back from its own files' });
  await written.write(20, [leader.address, other.address]);
  // The killed server cost the leader its quorum, so the election after it may be won by either.
  await waitFor(() => [leader, other].some(({ instance }) => said(instance, /is held back: .*maintenance/)), {
    limitMs: LIMIT_MS,
    why: 'who leads says that the removal is held back',
  });
  assert.deepEqual(await lab.configOf(leader.address), config, 'Nobody was removed and nobody joined.');
  assert.deepEqual(lab.host(fresh.instance).machine.zookeeperProcesses(), []);

  assert.match((await succeeds(lab.agent(leader.instance, ['maintenance', 'off']))).stdout, /Maintenance is off/);
  await written.checkOn(await oneEnsemble(lab, 3));

  await succeeds(lab.agent(leader.instance, ['maintenance', 'on']));
  const [survivor] = await lab.followers(1);
  assert.ok(survivor.address);
  await written.reaches(survivor.address);
  const lost = (await lab.nodes()).map((node) => node.instance).filter((instance) => instance !== survivor.instance);
  await lab.terminate(lost);
  await lab.untilGone(lost);
  const heldBack = /quorum is lost for good, and the recovery is held back: .*maintenance/;
  await waitFor(() => said(survivor.instance, heldBack), {
    limitMs: LIMIT_MS,
    why: 'the survivor says what it waits for',
  });
  await staysSo(async () => (await lab.records()).length === 1, { limitMs: WINDOWS_MS, why: 'nothing is forced' });

  // On a fresh node, as the survivor's agent is at work under its lock.
  const someone = await lab.nodeWhere(
    'a fresh node is on',
    (node) => node.machine === 'running' && ![survivor.instance, ...lost].includes(node.instance),
  );
  await succeeds(lab.agent(someone.instance, ['maintenance', 'off']));
  await written.checkOn(await oneEnsemble(lab, 3));
  assert.deepEqual(
    (await lab.records()).map((record) => record.kind),
    ['genesis', 'forced'],
  );
  await checkAside(lab, survivor.instance);
});

/** `status` names what was set aside with its size and the command that removes it, and that command does. */
async function checkAside(lab: TestLab, instance: string): Promise<void> {
  const status = async (): Promise<Status> =>
    JSON.parse((await succeeds(lab.agent(instance, ['status', '--json']))).stdout) as Status;
  const folder = join(lab.directoryOf(instance), 'data', 'aside');
  // A look that one voter was too slow for says "kept", and rightly: the next one knows.
  const shown = async () => ({
    aside: (await status()).aside,
    text: (await succeeds(lab.agent(instance, ['status']))).stdout,
  });
  const { aside, text } = await waitFor(
    async () => {
      const now = await shown();
      return now.aside.every(({ remove }) => remove) && !/kept: not every voter serves/.test(now.text)
        ? now
        : undefined;
    },
    { limitMs: LIMIT_MS, why: 'every voter serves, and what was set aside may be removed' },
  );
  assert.deepEqual(
    aside.map((each) => each.name),
    readdirSync(folder).filter((name) => !name.startsWith('.')),
  );
  for (const { name, sizeBytes, remove, lineage } of aside) {
    const [, removeWith = ''] = /run "(rm .*)" on/.exec(remove ? adviceSentence(remove) : '') ?? [];
    assert.equal(lineage, 1);
    assert.equal(sizeBytes, sizeOf(join(folder, name)));
    assert.ok(sizeBytes > 1_000 && text.includes(name) && text.includes(removeWith), text);
    execFileSync('/bin/sh', ['-c', removeWith]);
    assert.ok(!existsSync(join(folder, name)), `${removeWith} removes it.`);
  }
  assert.ok(aside.length > 0);
  assert.deepEqual((await status()).aside, []);
}

function sizeOf(path: string): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

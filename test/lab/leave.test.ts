// SPDX-License-Identifier: Apache-2.0
/** What the operator does by hand: leave and rejoin, maintenance, removals, and commands that only look. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AgentRun } from '../../lab/hypervisor/machine.ts';
import type { Status } from '../../src/commands/status.ts';
import { adviceSentence } from '../../src/model/advice.ts';
import { votersOf } from '../../src/model/member.ts';
import { LAB_TIMINGS } from '../../src/timings.ts';
import { readDataDirectory } from '../../src/zookeeper/data-directory.ts';
import { oneEnsemble } from './support/agreement.ts';
import { startLab, staysSo, type TestLab, waitFor } from './support/lab.ts';
import { bootstrapped } from './support/survivors.ts';
import { errorOf, lineOf } from './support/told.ts';
import { nothingChangesOn } from './support/unchanged.ts';
import { wholeRun } from './support/whole-run.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 120_000;
const WINDOWS_MS = 2.5 * LAB_TIMINGS.recoveryQuietMs;
/** A command that can only wait gives up after this. */
const SHORT = { TIMINGS: JSON.stringify({ ...LAB_TIMINGS, tickLimitMs: 4_000, bootstrapLimitMs: 4_000 }) };

async function succeeds(run: Promise<AgentRun>): Promise<AgentRun> {
  const ended = await run;
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  return ended;
}

/** The steps of a run in their order, as far as they were brought to an end. */
function stepsOf(run: AgentRun): readonly unknown[] {
  return run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === 'acted')
    .map((line) => line.step);
}

async function voterIds(lab: TestLab, address: string): Promise<readonly number[]> {
  return votersOf(await lab.configOf(address))
    .map((member) => member.id)
    .sort();
}

/** Asserts again until all of it holds. In one look a busy server may be late with its answer. */
async function onceSo(why: string, check: () => Promise<void>): Promise<void> {
  await waitFor(() => check().then(() => true), { limitMs: LIMIT_MS, why });
}

/** Takes the node out with `zk-agent leave` and checks that it went as it should. */
async function leave(lab: TestLab, instance: string): Promise<void> {
  const { address } = lab.host(instance);
  const before = await lab.configOf(address);
  const run = await succeeds(lab.agent(instance, ['leave']));
  // Between its removal and the election that follows it the leader may find nobody to follow, reports,
  // and withdraws the report in the end.
  const steps = stepsOf(run).filter((step) => step !== 'write-report' && step !== 'withdraw-report');
  assert.deepEqual(steps, ['mark-left', 'remove-self', 'stop-removed'], run.stdout);
  assert.deepEqual(lab.host(instance).machine.zookeeperProcesses(), [], 'Its server is stopped.');

  const others = before.members.filter((member) => member.address !== address);
  for (const other of others) {
    await waitFor(async () => (await lab.srvr(other.address)).kind === 'serving', {
      limitMs: LIMIT_MS,
      why: 'it serves',
    });
    const config = await lab.configOf(other.address);
    assert.deepEqual(config.members, others, 'The config is without it, and with everybody else.');
    const data = await readDataDirectory(
      join(lab.directoryOf(instance), 'data', 'version-2'),
      AbortSignal.timeout(LIMIT_MS),
    );
    // The later write is in its own log as well if its server answered then. A leader may not, between its removal and
    // the election of the next one (test/act/order holds the order of the step).
    assert.ok((data?.lastZxid ?? '') >= config.version, 'Its own server committed its removal before it stopped.');
  }
}

/** Neither ticks nor a boot bring a node back that was told to leave. */
async function staysOut(lab: TestLab, instance: string, others: string): Promise<void> {
  const config = await lab.configOf(others);
  for (const command of ['recovery', 'bootstrap', 'recovery']) {
    const run = await succeeds(lab.agent(instance, [command]));
    assert.match(String(lineOf(run, 'done').why), /has left/);
  }
  await lab.reboot(instance);
  assert.equal(await lab.host(instance).machine.bootstrapped, 0);
  await succeeds(lab.agent(instance, ['recovery']));
  assert.deepEqual(lab.host(instance).machine.zookeeperProcesses(), []);
  assert.deepEqual(await lab.configOf(others), config);
}

test('leave on a follower, then on the leader, of 3; the mark outlives ticks and boots; --rejoin brings both back', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, ticks: 'never' });
  await lab.healthy();
  await bootstrapped(lab);
  const written = await WrittenData.start(lab);
  await written.write(50);
  const first = await lab.leader();
  const [follower, other] = await lab.followers(2);
  assert.ok(follower?.address && other?.address && first.address);

  await lab.pause(other.instance);
  // A look that the leader was too slow for says that nobody serves.
  const held = /only 1 of the other 2 voters serve/;
  await onceSo('a dry run says who serves', async () => {
    const dry = await succeeds(lab.agent(follower.instance, ['leave', '--dry-run']));
    assert.match(String(lineOf(dry, 'dry-run').why), held);
  });
  await onceSo('it gives up and says why', async () =>
    assert.match(errorOf(await lab.agent(follower.instance, ['leave'], { environment: SHORT })).saw, held),
  );
  await lab.resume(other.instance);
  await waitFor(async () => (await lab.srvr(other.address ?? '')).kind === 'serving', {
    limitMs: LIMIT_MS,
    why: 'it is back',
  });
  assert.equal((await voterIds(lab, first.address)).length, 3, 'Nobody was removed while it would cost the quorum.');
  await wholeRun(lab, follower.instance, ['recovery']);
  assert.equal((await lab.followers(2)).length, 2, 'Giving up left no mark.');

  await leave(lab, follower.instance);
  await written.write(20, [first.address]);
  await staysOut(lab, follower.instance, first.address);

  await leave(lab, first.instance);
  await written.write(20, [other.address]);
  await staysOut(lab, first.instance, other.address);
  assert.deepEqual(await voterIds(lab, other.address), [other.id]);
  await onceSo('the last voter is refused', async () =>
    assert.match(errorOf(await lab.agent(other.instance, ['leave'], { environment: SHORT }), 2).saw, /last voter/),
  );
  assert.deepEqual(await voterIds(lab, other.address), [other.id], 'The last voter stays.');
  assert.ok(!existsSync(join(lab.directoryOf(other.instance), 'data', 'zk-agent', 'left')));

  for (const node of [first, follower]) {
    await succeeds(lab.agent(node.instance, ['bootstrap', '--rejoin']));
    assert.equal((await lab.node(node.id ?? 0)).instance, node.instance, 'It has its id again.');
  }
  await written.checkOn(await oneEnsemble(lab, 3));
  assert.equal((await lab.records()).length, 1);
});

test('leave on the leader of 5, and on the leader after it: what was acknowledged before and after is everywhere', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 5, ticks: 'never' });
  await lab.healthy();
  await bootstrapped(lab);
  const written = await WrittenData.start(lab);
  const left: string[] = [];
  for (const voters of [4, 3]) {
    const leader = await lab.leader();
    const others = (await lab.nodes()).filter(
      (node) => node.instance !== leader.instance && !left.includes(node.instance),
    );
    const addresses = others.map((node) => node.address ?? '');
    await written.write(50);
    await leave(lab, leader.instance);
    left.push(leader.instance);
    await written.write(50, addresses);
    await written.checkOn(addresses);
    assert.equal((await voterIds(lab, addresses[0] ?? '')).length, voters);
  }
});

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

test('a healthy tick calls nobody; what only looks changes nothing; remove-terminated by hand; the lock', {
  timeout: 500_000,
}, async (t) => {
  await using lab = await startLab({ nodes: 3, ticks: 'never' });
  await lab.healthy();
  await bootstrapped(lab);
  const instances = (await lab.nodes()).map((node) => node.instance);
  const leader = await lab.leader();
  const [victim, other] = await lab.followers(2);
  assert.ok(victim && other?.address && leader.address);

  await t.test('a healthy tick makes no AWS call, on the leader as on a follower, and changes nothing', async () => {
    const unchanged = await nothingChangesOn(lab, instances, { server: 'serving' });
    for (const instance of instances) {
      await onceSo(`a tick of ${instance} is a healthy one`, async () => {
        const before = lab.callsOf(instance).length;
        const run = await succeeds(lab.agent(instance, ['recovery']));
        assert.match(String(lineOf(run, 'healthy').saw), /Member \d+ (serves|leads)/);
        assert.equal(lab.callsOf(instance).length, before);
      });
    }
    await unchanged('A healthy tick');
  });

  lab.setBootPlan({ bootstrap: false });
  await lab.terminate(victim.instance);
  await lab.untilGone([victim.instance]);
  const fresh = await lab.nodeWhere(
    'the replacement is on',
    (node) => node.machine === 'running' && !instances.includes(node.instance),
    LIMIT_MS,
  );
  await waitFor(
    async () => (await lab.status()).nodes.find((node) => node.instance === victim.instance)?.state === 'terminated',
    {
      limitMs: LIMIT_MS,
      why: 'EC2 calls the victim terminated',
    },
  );

  await t.test('status, and every --dry-run, say what would be done and why, and change nothing', async () => {
    const unchanged = await nothingChangesOn(lab, [leader.instance, other.instance, fresh.instance], {
      server: 'serving',
    });
    const calls = lab.callsOf(leader.instance).length;
    await onceSo('the status says what would be done', async () => {
      const status = JSON.parse((await succeeds(lab.agent(leader.instance, ['status', '--json']))).stdout) as Status;
      assert.equal(status.decided, 'note-dead');
      assert.ok(status.why.includes(victim.instance) && status.saw.includes('leader'), JSON.stringify(status));
    });
    assert.ok(lab.callsOf(leader.instance).length > calls, 'Calls are seen when there are any.');
    for (const [instance, command, words] of [
      [leader.instance, 'recovery', new RegExp(victim.instance)],
      [other.instance, 'remove-terminated', new RegExp(`members ${victim.id} at`)],
      [other.instance, 'leave', /./],
      [fresh.instance, 'recovery', /./],
      [fresh.instance, 'bootstrap', /./],
    ] as const) {
      // A look that the leader was too slow for says so, and rightly: the next one sees it.
      const line = await waitFor(
        async () => {
          const look = lineOf(await succeeds(lab.agent(instance, [command, '--dry-run'])), 'dry-run');
          return words.test(String(look.why)) && look;
        },
        { limitMs: LIMIT_MS, why: `${command} says ${words}` },
      );
      assert.ok(line.saw && line.decided, 'The whole observation and the decision are there.');
    }
    await unchanged('A command that only looks');
    assert.equal((await voterIds(lab, other.address ?? '')).length, 3);
  });

  await t.test('remove-terminated removes the dead at once, on any voter, and refuses elsewhere', async () => {
    const refused = errorOf(await lab.agent(fresh.instance, ['remove-terminated']));
    assert.equal(refused.code, 'ZOOKEEPER_UNAVAILABLE');
    const run = await waitFor(
      async () => {
        const each = await lab.agent(other.instance, ['remove-terminated']);
        if (each.code === 0) return each;
        assert.equal(errorOf(each).code, 'ZOOKEEPER_UNAVAILABLE', 'Only a leader that was too slow is no answer.');
        return undefined;
      },
      { limitMs: LIMIT_MS, why: 'the voter sees the leader, and removes the dead' },
    );
    // Whoever is first to see the dead owner of a claim notes it as well.
    assert.deepEqual(
      stepsOf(run).filter((step) => step !== 'note-dead'),
      ['remove-members'],
    );
    const left = [leader.id, other.id].sort();
    for (const address of [leader.address ?? '', other.address ?? '']) {
      assert.deepEqual(await voterIds(lab, address), left);
    }
    await onceSo('there is nothing left to remove', async () =>
      assert.deepEqual(stepsOf(await succeeds(lab.agent(other.instance, ['remove-terminated']))), []),
    );
  });

  await t.test('a second recovery exits at once, and kill -9 of the first frees the lock at once', async () => {
    await succeeds(lab.agent(leader.instance, ['maintenance', 'on']));
    const seen = Promise.withResolvers<void>();
    const first = lab.agent(fresh.instance, ['recovery'], {
      onOutput: (_, text) => void (text.includes('does not join yet') && seen.resolve()),
    });
    await Promise.race([seen.promise, first]);
    for (const words of [['recovery'], ['recovery', '--dry-run']]) {
      const second = await succeeds(lab.agent(fresh.instance, words));
      assert.match(String(lineOf(second, 'busy').saw), /under way/);
      assert.deepEqual(stepsOf(second), []);
    }
    assert.equal(lab.host(fresh.instance).machine.kill('agent').length, 1, 'The first was still at work.');
    assert.equal((await first).signal, 'SIGKILL');
    await onceSo('the third looks and decides', async () => {
      const third = lineOf(await succeeds(lab.agent(fresh.instance, ['recovery', '--dry-run'])), 'dry-run');
      assert.match(String(third.why), /does not join yet/);
    });
    await succeeds(lab.agent(leader.instance, ['maintenance', 'off']));
    await wholeRun(lab, fresh.instance, ['recovery']);
    await oneEnsemble(lab, 3);
  });
});

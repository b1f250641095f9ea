// SPDX-License-Identifier: Apache-2.0
/** A healthy tick, commands that only look, `remove-terminated`, and the lock of a recovery. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '../../src/commands/status.ts';
import { oneEnsemble } from './support/agreement.ts';
import { startLab, waitFor } from './support/lab.ts';
import { onceSo, stepsOf, succeeds, voterIdsOn } from './support/person-commands.ts';
import { bootstrapped } from './support/survivors.ts';
import { errorOf, lineOf } from './support/told.ts';
import { nothingChangesOn } from './support/unchanged.ts';
import { wholeRun } from './support/whole-run.ts';

const LIMIT_MS = 120_000;

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

  await t.test('a purge takes no lock and calls nobody, and leaves what the server may need', async () => {
    const before = lab.callsOf(leader.instance).length;
    const said = (await succeeds(lab.agent(leader.instance, ['purge', '--now']))).stdout;
    assert.match(said, /^Nothing is removed: the server may need all that there is; 3 whole snapshots/);
    assert.equal((await succeeds(lab.agent(leader.instance, ['purge', '--quiet']))).stdout, '');
    assert.equal(lab.callsOf(leader.instance).length, before);
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
    assert.equal((await voterIdsOn(lab, other.address ?? '')).length, 3);
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
      assert.deepEqual(await voterIdsOn(lab, address), left);
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

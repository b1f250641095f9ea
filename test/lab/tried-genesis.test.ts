// SPDX-License-Identifier: Apache-2.0
/** A genesis that was cut short. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEnsemble } from './support/agreement.ts';
import { killedAt } from './support/kill-at.ts';
import { startLab, waitFor } from './support/lab.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 90_000;

test('a majority of the genesis list dead before its first start: a new genesis, unasked', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, ticks: 'never', bootstrap: false });
  const nodes = await waitFor(
    async () => {
      const found = (await lab.nodes()).filter((node) => node.machine === 'running');
      return found.length === 3 && found.map((node) => node.instance);
    },
    { limitMs: LIMIT_MS, why: 'three machines run' },
  );
  const [survivor = '', ...others] = nodes;
  const beforeStart = killedAt({ event: 'act', step: 'prepare-genesis' });
  const runs = await Promise.all(nodes.map((instance) => lab.agent(instance, ['bootstrap'], beforeStart)));
  for (const run of runs) assert.equal(run.signal, 'SIGKILL', run.stdout + run.stderr);
  const started = await lab.agent(survivor, ['bootstrap'], killedAt({ event: 'acted', step: 'start-server' }));
  assert.equal(started.signal, 'SIGKILL', started.stdout + started.stderr);
  await waitFor(async () => (await lab.srvr(lab.host(survivor).address)).kind === 'not-serving', {
    limitMs: LIMIT_MS,
    why: 'its server is up, and waits for the others',
  });
  const [genesis] = await lab.records();
  assert.ok(genesis?.kind === 'genesis' && genesis.members.length === 3);
  assert.equal((await lab.bucket('lineage/000001/started/')).size, 1, 'One of three has announced its start.');

  lab.setBootPlan({ bootstrap: true, ticks: 5 });
  for (const instance of others) await lab.terminate(instance);
  await lab.untilGone(others);
  await lab.reboot(survivor);

  const addresses = await oneEnsemble(lab, 3);
  const records = await lab.records();
  assert.deepEqual(
    records.map((record) => record.kind),
    ['genesis', 'genesis'],
  );
  const members = records[1]?.kind === 'genesis' ? records[1].members.map((member) => member.instance) : [];
  assert.deepEqual(members.toSorted(), (await lab.nodes()).map((node) => node.instance).toSorted());
  const written = await WrittenData.start(lab);
  await written.write(20);
  await written.checkOn(addresses);
});

// SPDX-License-Identifier: Apache-2.0
/** Claims 8 on real servers: a tool that cleans the account has deleted every log stream of the claims. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeleteLogStreamCommand } from '@aws-sdk/client-cloudwatch-logs';
import { readStreamNames } from '../../lab/daemon/bucket-view.ts';
import { oneEnsemble } from './support/agreement.ts';
import { claimsInWords, IdWatch } from './support/id-watch.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { bootstrapped } from './support/survivors.ts';
import { WrittenData } from './support/written-data.ts';

async function rebootAll(lab: TestLab): Promise<void> {
  await lab.reboot('all');
  await bootstrapped(lab);
  await lab.healthy();
}

test('all streams are deleted, and all nodes reboot twice: everybody keeps its id, and the streams are made anew', {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3 });
  await lab.healthy();
  await bootstrapped(lab);
  const written = await WrittenData.start(lab);
  await written.write(50);
  const ids = async () => (await lab.nodes()).map(({ instance, id }) => `${instance} ${id}`).sort();
  const { operator, stack } = lab.lab;
  const streams = async () => (await readStreamNames(operator, stack)).toSorted();
  const [before, claims, made] = [await ids(), claimsInWords(await lab.claims()), await streams()];
  using watch = new IdWatch(lab);

  assert.equal(made.length, 3);
  const beforeMs = Date.now();
  for (const logStreamName of made) {
    await operator.logs.send(new DeleteLogStreamCommand({ logGroupName: stack.logGroup, logStreamName }));
  }
  await rebootAll(lab);
  await rebootAll(lab);

  watch.check();
  assert.deepEqual(await ids(), before);
  assert.deepEqual(claimsInWords(await lab.claims()), claims);
  await waitFor(async () => (await streams()).join() === made.join(), {
    limitMs: 60_000,
    why: 'the owners have made their streams anew',
  });
  await written.checkOn(await oneEnsemble(lab, 3));
  const again = lab.lab.aws.calls.list({ action: 'CreateLogStream', outcome: 'ok', sinceMs: beforeMs });
  assert.equal(again.length, made.length, 'Each was made once more.');
  assert.equal((await lab.records()).length, 1);
});

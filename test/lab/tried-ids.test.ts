// SPDX-License-Identifier: Apache-2.0
/** An id belongs to one node: whatever the claims say, and however long an instance takes to go. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateLogStreamCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { votersOf } from '../../src/model/member.ts';
import { oneEnsemble } from './support/agreement.ts';
import { startLab, type TestLab, waitFor } from './support/lab.ts';
import { bootstrapped } from './support/survivors.ts';
import { WrittenData } from './support/written-data.ts';

const LIMIT_MS = 120_000;
/** A newcomer has to vote within it, on a busy machine too. */
const SHUTTING_DOWN_MS = 75_000;

function newcomer(lab: TestLab, known: readonly string[]): Promise<string> {
  return waitFor(
    async () =>
      (await lab.nodes()).find((node) => node.machine === 'running' && !known.includes(node.instance))?.instance,
    { limitMs: LIMIT_MS, why: 'a replacement runs' },
  );
}

/** As a node would have made it: the log stream, then its owner. */
async function claimFor(lab: TestLab, claim: string, instance: string): Promise<void> {
  const { operator, stack } = lab.lab;
  await operator.logs.send(new CreateLogStreamCommand({ logGroupName: stack.logGroup, logStreamName: claim }));
  const Body = JSON.stringify({ instance, address: lab.host(instance).address });
  await operator.s3.send(
    new PutObjectCommand({ Bucket: stack.bucket, Key: `${lab.cluster}/claims/${claim}.json`, Body }),
  );
}

test("a joiner that holds a dead member's id, which still stands in the config, takes the next one before it starts", {
  timeout: 500_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, ticks: 'never' });
  await lab.healthy();
  await bootstrapped(lab);
  const leader = await lab.leader();
  const nodes = await lab.nodes();
  const dead = nodes.find((node) => node.instance !== leader.instance);
  assert.ok(dead?.id !== undefined);
  const written = await WrittenData.start(lab);
  await written.write(50);

  lab.setBootPlan({ bootstrap: false, ticks: 'never' });
  await lab.terminate(dead.instance);
  await lab.untilGone([dead.instance]);
  const joiner = await newcomer(
    lab,
    nodes.map((node) => node.instance),
  );
  await claimFor(lab, `${dead.id}.2`, joiner);
  const idFile = join(lab.directoryOf(joiner), 'data', 'myid');
  writeFileSync(idFile, `${dead.id}\n`);
  const { members } = await lab.configOf(leader.address ?? '');
  assert.ok(members.some((member) => member.id === dead.id && member.address === dead.address));

  const startedAs: string[] = [];
  const run = await lab.agent(joiner, ['bootstrap'], {
    signal: AbortSignal.timeout(LIMIT_MS),
    onOutput: (_stream, text) => {
      if (text.includes('"event":"act","step":"start-server"')) startedAs.push(readFileSync(idFile, 'utf8').trim());
    },
  });
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.deepEqual([...new Set(startedAs)], ['4'], 'Its server was started under the next free id alone.');
  const addresses = await oneEnsemble(lab, 3);
  // What the joiner acknowledges, all others have.
  await written.write(50, [lab.host(joiner).address]);
  await written.checkOn(addresses);
  assert.equal((await lab.records()).length, 1);
});

test('the id of a member that is shutting down is not handed over; it is, once the instance is terminated', {
  timeout: 600_000,
}, async () => {
  await using lab = await startLab({ nodes: 3, ec2Timings: { shuttingDownMs: SHUTTING_DOWN_MS } });
  await lab.healthy();
  const leader = await lab.leader();
  const nodes = await lab.nodes();
  // The lowest id there is, as a newcomer takes the lowest that is free.
  const dying = nodes
    .filter((node) => node.instance !== leader.instance)
    .toSorted((one, other) => (one.id ?? 0) - (other.id ?? 0))[0];
  assert.ok(dying?.id !== undefined);
  const { id, instance, address } = dying;
  const stateOf = async (): Promise<string | undefined> =>
    (await lab.status()).nodes.find((node) => node.instance === instance)?.state;
  const generations = async (): Promise<readonly number[]> =>
    (await lab.claims()).filter((claim) => claim.id === id).map((claim) => claim.generation);

  await lab.terminate(instance);
  await waitFor(
    async () => {
      const { config } = await lab.status();
      return config && votersOf(config).length === 3 && !config.members.some((member) => member.address === address);
    },
    { limitMs: LIMIT_MS, why: 'a newcomer votes in its place' },
  );
  assert.deepEqual(await generations(), [1], 'The id of the member that shuts down has no new owner.');
  assert.equal(await stateOf(), 'shutting-down', 'All this happened while the instance was shutting down.');
  await oneEnsemble(lab, 3);

  await waitFor(async () => (await stateOf()) === 'terminated', { limitMs: LIMIT_MS, why: 'it is terminated' });
  await lab.scale(4);
  await oneEnsemble(lab, 4);
  assert.deepEqual(await generations(), [1, 2], 'Now it passes on, by the next generation of its claim.');
  assert.ok((await lab.nodes()).some((node) => node.id === id && node.address !== address));
});

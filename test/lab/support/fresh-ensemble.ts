// SPDX-License-Identifier: Apache-2.0
/** A fresh bootstrap: all instances start at the same moment, and what comes of it is held against what must. */
import assert from 'node:assert/strict';
import { oneEnsemble } from './agreement.ts';
import { startLab, type TestLab, type TestLabOptions } from './lab.ts';
import { waitFor } from './wait-for.ts';
import { WrittenData } from './written-data.ts';

const LIMIT_MS = 60_000;

/** Starts a lab and checks everything that must hold once its first ensemble has formed. */
export async function bootstrapAndCheck(options: TestLabOptions, limitMs?: number): Promise<void> {
  await using lab = await startLab(options);
  await checkFreshEnsemble(lab, options.nodes, limitMs);
}

/**
 * One ensemble of all nodes, one genesis record, the ids 1 to n, each claimed and announced once, nothing left over.
 */
export async function checkFreshEnsemble(lab: TestLab, size: number, limitMs?: number): Promise<void> {
  const addresses = await oneEnsemble(lab, size, limitMs);
  const ids = Array.from({ length: size }, (_, index) => index + 1);
  const nodes = await lab.nodes();
  const byId = (one: number, other: number): number => one - other;
  assert.deepEqual(nodes.map((node) => node.id ?? 0).sort(byId), ids, 'The ids are 1 to n, each once.');

  const records = await lab.records();
  assert.deepEqual(
    records.map(({ kind, number }) => ({ kind, number })),
    [{ kind: 'genesis', number: 1 }],
    'There is one record, the genesis.',
  );
  const members = records.flatMap((record) => (record.kind === 'genesis' ? record.members : []));
  assert.deepEqual(
    members.map(({ id, instance, address }) => ({ id, instance, address })),
    nodes.map(({ id, instance, address }) => ({ id, instance, address })).sort((a, b) => (a.id ?? 0) - (b.id ?? 0)),
    'The genesis record lists these nodes.',
  );
  assert.deepEqual(
    (await lab.claims()).map(({ id, generation }) => `${id}.${generation}`),
    ids.map((id) => `${id}.1`),
    'There is one claim for each node and no other.',
  );
  const started = await lab.bucket('lineage/000001/started/');
  assert.equal(started.size, size, 'Each member has announced its start.');
  // On a busy machine a server may wait for the others for so long that its node reports it, and withdraws that later.
  await waitFor(async () => (await lab.reports()).length === 0, {
    limitMs: LIMIT_MS,
    why: 'nobody reports a lost quorum',
  });
  for (const { instance } of nodes) assert.ok(firstStarts(lab, instance) <= 1, `${instance} had one first start.`);

  // A write through each server is on all of them: they are one ensemble, whatever their configs say.
  const written = await WrittenData.start(lab);
  for (const address of addresses) await written.write(3, [address]);
  await written.checkOn(addresses);
}

function firstStarts(lab: TestLab, instance: string): number {
  return lab.agentLog(instance).filter((line) => line.event === 'acted' && line.step === 'prepare-genesis').length;
}

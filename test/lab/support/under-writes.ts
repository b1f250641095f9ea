// SPDX-License-Identifier: Apache-2.0
/**
 * A client writes and a probe looks while something happens to the ensemble; nothing acknowledged may be missing then.
 */
import assert from 'node:assert/strict';
import { DEMO_ROOT, nameOf, Writer } from '../../../lab/demo/writer.ts';
import { oneEnsemble } from './agreement.ts';
import type { TestLab } from './lab.ts';
import type { ProbeReport } from './probe-report.ts';
import { QuorumProbe } from './quorum-probe.ts';

/** A server that goes closes its connections. So the writer need not give up one that is slow, as all may be here. */
const PATIENT = {
  sessionTimeoutMs: 40_000,
  connectLimitMs: 30_000,
  handshakeTimeoutMs: 15_000,
  requestTimeoutMs: 60_000,
};

export interface UnderWrites {
  readonly seen: ProbeReport;
  /** One sentence with what was measured. */
  readonly inWords: string;
}

/**
 * Checks that a quorum was up at every moment, that only elections after a leader had left interrupted the service,
 * that no write failed but then, and that each of the `nodes` that vote in the end has everything that was
 * acknowledged.
 */
export async function underWrites(lab: TestLab, nodes: number, happens: () => Promise<unknown>): Promise<UnderWrites> {
  await using probe = QuorumProbe.start(lab);
  const writer = new Writer(() => Promise.resolve(lab.lab.connectionString()), PATIENT);
  let addresses: readonly string[];
  writer.start();
  try {
    await happens();
    addresses = await oneEnsemble(lab, nodes);
  } finally {
    await writer.stop();
  }
  const seen = await probe.stop();
  const { setbacks } = writer;
  const gapMs = Math.round(writer.takeLongestGapMs());
  const inWords = `${writer.acknowledged.length} writes, ${setbacks.length} attempts failed, longest gap ${gapMs} ms; ${seen.inWords}`;
  seen.checkQuorum();
  seen.checkElections();
  seen.checkSetbacks(setbacks);
  assert.ok(writer.acknowledged.length > 50, inWords);
  for (const address of addresses) await hasAll(lab, address, writer.acknowledged);
  return { seen, inWords };
}

async function hasAll(lab: TestLab, address: string, numbers: readonly number[]): Promise<void> {
  await using client = await lab.client([address]);
  await client.sync(DEMO_ROOT);
  const there = new Set((await client.getChildren(DEMO_ROOT)).children);
  const missing = numbers.map(nameOf).filter((name) => !there.has(name));
  assert.deepEqual(missing, [], `Everything acknowledged is on ${address}.`);
}

// SPDX-License-Identifier: Apache-2.0
/** How often a node writes its report: counted over a hundred seconds of real looks, decisions and steps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REAL_PARTS, runAgent } from '../../src/loop.ts';
import type { EnsembleConfig, Member } from '../../src/model/member.ts';
import { fromZxid, toZxid } from '../../src/model/zxid.ts';
import { PRODUCTION_TIMINGS } from '../../src/timings.ts';
import { MemoryNode } from '../act/memory-node.ts';
import {
  addressOf,
  CLUSTER,
  COMMITTED,
  CONFIG_VERSION,
  claimOf,
  configOf,
  dataOf,
  diskOf,
  genesisOf,
  groupFact,
  member,
} from '../decide/parts.ts';

const never = new AbortController().signal;
const FOLLOWS = { kind: 'serving', mode: 'follower', zxid: COMMITTED } as const;
const LEADS = { kind: 'serving', mode: 'leader', zxid: COMMITTED } as const;

/** Node 1 of three. Every session that anybody opens is a transaction, also in its own log. */
function cluster(config: EnsembleConfig): MemoryNode {
  const node = new MemoryNode();
  node.disk = diskOf(1, { config });
  node.running = true;
  node.group = groupFact([1, 2, 3]);
  node.shelf.put('lineage/000001.json', genesisOf([1, 2, 3]));
  for (const id of [1, 2, 3]) {
    node.shelf.streams.set(`${id}.1`, 3_600_000);
    node.shelf.put(`claims/${id}.1.json`, claimOf(id).owner);
  }
  for (const { address } of config.members) node.configs.set(address, config);
  let last = fromZxid(COMMITTED);
  node.onCall = (call) => {
    if (call.startsWith('open ')) node.disk = { ...node.disk, data: dataOf(1, toZxid(++last)) };
  };
  return node;
}

async function run(node: MemoryNode): Promise<readonly string[]> {
  const order = { command: 'recovery', cluster: CLUSTER, timings: PRODUCTION_TIMINGS, limitMs: 100_000 } as const;
  await runAgent(node.ports, order, never);
  return node.journal.filter((entry) => /^replace reports\//.test(entry));
}

function withMembers(...added: readonly Member[]): EnsembleConfig {
  return { version: CONFIG_VERSION, members: [...configOf([1, 2, 3]).members, ...added] };
}

test('beside an observer that nobody claimed no report is written, and it is named once', async () => {
  const node = cluster(withMembers(member(200, 'observer')));
  for (const id of [1, 2, 3]) node.answers.set(addressOf(id), id === 3 ? LEADS : FOLLOWS);
  assert.deepEqual(await run(node), []);
  assert.equal(node.logged.filter(({ event }) => event === 'by-hand').length, 1);
});

test('a server that serves in an ensemble that is not known for ours writes no report', async () => {
  const node = cluster(withMembers(member(7), member(8), member(9)));
  node.answers.set(addressOf(1), FOLLOWS);
  node.answers.set(addressOf(9), LEADS);
  assert.deepEqual(await run(node), []);
  const said = node.logged.flatMap(({ why }) => (typeof why === 'string' ? [why] : []));
  assert.equal(said.length, 1);
  assert.doesNotMatch(said.join(' '), /terminate/);
});

test('a node without quorum whose last transaction moves reports once', async () => {
  const node = cluster(configOf([1, 2, 3]));
  node.answers.set(addressOf(1), { kind: 'not-serving' });
  const { onCall } = node;
  let last = fromZxid(COMMITTED);
  node.onCall = (call) => {
    onCall(call);
    if (call === 'disk read') node.disk = { ...node.disk, data: dataOf(1, toZxid(++last)) };
  };
  assert.equal((await run(node)).length, 1);
});

test('a leader that comes and goes has the report withdrawn and raised ever less often', async () => {
  const node = cluster(configOf([1, 2, 3]));
  node.answers.set(addressOf(1), FOLLOWS);
  const { onCall } = node;
  node.onCall = (call) => {
    onCall(call);
    // It leads for one look, and for one it does not; the node's own server with it.
    if (call !== 'target state') return;
    const leads = !node.answers.has(addressOf(3));
    node.answers.set(addressOf(1), leads ? FOLLOWS : { kind: 'not-serving' });
    if (leads) node.answers.set(addressOf(3), LEADS);
    else node.answers.delete(addressOf(3));
  };
  // A run ends where nothing is left to do; the next one has forgotten the last.
  const order = { command: 'recovery', cluster: CLUSTER, timings: PRODUCTION_TIMINGS, limitMs: 100_000 } as const;
  await runAgent(node.ports, order, never, {
    ...REAL_PARTS,
    decide: (observation) => {
      const decision = REAL_PARTS.decide(observation);
      return decision.kind === 'done' ? { kind: 'wait', why: decision.why } : decision;
    },
  });
  const writes = node.journal.filter((entry) => /^replace reports\//.test(entry)).length;
  // Six raisings in a hundred seconds, each a try, a write and a withdrawal.
  assert.ok(writes >= 6 && writes <= 18, `${writes} writes`);
});

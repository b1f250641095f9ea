// SPDX-License-Identifier: Apache-2.0
/**
 * One follower, each file of it damaged in turn while it is off, the others serving: it comes back by itself, as the
 * very same node, and has everything. Three followers of seven are edited at once: four serve, and none sees of the
 * others.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { oneEnsemble } from './support/agreement.ts';
import { EditedNodes } from './support/edited-nodes.ts';
import { filesWithoutRow, OTHER_ROWS, VITAL_ROWS } from './support/node-files.ts';

const NODES = 7;
const AT_ONCE = 3;
const START_LIMIT_MS = 400_000;
const ROW_LIMIT_MS = 500_000;

let nodes: EditedNodes;
let founders: readonly string[];
before(
  async () => {
    nodes = await EditedNodes.start(NODES);
    founders = (await nodes.lab.nodes()).map(({ instance }) => instance);
  },
  { timeout: START_LIMIT_MS },
);
after(() => nodes[Symbol.asyncDispose]());

describe('a follower comes back by itself', { concurrency: AT_ONCE }, () => {
  for (const row of [...VITAL_ROWS, ...OTHER_ROWS]) {
    for (const edit of row.edits) {
      test(`${row.what}: ${edit}`, { timeout: ROW_LIMIT_MS }, async () => {
        const log = await nodes.comesBack(row, edit);
        if (edit === 'with an entry of no kind') endedAndSetAside(log);
      });
    }
  }
});

/** Server 5: only the server knows that none starts on this data. The agent quotes it, and sets the data aside. */
function endedAndSetAside(log: readonly Readonly<Record<string, unknown>>[]): void {
  const decided = log.filter(({ event }) => event === 'decided');
  const noted = decided.findIndex((line) => line.decided === 'note-failed-start');
  const quoted =
    /ended \d+ times right after its start \(exit code \d+\)\. The last error of its log\b.*: .*Unsupported Txn/;
  assert.match(String(decided[noted]?.why), quoted, JSON.stringify(decided.map((line) => line.decided)));
  assert.ok(
    decided.slice(noted).some((line) => line.decided === 'set-data-aside'),
    JSON.stringify(decided.slice(noted)),
  );
}

test('after all of it they are the nodes that they were, with one config and all that was written', async () => {
  const addresses = await oneEnsemble(nodes.lab, NODES);
  await nodes.written.checkOn(addresses);
  assert.equal((await nodes.lab.records()).length, 1, 'Nothing was recovered by force.');
  assert.deepEqual((await nodes.lab.nodes()).map(({ instance }) => instance).sort(), founders.toSorted());
});

test('every file that a node has on its disk stands in the table', () => {
  for (const instance of founders) assert.deepEqual(filesWithoutRow(nodes.lab.directoryOf(instance)), [], instance);
});

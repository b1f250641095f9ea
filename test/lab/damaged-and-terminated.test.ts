// SPDX-License-Identifier: Apache-2.0
/**
 * One follower, a file of it damaged while it is off, and the leader terminated as it comes back: two of three are hit.
 * The third has everything that was acknowledged. Nothing of it is lost, and the outage has an end. Two ensembles at
 * once.
 *
 * Of the hundred pairs of a file and an edit some thirty are played here, and each other pair is one of them to the
 * agent: what it decides rests on the facts of its disk alone, and the edit makes the same of them. The pairs whose
 * facts are the same are found out by damaged-pairs.test.ts, on the files of a real node. What a server, or a step,
 * makes of the file itself is seen for every pair by damaged-files.test.ts. All of them here would take many minutes.
 */
import { after, before, describe, test } from 'node:test';
import { BEREFT, nameOf } from './support/bereft-rows.ts';
import { EditedAndBereft } from './support/edited-and-bereft.ts';

const ENSEMBLES = 2;
const START_LIMIT_MS = 400_000;
const ROW_LIMIT_MS = 600_000;

const free: EditedAndBereft[] = [];
before(
  async () => {
    free.push(...(await Promise.all(Array.from({ length: ENSEMBLES }, () => EditedAndBereft.start()))));
  },
  { timeout: START_LIMIT_MS },
);
after(() => Promise.all(free.map((nodes) => nodes[Symbol.asyncDispose]())));

describe('with the leader terminated after it', { concurrency: ENSEMBLES }, () => {
  for (const bereft of BEREFT) {
    test(bereft.edits.map(nameOf).join(', '), { timeout: ROW_LIMIT_MS }, async () => {
      const nodes = free.shift();
      if (nodes === undefined) throw new Error('An ensemble for each test at a time.');
      try {
        await nodes.comesBack(bereft);
        free.push(nodes);
      } catch (error) {
        await nodes[Symbol.asyncDispose]();
        free.push(await EditedAndBereft.start());
        throw error;
      }
    });
  }
});

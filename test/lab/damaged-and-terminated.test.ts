// SPDX-License-Identifier: Apache-2.0
/**
 * One follower, a file of it damaged while it is off, and the leader terminated as it comes back: two of three are hit. The
 * third has everything that was acknowledged. Nothing of it is lost, and the outage has an end. Every kind of damage, over
 * the files without which a node does not vote; two ensembles at once.
 */
import { after, before, describe, test } from 'node:test';
import type { Action } from '../../src/model/advice.ts';
import { EditedAndBereft } from './support/edited-and-bereft.ts';
import type { Edit } from './support/file-edits.ts';
import { VITAL_ROWS } from './support/node-files.ts';

const ENSEMBLES = 2;
const START_LIMIT_MS = 400_000;
const ROW_LIMIT_MS = 600_000;

const DAMAGE: Readonly<Record<string, readonly Edit[]>> = {
  'the id': ['emptied'],
  'the accepted epoch': ['zeroed'],
  'the current epoch': ['emptied', 'another node’s'],
  'a half written current epoch': ['unreadable'],
  'the newest snapshot': ['cut in half', 'another node’s', 'gone'],
  'the newest log': ['emptied', 'zeroed', 'flipped in its middle', 'unreadable', 'gone'],
  'zoo.cfg': ['flipped in its middle'],
  'the committed config': ['cut in half', 'cut at a line', 'flipped in its middle', 'unreadable', 'misspelt'],
  'a proposed config': ['cut in half', 'flipped in its middle'],
  'the stamp': ['emptied', 'gone', 'another node’s'],
  'the fence': ['zeroed'],
};
/** What a node asks a person for, where nobody may go on unasked. */
const ASKS: Readonly<Record<string, Action>> = {
  'the newest log: zeroed': 'move-data-away',
  'the newest log: unreadable': 'move-data-away',
  'the committed config: misspelt': 'mend-data',
};

const free: EditedAndBereft[] = [];
before(
  async () => {
    free.push(...(await Promise.all(Array.from({ length: ENSEMBLES }, () => EditedAndBereft.start()))));
  },
  { timeout: START_LIMIT_MS },
);
after(() => Promise.all(free.map((nodes) => nodes[Symbol.asyncDispose]())));

describe('with the leader terminated after it', { concurrency: ENSEMBLES }, () => {
  for (const [what, edits] of Object.entries(DAMAGE)) {
    const row = VITAL_ROWS.find((each) => each.what === what);
    if (row === undefined) throw new Error(`No row of the table is ${what}.`);
    for (const edit of edits)
      test(`${what}: ${edit}`, { timeout: ROW_LIMIT_MS }, async () => {
        const nodes = free.shift();
        if (nodes === undefined) throw new Error('An ensemble for each test at a time.');
        try {
          await nodes.comesBack(row, edit, ASKS[`${what}: ${edit}`]);
          free.push(nodes);
        } catch (error) {
          await nodes[Symbol.asyncDispose]();
          free.push(await EditedAndBereft.start());
          throw error;
        }
      });
  }
});

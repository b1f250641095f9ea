// SPDX-License-Identifier: Apache-2.0
/** Which files are edited in which ways, on the follower whose leader is terminated after it. */
import type { Action } from '../../../src/model/advice.ts';
import type { Edit } from './file-edits.ts';
import { type FileRow, OTHER_ROWS, VITAL_ROWS } from './node-files.ts';

/** A row of the table of files, and what is done to each file of it. */
export interface RowEdit {
  readonly row: FileRow;
  readonly edit: Edit;
}

/** What befalls one follower in one go, and what the node then asks a person for; nothing where nobody is needed. */
export interface Bereft {
  readonly edits: readonly RowEdit[];
  readonly asks?: Action;
}

const ALONE: Readonly<Record<string, readonly Edit[]>> = {
  'the id': ['emptied', 'another node’s', 'gone'],
  'the accepted epoch': ['zeroed'],
  'the current epoch': ['emptied', 'another node’s'],
  'a half written current epoch': ['unreadable'],
  'the newest snapshot': ['cut in half', 'another node’s', 'gone'],
  'the newest log': ['emptied', 'zeroed', 'flipped in its middle', 'unreadable', 'gone', 'with an entry of no kind'],
  'zoo.cfg': ['flipped in its middle', 'gone'],
  'the committed config': ['cut in half', 'cut at a line', 'flipped in its middle', 'unreadable', 'misspelt'],
  'a proposed config': ['cut in half', 'flipped in its middle', 'another node’s'],
  'the stamp': ['emptied', 'gone', 'another node’s'],
  'the fence': ['zeroed', 'another node’s'],
};
/** What the agent notes for itself: rows that can't hide what becomes of each other are edited in one go. */
const TOGETHER: readonly Readonly<Record<string, Edit>>[] = [
  {
    'what the agent keeps for itself': 'zeroed',
    'all marks': 'unreadable',
    'what was set aside': 'emptied',
  },
  {
    'what the agent keeps for itself': 'another node’s',
    'marks that nobody made': 'emptied',
    'what was set aside': 'another node’s',
  },
  {
    'what the agent keeps for itself': 'gone',
    'the mark that the node is ready': 'gone',
    'what was set aside': 'gone',
  },
  {
    'what the agent keeps for itself': 'cut in half',
    'what was set aside': 'flipped in its middle',
  },
];
/** Where nobody may go on unasked. */
const ASKS: Readonly<Record<string, Action>> = {
  'the newest log: zeroed': 'move-data-away',
  'the newest log: unreadable': 'move-data-away',
  'the committed config: misspelt': 'mend-data',
};

function rowOf(what: string): FileRow {
  const row = [...VITAL_ROWS, ...OTHER_ROWS].find((each) => each.what === what);
  if (row === undefined) throw new Error(`No row of the table is ${what}.`);
  return row;
}

export function nameOf({ row, edit }: RowEdit): string {
  return `${row.what}: ${edit}`;
}

export const BEREFT: readonly Bereft[] = [
  ...Object.entries(ALONE).flatMap(([what, edits]) =>
    edits.map((edit): Bereft => {
      const only = { row: rowOf(what), edit };
      const asks = ASKS[nameOf(only)];
      return { edits: [only], ...(asks === undefined ? {} : { asks }) };
    }),
  ),
  ...TOGETHER.map(
    (rows): Bereft => ({ edits: Object.entries(rows).map(([what, edit]) => ({ row: rowOf(what), edit })) }),
  ),
];

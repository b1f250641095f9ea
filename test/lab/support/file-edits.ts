// SPDX-License-Identifier: Apache-2.0
/** What can befall a file. Only the files of a machine that is off are edited. */
import { readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { addUnknownEntryTo } from '../../zookeeper/unknown-entry.ts';

export const EDITS = [
  'emptied',
  'cut in half',
  'zeroed',
  'flipped in its middle',
  'another node’s',
  'unreadable',
  'gone',
] as const;
/**
 * `misspelt`: a line of a config that neither the server nor the agent understands, as a person may write it.
 * `cut at a line`: the last line is gone, and what is left looks whole.
 * `with an entry of no kind`: a log that the agent finds whole, and on which each server ends at its start.
 */
export type Edit = (typeof EDITS)[number] | 'misspelt' | 'cut at a line' | 'with an entry of no kind';

/** Does it to the file; `others` is what the same file of another node holds. */
export function applyEdit(edit: Edit, path: string, others: Buffer): void {
  const { size } = statSync(path);
  switch (edit) {
    case 'emptied':
      writeFileSync(path, '');
      break;
    case 'cut in half':
      truncateSync(path, Math.floor(writtenBytes(path) / 2));
      break;
    case 'zeroed':
      truncateSync(path, 0);
      truncateSync(path, size);
      break;
    case 'flipped in its middle':
      flip(path);
      break;
    case 'another node’s':
      writeFileSync(path, others);
      break;
    case 'cut at a line':
      writeFileSync(path, readFileSync(path, 'utf8').replace(/[^\n]*\n?$/, ''));
      break;
    case 'with an entry of no kind':
      addUnknownEntryTo(path);
      break;
    case 'misspelt':
      writeFileSync(path, readFileSync(path, 'utf8').replace('participant', 'partixipant'));
      break;
    case 'unreadable':
      // Root may read whatever the mode says; nobody can follow a link to itself.
      rmSync(path);
      symlinkSync(basename(path), path);
      break;
    case 'gone':
      rmSync(path);
      break;
  }
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  const middle = Math.floor(writtenBytes(path) / 2);
  for (let at = middle; at < Math.min(middle + 8, bytes.length); at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

/** A log is preallocated: its end is zeros that nobody has written. */
function writtenBytes(path: string): number {
  const bytes = readFileSync(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return Math.max(end, 1);
}

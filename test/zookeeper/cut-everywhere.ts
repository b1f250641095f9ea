// SPDX-License-Identifier: Apache-2.0
/**
 * One change of the disk with the power cut after each of its calls, and with its process killed at each of them, the
 * change repeated by another process, and the power cut then. Rejects at the first state in which a promise is broken.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { NodeDisk } from '../../src/ports.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type DiskChange, type DiskCode, diskIn, type Seen } from './disk-change.ts';
import { checkAlways, layOutBefore } from './disk-changes.ts';
import { layOut } from './lay-out.ts';
import { PowerCutJournal } from './power-cut.ts';
import type { DiskState } from './unsynced-disk.ts';

export interface Tried {
  readonly calls: number;
  readonly states: number;
}

interface Found {
  readonly state: DiskState;
  readonly resolved: boolean;
  readonly where: string;
}

const digests = new WeakMap<Buffer, string>();
const SIGNAL = new AbortController().signal;

export async function cutEverywhere(change: DiskChange, code: DiskCode, real: DiskCode): Promise<Tried> {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await layOutBefore(change, real, root);
  const start = contentOf(root);
  const before: Seen = { facts: await read(real, root), files: start };
  const met = new Set<string>();
  const due: Found[] = [];
  const gather = (states: readonly DiskState[], resolved: boolean, where: string): void => {
    for (const state of states) {
      const key = `${resolved} ${digestOf(state)}`;
      if (!met.has(key)) due.push({ state, resolved, where });
      met.add(key);
    }
  };
  const checkDue = async (): Promise<void> => {
    for (const one of due.splice(0)) await check(one, change, before, { code, real, root });
  };
  const run = (): Promise<unknown> => change.change(diskIn(code, root), code, root);

  const whole = new PowerCutJournal(root);
  await whole.watch(run, () => gather(whole.afterPowerCut(), false, `the power cut after call ${whole.calls}`));
  gather(whole.afterPowerCut(), true, 'the power cut when all was done');
  await checkDue();
  for (let at = 1; at <= whole.calls; at++) {
    layOut(root, start);
    const journal = new PowerCutJournal(root);
    await journal.watch(run, () => {}, at);
    await journal.watch(run, () =>
      gather([journal.allLost()], false, `a kill at call ${at}, the power cut after call ${journal.calls}`),
    );
    gather(journal.afterPowerCut(), true, `a kill at call ${at}, and the power cut when all was done`);
    await checkDue();
  }
  return { calls: whole.calls, states: met.size };
}

async function check(
  { state, resolved, where }: Found,
  change: DiskChange,
  before: Seen,
  { code, real, root }: { code: DiskCode; real: DiskCode; root: string },
): Promise<void> {
  layOut(root, state);
  try {
    const seen: Seen = { facts: await read(real, root), files: state };
    checkAlways(change, seen, resolved);
    change.keeps?.(seen, before);
    if (change.isDone(seen)) {
      if (resolved) return;
    } else {
      assert.equal(resolved, false, 'what was done is still done');
      if (change.holds) change.holds(seen, before);
      else assert.deepEqual(seen.facts, before.facts, 'it is as it was');
    }
    // Whoever comes next brings it to its end, from whatever is there.
    const journal = new PowerCutJournal(root);
    await journal.watch(
      () => change.change(diskIn(code, root), code, root),
      () => {},
    );
    const files = contentOf(root);
    const after: Seen = { facts: await read(real, root), files };
    checkAlways(change, after, false);
    change.keeps?.(after, before);
    assert.ok(change.isDone(after), 'the next run brings it to its end');
    if (change.clearsAway !== false) assert.deepEqual(leftoversOf(files), [], 'and leaves nothing half');
  } catch (error) {
    throw new Error(`${change.name}: ${where}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** All that the node's own files say; how full the machine's disk is moves by itself. */
async function read(code: DiskCode, root: string): ReturnType<NodeDisk['read']> {
  const { freeShare, diskBytes, ...facts } = await diskIn(code, root).read(SIGNAL);
  return facts;
}

function contentOf(root: string): DiskState {
  return new PowerCutJournal(root).allKept();
}

function leftoversOf(files: DiskState): readonly string[] {
  return [...files.keys()].filter((path) => /\.(half|copying|moving|restoring)(\/|$)|version-2\.new/.test(path));
}

/** Times and the numbers of half-written files differ from run to run and mean nothing. */
function digestOf(state: DiskState): string {
  const hash = createHash('sha1');
  for (const [path, what] of [...state].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path.replace(/\.\d+-[0-9a-f]+\.half/g, '.half')} ${what.owner}\n`);
    if ('bytes' in what) hash.update(digestOfBytes(what.bytes));
  }
  return hash.digest('hex');
}

function digestOfBytes(bytes: Buffer): string {
  const known = digests.get(bytes) ?? createHash('sha1').update(bytes).digest('hex');
  digests.set(bytes, known);
  return known;
}

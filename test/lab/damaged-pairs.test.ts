// SPDX-License-Identifier: Apache-2.0
/**
 * No pair of a file and an edit is left out where the leader is terminated after it (damaged-and-terminated.test.ts).
 * Each pair is done here to the files of a real node, and the real disk code reads them: what it finds is what it finds
 * after one of the pairs that are played in the lab.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DiskFacts } from '../../src/model/disk.ts';
import { connectTo, emptyEnsemble, type RealEnsemble, zxidOf } from '../support/real-server.ts';
import { genesis, type RealNode, realNode, until } from '../zookeeper/real-node.ts';
import { BEREFT, nameOf, type RowEdit } from './support/bereft-rows.ts';
import { editAll } from './support/edited-nodes.ts';
import { effectOf } from './support/file-effects.ts';
import { filesWithoutRow, makeSure, OTHER_ROWS, pathOf, VITAL_ROWS } from './support/node-files.ts';

const LIMIT = { timeout: 240_000 };
const NEVER = new AbortController().signal;
const PAIRS: readonly RowEdit[] = [...VITAL_ROWS, ...OTHER_ROWS].flatMap((row) =>
  row.edits.map((edit) => ({ row, edit })),
);
/** Two members of one ensemble have the same here, or nearly so: to swap them is to do nothing. */
const ALIKE =
  /^data\/(version-2\/|zk-agent\/(fence|vouched)|aside\/by-hand\/(facts|version-2\/))|^conf\/zoo\.cfg\.dynamic/;

let ensemble: RealEnsemble;
let nodes: readonly RealNode[];
before(async () => {
  ensemble = await emptyEnsemble(3);
  nodes = await Promise.all(ensemble.members.map(({ id }) => realNode(ensemble, id)));
  const servers = await Promise.all(nodes.map((node) => genesis(node, ensemble.members)));
  await Promise.all(servers.map((server) => server.untilServing()));
  {
    await using client = await connectTo(servers[0] ?? assert.fail());
    for (let index = 0; index < 20; index++) await client.create(`/n${index}`);
  }
  // All that was written is on all of them, so that one's log is not ahead of another's.
  await until('all have the same', async () => new Set(await Promise.all(servers.map(zxidOf))).size === 1);
  await Promise.all(servers.map((server) => server.kill()));
  for (const { disk } of nodes) {
    await disk.mark('ready');
    await disk.vouch((await disk.read(NEVER)).config?.version ?? '', ensemble.members.length);
  }
}, LIMIT);
after(() => ensemble[Symbol.asyncDispose]());

const machineOf = (id: number): string => join(ensemble.directory, String(id));

async function factsOf({ disk }: RealNode): Promise<DiskFacts> {
  const { freeShare, diskBytes, ...facts } = await disk.read(NEVER);
  return facts;
}

interface Effect {
  readonly pair: RowEdit;
  readonly effect: string;
  /** The patterns of the files that hold what they held. */
  readonly same: readonly string[];
}

/** Does each pair to the first node, and undoes it. */
async function effects(): Promise<readonly Effect[]> {
  const [node] = nodes;
  assert.ok(node);
  const machine = machineOf(node.id);
  const facts = await factsOf(node);
  const found: Effect[] = [];
  for (const pair of PAIRS) {
    const { files } = pair.row;
    const fresh = files.filter((file) => !existsSync(pathOf(machine, file)));
    const made = files.map((file) => ({ file, content: readFileSync(makeSure(machine, file)) }));
    const mend = editAll(machine, machineOf(2), files, pair.edit);
    const same = made.filter(({ file, content }) => contentIn(machine, file.pattern)?.equals(content));
    const effect = effectOf(facts, await factsOf(node));
    found.push({ pair, effect, same: same.map(({ file }) => file.pattern) });
    mend();
    for (const file of fresh) rmSync(pathOf(machine, file));
    for (const aside of ['data/aside', 'conf/aside']) rmSync(join(machine, aside), { recursive: true, force: true });
    assert.equal(effectOf(facts, await factsOf(node)), 'nothing', `${nameOf(pair)} is undone`);
  }
  return found;
}

function contentIn(machine: string, pattern: string): Buffer | undefined {
  try {
    return readFileSync(pathOf(machine, { pattern }));
  } catch {
    return undefined;
  }
}

test('each pair that is not played is one of those that are, by all that the agent sees of it', LIMIT, async () => {
  assert.deepEqual(filesWithoutRow(machineOf(1)), []);
  const found = await effects();
  const played = new Set(BEREFT.flatMap(({ edits }) => edits.map(nameOf)));
  const known = new Set(found.flatMap(({ pair, effect }) => (played.has(nameOf(pair)) ? [effect] : [])));
  const left = found.filter(({ effect }) => !known.has(effect)).map(({ pair, effect }) => `${nameOf(pair)}: ${effect}`);
  assert.deepEqual(left, [], 'Nowhere is one played that leaves the same.');
  const idle = found.flatMap(({ pair: { row, edit }, same }) =>
    same
      .filter((pattern) => !(edit === 'another node’s' && ALIKE.test(pattern)))
      .filter(() => row.what !== 'marks that nobody made')
      .map((pattern) => `${row.what}: ${edit}: ${pattern}`),
  );
  assert.deepEqual(idle, [], 'An edit that changes nothing shows nothing.');
});

test('a file that an edit before left as a link to itself is made anew, and edited', LIMIT, () => {
  const machine = machineOf(2);
  const file = { pattern: 'data/zk-agent/signalled', made: () => 'made' };
  editAll(machine, machineOf(3), [file], 'unreadable');
  const mend = editAll(machine, machineOf(3), [file], 'emptied');
  assert.equal(contentIn(machine, file.pattern)?.toString(), '');
  mend();
  assert.equal(contentIn(machine, file.pattern)?.toString(), 'made');
});

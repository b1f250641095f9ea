/**
 * One follower, a file of it emptied while it is off, and the leader terminated as it comes back: two of three are hit.
 * The third has everything that was acknowledged; nothing of it is lost, and the outage has an end without a person.
 */
import { after, before, test } from 'node:test';
import { EditedNode } from './support/edited-node.ts';
import { CONFIG_AND_AGENT_FILES, DATA_FILES } from './support/file-edits.ts';

const FILE_LIMIT_MS = 240_000;

let node: EditedNode;
before(
  async () => {
    node = await EditedNode.start();
  },
  { timeout: 120_000 },
);
after(() => node[Symbol.asyncDispose]());

/** What the server itself reads, and the stamp and the fence, without which it does not start. */
const WHAT_A_START_NEEDS = [
  ...DATA_FILES,
  ...CONFIG_AND_AGENT_FILES.filter(({ pattern }) => /zoo\.cfg|stamp|fence/.test(pattern)),
];

for (const file of WHAT_A_START_NEEDS) {
  test(`${file.what} emptied, and the leader terminated after it`, { timeout: FILE_LIMIT_MS }, async () => {
    const instance = (await node.edit(file, 'emptied')) ?? '';
    node.on(instance);
    await node.leaderGoes();
    await node.wholeAgain();
  });
}

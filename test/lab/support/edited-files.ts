/** The table of a node's files against what can befall them: one test a file, on one ensemble that goes on serving. */
import { after, before, test } from 'node:test';
import { EditedNode, type Remedy } from './edited-node.ts';
import { EDITS, type NodeFile } from './file-edits.ts';

const FILE_LIMIT_MS = 600_000;

/** `remedies`, by file and edit: where the node can't come back by itself, and says what a person does. */
export function editedFilesComeBack(files: readonly NodeFile[], remedies: Readonly<Record<string, Remedy>>): void {
  let node: EditedNode;
  before(
    async () => {
      node = await EditedNode.start();
    },
    { timeout: 120_000 },
  );
  after(() => node[Symbol.asyncDispose]());
  for (const file of files) {
    test(`${file.what}: however it is damaged, its node comes back`, { timeout: FILE_LIMIT_MS }, async (t) => {
      for (const edit of EDITS) {
        await t.test(edit, async (t) => {
          const instance = await node.edit(file, edit);
          if (instance === undefined) return t.diagnostic('Nothing to change.');
          node.on(instance);
          try {
            await node.comesBack(instance, remedies[`${file.what}: ${edit}`]);
          } catch (error) {
            await node.replace(instance);
            throw error;
          }
        });
      }
    });
  }
}

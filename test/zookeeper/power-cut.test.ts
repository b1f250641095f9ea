// SPDX-License-Identifier: Apache-2.0
/**
 * No fence, stamp, mark, copy or data is lost or torn by a power cut, wherever in whichever change of the disk
 * (Disk 1).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeDisk } from '../../src/ports.ts';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { superSecret } from '../../src/zookeeper/super-secret.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { cutEverywhere } from './cut-everywhere.ts';
import { diskIn } from './disk-change.ts';
import { CHANGES_OF, DISK_CHANGES, layOutBefore } from './disk-changes.ts';

const REAL = { nodeDisk, superSecret };

describe('a power cut at any call', () => {
  for (const change of DISK_CHANGES) {
    it(`${change.name}: what was done stays, what was not is undone or finished`, async (t) => {
      const { calls, states } = await cutEverywhere(change, REAL, REAL);
      assert.ok(calls >= 3 && states >= 3, `${calls} calls, ${states} states`);
      t.diagnostic(`${calls} calls, ${states} states of the disk`);
    });
  }
});

/** The names of the methods that are called on the disk from now on. */
function called(disk: NodeDisk): { readonly disk: NodeDisk; readonly names: ReadonlySet<string> } {
  const names = new Set<string>();
  const watched = new Proxy(disk, {
    get: (target, name, receiver) => {
      names.add(String(name));
      return Reflect.get(target, name, receiver);
    },
  });
  return { disk: watched, names };
}

describe('the writes of the port', () => {
  for (const [write, changes] of Object.entries(CHANGES_OF)) {
    it(`${write} is what is cut off under its name`, async () => {
      assert.ok(changes.length > 0);
      for (const change of changes) {
        await using directory = await temporaryDirectory();
        await layOutBefore(change, REAL, directory.path);
        const { disk, names } = called(diskIn(REAL, directory.path));
        await change.change(disk, REAL, directory.path);
        assert.ok(names.has(write), change.name);
      }
    });
  }
});

// SPDX-License-Identifier: Apache-2.0
/** No fence, stamp, mark, copy or data is lost or torn by a power cut, wherever in whichever change of the disk. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import { superSecret } from '../../src/zookeeper/super-secret.ts';
import { cutEverywhere } from './cut-everywhere.ts';
import { DISK_CHANGES } from './disk-changes.ts';

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

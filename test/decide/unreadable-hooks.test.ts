// SPDX-License-Identifier: Apache-2.0
/** Files 2: whichever file of a node can't be read, its lifecycle hooks, and those of the gone, are answered. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { ownHookWait } from '../../src/facts/lifecycle.ts';
import { type DiskFacts, type NodeFile, UNREADABLE_FENCE } from '../../src/model/disk.ts';
import type { Observation } from '../../src/model/observation.ts';
import { claimOf, diskOf, ensembleOf, genesisOf, groupIn, instanceOf, livesOf, STOPPED, sharedOf } from './parts.ts';
import { inStack, leaving } from './situations.ts';

/** A kind of file that is new does not compile without its row: what a voter does first beside an ensemble. */
const FIRST: Readonly<Record<NodeFile, 'mend-files' | 'stop-server' | 'complete-hooks-of-the-gone'>> = {
  id: 'mend-files',
  stamp: 'mend-files',
  nonce: 'complete-hooks-of-the-gone',
  fence: 'stop-server',
  config: 'mend-files',
  pending: 'complete-hooks-of-the-gone',
  aside: 'complete-hooks-of-the-gone',
  marks: 'complete-hooks-of-the-gone',
};
const FILES = Object.keys(FIRST) as readonly NodeFile[];

/** The fact is missing; but data set aside is a list, and a fence that can't be read is one. */
function torn(what: NodeFile): DiskFacts {
  const without = {
    ...(what === 'aside' ? {} : { [what]: undefined }),
    ...(what === 'fence' ? { fence: UNREADABLE_FENCE } : {}),
  };
  const whole = diskOf(1, { signalled: true, freeShare: 0.5, ...without });
  return { ...whole, unreadable: [{ what, file: `/d/${what}`, why: 'it is empty' }] };
}

function kindOf(observation: Observation): string {
  const decision = decide(observation);
  return decision.kind === 'step' ? decision.step.kind : `${decision.kind}: ${decision.why}`;
}

/** The group still lists node 4, which is gone for good and in no config, in its terminate hook. */
function besideTheGone(disk: DiskFacts): Observation {
  return inStack({
    disk,
    group: groupIn([1, 2, 3, 4], { 4: 'Terminating:Wait' }),
    shared: sharedOf([genesisOf([1, 2, 3])], [], {
      claims: [1, 2, 3, 4].map((id) => claimOf(id)),
      dead: [instanceOf(4)],
    }),
    lives: { ...livesOf([1, 2, 3]), ...livesOf([4], 'gone') },
  });
}

for (const what of FILES) {
  describe(`a node whose ${what} can not be read`, () => {
    it('goes on with the heartbeats of its hook, launching and leaving', () => {
      for (const state of ['Pending:Wait', 'Terminating:Wait']) {
        assert.ok(ownHookWait(inStack({ disk: torn(what), group: groupIn([1, 2, 3], { 1: state }) })), state);
      }
    });

    it('answers its terminate hook once it is out of the config and its server is stopped', () => {
      const left = leaving({ disk: torn(what), server: STOPPED, ensemble: ensembleOf([2, 3]) });
      assert.equal(kindOf(left), 'complete-leaving');
    });

    it('answers the hook of one that is gone, as soon as its own files are mended', () => {
      assert.equal(kindOf(besideTheGone(torn(what))), FIRST[what]);
      assert.equal(kindOf(besideTheGone(diskOf(1, { signalled: true }))), 'complete-hooks-of-the-gone');
    });
  });
}

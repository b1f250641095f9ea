// SPDX-License-Identifier: Apache-2.0
import { known } from '../../../src/model/cloud.ts';
import type { Observation, Silence } from '../../../src/model/observation.ts';
import type { GoneMember } from '../../../src/model/records.ts';
import { type Decision, take, wait } from '../../../src/model/step.ts';
import {
  addressOf,
  claimOf,
  configOf,
  diskOf,
  genesisOf,
  groupOf,
  instanceOf,
  livesOf,
  member,
  reportOf,
  sharedOf,
  silenceOf,
} from '../parts.ts';
import { silent } from '../situations.ts';
import { start, terminate, tooFewCanRun } from './advised.ts';
import { type Row, row } from './row.ts';

const WORD: GoneMember = { record: 1, id: 9, address: addressOf(9), epoch: 1, left: [instanceOf(1)] };

/** Of the voters 1, 2 and 9, which a person added, 2 is gone for good, and node 1 has reported. */
function beside9(
  silence: Partial<Silence>,
  ids: readonly number[] = [1, 2, 9],
  change: Partial<Observation> = {},
): Observation {
  const config = configOf(ids);
  return silent({
    lives: { ...livesOf([1]), ...livesOf([2], 'gone') },
    group: groupOf([1]),
    disk: diskOf(1, { config, reported: true }),
    shared: sharedOf([genesisOf([1, 2])], [1, 2]),
    silence: silenceOf([1], [reportOf(1, { config })], silence),
    ...change,
  });
}

function wordOfTwo(id: number): GoneMember {
  return { record: 1, id, address: addressOf(id), epoch: 1, left: [1, 2].map(instanceOf) };
}

/** Of the voters 1, 2, 3, 8 and 9, of which a person added the last two, 3 is gone for good, or reports as given. */
function besideTwo(gone: readonly GoneMember[], third?: Parameters<typeof reportOf>[1]): Observation {
  const config = configOf([1, 2, 3, 8, 9]);
  const heard = [1, 2].map((id) => reportOf(id, { config }));
  const all = third ? [...heard, reportOf(3, { config, ...third })] : heard;
  const living = third ? [1, 2, 3] : [1, 2];
  return beside9({}, [1, 2, 3, 8, 9], {
    lives: { ...livesOf([1, 2]), ...livesOf([3], third ? 'alive' : 'gone') },
    group: groupOf(living),
    shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3]),
    silence: silenceOf(living, all, gone.length === 0 ? {} : { gone }),
  });
}

function waiting(voters: string, advice: Parameters<typeof wait>[2]): Decision {
  const why = `There is no quorum, but it is not lost for good: enough of the voters ${voters} can come back.`;
  return wait(why, undefined, advice);
}

function startAdded(id: number): NonNullable<Parameters<typeof wait>[2]>[number] {
  const path = `member ${id} at ${addressOf(id)}`;
  return { action: 'start-added-server', path, when: [{ is: 'no-leader' }, { is: 'still-advised' }] };
}

function declareGone(gone: GoneMember): NonNullable<Parameters<typeof wait>[2]>[number] {
  const path = `member ${gone.id} at ${gone.address}`;
  return {
    action: 'declare-gone',
    instance: instanceOf(1),
    path,
    gone,
    when: [{ is: 'cannot-start', path }, { is: 'no-leader' }, { is: 'still-advised' }],
    loses: { kind: 'its-disk' },
  };
}

const ONE_AND_NINE = '1 at 10.0.0.1, 9 at 10.0.0.9';
const LOST = take(
  { kind: 'raise-fence', record: 1 },
  'The quorum is lost for good and everybody has reported, so this node stands still before the recovery.',
);
const STILL_WAITS = waiting(ONE_AND_NINE, [startAdded(9), declareGone(WORD)]);

/** Recovery 11: a person's word that the server of a member that nobody claimed is gone for good. */
export const DECLARED_GONE: readonly Row[] = [
  row('Recovery 11: a person is asked to start the server, or to say that it is gone', beside9({}), STILL_WAITS),
  row('Recovery 11: once the word is given the quorum is lost for good', beside9({ gone: [WORD] }), LOST),
  row('Recovery 11: a word of a later epoch counts, too', beside9({ gone: [{ ...WORD, epoch: 4 }] }), LOST),
  row('Recovery 11: a word about another id says nothing', beside9({ gone: [{ ...WORD, id: 8 }] }), STILL_WAITS),
  row(
    'Recovery 11: a word about another address says nothing',
    beside9({ gone: [{ ...WORD, address: addressOf(8) }] }),
    STILL_WAITS,
  ),
  row(
    'Recovery 11: a word under another record says nothing',
    beside9({ gone: [{ ...WORD, record: 2 }] }),
    STILL_WAITS,
  ),
  row(
    'Recovery 11: a word from before the last epoch was mistaken',
    beside9({ gone: [{ ...WORD, epoch: 0 }] }),
    STILL_WAITS,
  ),
  row(
    'Recovery 11: a word counts only where nobody is left who was not left then',
    beside9({ gone: [{ ...WORD, left: [instanceOf(2)] }] }),
    STILL_WAITS,
  ),
  row(
    'Recovery 11: a word counts only where nobody is gone who was left then',
    beside9({ gone: [{ ...WORD, left: [1, 3].map(instanceOf) }] }),
    STILL_WAITS,
  ),
  row(
    'Recovery 11: a word counts only where the same nodes can vote',
    beside9({ gone: [{ ...WORD, unable: [instanceOf(3)] }] }),
    STILL_WAITS,
  ),
  row(
    'Recovery 11: with a voter to spare, a word is asked for about each of two that were added',
    besideTwo([]),
    waiting('1 at 10.0.0.1, 2 at 10.0.0.2, 8 at 10.0.0.8, 9 at 10.0.0.9', [
      start(2),
      startAdded(8),
      startAdded(9),
      declareGone(wordOfTwo(8)),
      declareGone(wordOfTwo(9)),
      terminate(2, [tooFewCanRun(1, [1, 2])]),
    ]),
  ),
  row(
    'Recovery 11: with a voter to spare, one of two words is not enough, and the other one is asked for',
    besideTwo([wordOfTwo(8)]),
    waiting('1 at 10.0.0.1, 2 at 10.0.0.2, 9 at 10.0.0.9', [
      start(2),
      startAdded(9),
      declareGone(wordOfTwo(9)),
      terminate(2, [tooFewCanRun(2, [1, 2])]),
    ]),
  ),
  row('Recovery 11: with a voter to spare, both words are enough', besideTwo([8, 9].map(wordOfTwo)), LOST),
  row(
    'Recovery 11: with a voter to spare, a word names who can not vote, since that node may be mended',
    besideTwo([8, 9].map(wordOfTwo), { canVote: false, obstacle: 'its id file is empty' }),
    waiting('1 at 10.0.0.1, 2 at 10.0.0.2, 8 at 10.0.0.8, 9 at 10.0.0.9', [
      start(2),
      startAdded(8),
      startAdded(9),
      declareGone({ ...wordOfTwo(8), unable: [instanceOf(3)] }),
      declareGone({ ...wordOfTwo(9), unable: [instanceOf(3)] }),
      terminate(2, [tooFewCanRun(1, [1, 2])]),
    ]),
  ),
  row(
    'Recovery 11: no word is asked for, and none counts, where the added voters are a quorum by themselves',
    beside9({ gone: [WORD, { ...WORD, id: 8, address: addressOf(8) }] }, [1, 8, 9]),
    waiting('1 at 10.0.0.1, 8 at 10.0.0.8, 9 at 10.0.0.9', [startAdded(8), startAdded(9)]),
  ),
  row(
    'Recovery 11: no word is asked for, and none counts, where no node of ours is left in the quorum',
    beside9({ gone: [WORD, { ...WORD, id: 8, address: addressOf(8), left: [] }] }, [2, 8, 9]),
    waiting('8 at 10.0.0.8, 9 at 10.0.0.9', [startAdded(8), startAdded(9)]),
  ),
  row(
    'Recovery 11: nobody is asked for the word before everybody has reported',
    beside9({}, [1, 2, 9], {
      shared: sharedOf([genesisOf([1, 2])], [1, 2, 3]),
      lives: { ...livesOf([1, 3]), ...livesOf([2], 'gone') },
      group: groupOf([1, 3]),
      silence: silenceOf([1, 3], [reportOf(1, { config: configOf([1, 2, 9]) })]),
    }),
    waiting(ONE_AND_NINE, [startAdded(9)]),
  ),
  row(
    'Recovery 11: nobody is asked for the word while the server answers',
    beside9({ byHand: [member(9)] }),
    waiting(ONE_AND_NINE, []),
  ),
  row(
    'Recovery 11: the word does not count for an id that a node claimed at that address',
    beside9({ gone: [WORD] }, [1, 2, 9], {
      shared: known({ records: [genesisOf([1, 2])], claims: [1, 2, 9].map((id) => claimOf(id)), dead: [] }),
    }),
    waiting(ONE_AND_NINE, [start(9), terminate(9, [tooFewCanRun(2, [1, 9])])]),
  ),
];

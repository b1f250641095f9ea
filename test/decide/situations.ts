// SPDX-License-Identifier: Apache-2.0
/** The situations of a node that tests begin from, by name: of three nodes unless the name says another number. */
import { known, unknown } from '../../src/model/cloud.ts';
import type { Observation } from '../../src/model/observation.ts';
import { ZXID_ZERO } from '../../src/model/zxid.ts';
import {
  configOf,
  diskOf,
  EMPTY_DISK,
  emptyReportOf,
  ensembleOf,
  FOLLOWS,
  genesisOf,
  groupIn,
  groupOf,
  LIMITS,
  LOOKS_FOR_A_LEADER,
  livesOf,
  member,
  NO_RECORD,
  newDiskOf,
  nonceOf,
  orderOf,
  reportOf,
  reportOfFive,
  S3_IS_SILENT,
  STACK,
  STOPPED,
  selfOf,
  sharedOf,
  silenceOf,
  stoodStill,
} from './parts.ts';

type Change = Partial<Observation>;

/** Node 1, a follower of node 3, with nothing left to do. */
export function healthy(change: Change = {}): Observation {
  return {
    order: orderOf(),
    self: selfOf(1),
    targetState: known('InService'),
    disk: diskOf(1),
    server: FOLLOWS,
    shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3]),
    group: groupOf([1, 2, 3]),
    lives: livesOf([1, 2, 3]),
    terminated: [],
    ensemble: ensembleOf([1, 2, 3]),
    silence: unknown('an ensemble answers'),
    watch: undefined,
    limits: LIMITS,
    ...change,
  };
}

// Before the first ensemble.

/** Nodes 1 to 3 have claimed their ids, and there is no record yet. */
export function beforeGenesis(change: Change = {}): Observation {
  return silent({
    disk: newDiskOf(1),
    server: STOPPED,
    shared: sharedOf([], [1, 2, 3]),
    silence: NO_RECORD,
    ...change,
  });
}

/** Node 1 is in the first record, and has started nothing yet. */
export function beforeFirstStart(change: Change = {}): Observation {
  return silent({
    disk: newDiskOf(1),
    server: STOPPED,
    silence: silenceOf([1, 2, 3], [], { announcements: [] }),
    ...change,
  });
}

/** The first record names three others, which are gone; node 1 is alone, empty and fenced. */
export function aloneAfterTheFirst(change: Change = {}): Observation {
  return fencedSurvivor({
    disk: newDiskOf(1, { reported: true, fence: { record: 1 } }),
    shared: sharedOf([genesisOf([2, 3, 4])], [1, 2, 3, 4]),
    group: groupOf([1], { desired: 1 }),
    lives: { ...livesOf([1]), ...livesOf([2, 3, 4], 'gone') },
    silence: silenceOf([1, 2, 3, 4], [emptyReportOf(1)]),
    watch: stoodStill(1, ['s1'], [1, 2, 3, 4]),
    ...change,
  });
}

/** A second genesis follows a first one that most nodes never started; nodes 1 to 3 are fenced. */
export function secondGenesis(change: Change = {}): Observation {
  const second = genesisOf([1, 2, 3], { number: 2, fenced: Object.keys(livesOf([1, 2, 3])), epochFloor: 4 });
  return silent({
    disk: newDiskOf(1, { nonce: nonceOf(1), fence: { record: 1 } }),
    server: STOPPED,
    shared: sharedOf([genesisOf([1, 2, 3]), second], [1, 2, 3]),
    silence: silenceOf(
      [1, 2, 3],
      [1, 2, 3].map((id) => reportOf(id, { fenced: true })),
    ),
    ...change,
  });
}

// Beside an ensemble.

/** Node 4 has an empty disk, and no claim. */
export function newcomer(change: Change = {}): Observation {
  return healthy({
    self: selfOf(4),
    disk: EMPTY_DISK,
    server: STOPPED,
    group: groupOf([1, 2, 3, 4]),
    lives: livesOf([1, 2, 3, 4]),
    ...change,
  });
}

/** The newcomer has claimed id 4. */
export function claimedNewcomer(change: Change = {}): Observation {
  return newcomer({ disk: newDiskOf(4), shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4]), ...change });
}

/** The server of node 4 follows, and is in no config. */
export function joiner(change: Change = {}): Observation {
  return claimedNewcomer({
    disk: diskOf(4, {
      ready: false,
      config: { version: ZXID_ZERO, members: [1, 2, 3].map((id) => member(id)).concat(member(4, 'observer')) },
    }),
    server: { ...FOLLOWS, upMs: 9_000 },
    ...change,
  });
}

/** Node 1 was a member, is not one any more, and has an empty disk. */
export function removedAndEmpty(change: Change = {}): Observation {
  return healthy({ disk: newDiskOf(1), server: STOPPED, ensemble: ensembleOf([2, 3]), ...change });
}

/** The bootstrap of node 1, whose launch waits for its word, is about to end. */
export function launching(change: Change = {}): Observation {
  return removedAndEmpty({
    order: orderOf({ command: 'bootstrap' }),
    group: groupIn([1, 2, 3], { 1: 'Pending:Wait' }),
    stack: STACK,
    ...change,
  });
}

/** The bootstrap of the newcomer, whose launch waits for its word, is about to end. */
export function launchingNewcomer(change: Change = {}): Observation {
  return claimedNewcomer({
    order: orderOf({ command: 'bootstrap' }),
    group: groupIn([1, 2, 3, 4], { 4: 'Pending:Wait' }),
    stack: STACK,
    ...change,
  });
}

/** Node 5 is launched at the address of member 4, which is gone and still listed. */
export function launchingAtTheAddressOfTheDead(change: Change = {}): Observation {
  return launchingNewcomer({
    self: { ...selfOf(4), instance: selfOf(5).instance },
    disk: EMPTY_DISK,
    shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4], { dead: [selfOf(4).instance] }),
    group: groupIn([1, 2, 3, 5], { 5: 'Pending:Wait' }),
    lives: { ...livesOf([1, 2, 3]), ...livesOf([4], 'gone') },
    ensemble: ensembleOf([1, 2, 3], { config: configOf([1, 2, 3, 4]) }),
    ...change,
  });
}

/** Node 1 is about to be terminated; its hook waits for its word. */
export function leaving(change: Change = {}): Observation {
  return healthy({
    targetState: known('Terminated'),
    disk: diskOf(1, { signalled: true }),
    group: groupIn([1, 2, 3], { 1: 'Terminating:Wait' }),
    stack: STACK,
    ...change,
  });
}

/** Node 1 is in a stack, and has said all that the stack waits for. */
export function inStack(change: Change = {}): Observation {
  return healthy({ disk: diskOf(1, { signalled: true }), stack: STACK, ...change });
}

// Without an ensemble.

/** The server of node 1 runs and finds no quorum; it has reported, the others are there and have not. */
export function silent(change: Change = {}): Observation {
  return healthy({
    disk: diskOf(1, { reported: true }),
    server: LOOKS_FOR_A_LEADER,
    ensemble: undefined,
    silence: silenceOf([1, 2, 3], [reportOf(1)]),
    ...change,
  });
}

/** The server of node 1 is stopped, and so may all others be. */
export function stopped(change: Change = {}): Observation {
  return silent({ disk: diskOf(1), server: STOPPED, ...change });
}

/** Node 1 is stopped, and the bucket can't be read. */
export function withoutS3(change: Change = {}): Observation {
  return stopped({ shared: S3_IS_SILENT, silence: S3_IS_SILENT, ...change });
}

/** Node 1 is the survivor: the instances of 2 and 3 are gone for good. */
export function survivor(change: Change = {}): Observation {
  return silent({
    group: groupOf([1]),
    lives: { ...livesOf([1]), ...livesOf([2, 3], 'gone') },
    ...change,
  });
}

/** The survivor, fenced with its report, after the facts have stood still for long enough. */
export function fencedSurvivor(change: Change = {}): Observation {
  return survivor({
    disk: diskOf(1, { reported: true, fence: { record: 1 } }),
    server: STOPPED,
    silence: silenceOf([1, 2, 3], [reportOf(1, { fenced: true })]),
    watch: stoodStill(1, ['s1'], [1, 2, 3]),
    ...change,
  });
}

/** Nodes 1 and 2 are left of five, fenced and heard; the facts have stood still for long enough. */
export function twoOfFive(change: Change = {}): Observation {
  const five = [1, 2, 3, 4, 5];
  return fencedSurvivor({
    disk: diskOf(1, { reported: true, fence: { record: 1 }, config: configOf(five) }),
    shared: sharedOf([genesisOf(five)], five),
    group: groupOf([1, 2]),
    lives: { ...livesOf([1, 2]), ...livesOf([3, 4, 5], 'gone') },
    silence: silenceOf(five, [reportOfFive(1), reportOfFive(2)]),
    watch: stoodStill(1, ['s1', 's2'], five),
    ...change,
  });
}

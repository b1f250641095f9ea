// SPDX-License-Identifier: Apache-2.0
import { done, take, wait } from '../../../src/model/step.ts';
import { toZxid } from '../../../src/model/zxid.ts';
import {
  addressOf,
  CLUSTER,
  CONFIG_VERSION,
  claimOf,
  configOf,
  diskOf,
  EMPTY_DISK,
  ensembleOf,
  genesisOf,
  groupOf,
  instanceOf,
  LEADS,
  LOOKS_FOR_A_LEADER,
  livesOf,
  member,
  NO_RECORD,
  STOPPED,
  selfOf,
  sharedOf,
  silenceOf,
} from '../parts.ts';

import { claimedNewcomer, healthy, newcomer, stopped } from '../situations.ts';
import { type Row, row } from './row.ts';

/** Claims: what decide does by the rules of this chapter. */
export const CLAIMS: readonly Row[] = [
  row(
    'Claims 1: a server under another id is stopped before the id changes',
    healthy({
      disk: diskOf(5, { config: configOf([2, 3, 5]) }),
      server: { ...LOOKS_FOR_A_LEADER, upMs: 5_000 },
      ensemble: ensembleOf([2, 3]),
    }),
    take({ kind: 'stop-server' }, "The server runs under id 5, but this node's claim is on id 1."),
  ),
  row(
    'Claims 1: the claimed id goes to disk',
    stopped({ disk: EMPTY_DISK, shared: sharedOf([], [1]), silence: NO_RECORD }),
    take({ kind: 'write-id', id: 1 }, 'This node owns the claim on id 1, and its disk does not say so yet.'),
  ),
  row(
    'Claims 1: the first node claims id 1',
    stopped({ disk: EMPTY_DISK, shared: sharedOf([], []), silence: NO_RECORD }),
    take({ kind: 'claim-id', id: 1, generation: 1 }, 'This node has no id yet, and 1 is the lowest free one.'),
  ),
  row(
    'Claims 2: a newcomer takes the next generation of a freed id',
    healthy({
      self: { instance: 'i-0b07', address: addressOf(7), cluster: CLUSTER },
      disk: EMPTY_DISK,
      server: STOPPED,
      lives: { ...livesOf([2, 3]), ...livesOf([1], 'gone'), 'i-0b07': 'alive' },
      ensemble: ensembleOf([2, 3]),
    }),
    take({ kind: 'claim-id', id: 1, generation: 2 }, 'This node has no id yet, and 1 is the lowest free one.'),
  ),
  row(
    'Claims 2: the highest generation owns the id',
    healthy({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 1, 2, 3], {
        claims: [
          claimOf(1),
          claimOf(1, { generation: 2, owner: { instance: 'i-0b07', address: addressOf(7) } }),
          claimOf(2),
          claimOf(3),
        ],
      }),
    }),
    take({ kind: 'stop-server' }, 'Id 1 belongs to i-0b07 now.'),
  ),
  row(
    'Claims 3: a shutting down owner keeps its id',
    newcomer({ lives: { ...livesOf([2, 3, 4]), ...livesOf([1], 'shutting-down') }, ensemble: ensembleOf([2, 3]) }),
    take({ kind: 'claim-id', id: 4, generation: 1 }, 'This node has no id yet, and 4 is the lowest free one.'),
  ),
  row(
    'Claims 3: all ids are taken',
    newcomer({
      shared: sharedOf([genesisOf([1, 2, 3])], [], {
        claims: Array.from({ length: 255 }, (_, at) =>
          claimOf(at + 1, { owner: { instance: `i-0b${at}`, address: `10.0.1.${at}` } }),
        ),
      }),
      lives: {},
    }),
    wait('No id from 1 to 255 is free.', undefined, [{ action: 'look-at-claims', when: [] }]),
  ),
  row(
    'Claims 3: an id in a pending config is not free',
    healthy({
      self: selfOf(4),
      disk: { ...EMPTY_DISK, pending: configOf([1, 2, 3], toZxid(0x100000050n)) },
      server: STOPPED,
      group: groupOf([1, 2, 3, 4]),
      lives: { ...livesOf([2, 3, 4]), ...livesOf([1], 'gone') },
      ensemble: ensembleOf([2, 3]),
    }),
    take({ kind: 'claim-id', id: 4, generation: 1 }, 'This node has no id yet, and 4 is the lowest free one.'),
  ),
  row(
    'Claims 3: an id in the committed config is not free',
    newcomer({ lives: { ...livesOf([2, 3, 4]), ...livesOf([1], 'gone') } }),
    take({ kind: 'claim-id', id: 4, generation: 1 }, 'This node has no id yet, and 4 is the lowest free one.'),
  ),
  row(
    'Claims 3: an unknown owner keeps its id',
    newcomer({ lives: livesOf([2, 3, 4]), ensemble: ensembleOf([2, 3]) }),
    take({ kind: 'claim-id', id: 4, generation: 1 }, 'This node has no id yet, and 4 is the lowest free one.'),
  ),
  row(
    'Claims 3: nothing becomes free while no ensemble answers',
    newcomer({
      lives: { ...livesOf([2, 3, 4]), ...livesOf([1], 'gone') },
      ensemble: undefined,
      silence: silenceOf([1, 2, 3, 4], []),
    }),
    take({ kind: 'claim-id', id: 4, generation: 1 }, 'This node has no id yet, and 4 is the lowest free one.'),
  ),
  row(
    'Claims 4: a void claim frees its id beside an ensemble',
    newcomer({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3, 4], {
        claims: [claimOf(1), claimOf(2), claimOf(3), claimOf(4, { owner: 'void' })],
      }),
    }),
    take({ kind: 'claim-id', id: 4, generation: 2 }, 'This node has no id yet, and 4 is the lowest free one.'),
  ),
  row(
    'Claims 4: a void claim frees nothing without an ensemble',
    stopped({
      disk: EMPTY_DISK,
      shared: sharedOf([], [1], { claims: [claimOf(1, { owner: 'void' })] }),
      silence: NO_RECORD,
    }),
    take({ kind: 'claim-id', id: 2, generation: 1 }, 'This node has no id yet, and 2 is the lowest free one.'),
  ),
  row(
    'Claims 4: a young claim without owner is unknown',
    stopped({
      disk: EMPTY_DISK,
      shared: sharedOf([], [1], { claims: [claimOf(1, { owner: undefined, ageMs: 60_000 })] }),
      silence: NO_RECORD,
    }),
    take({ kind: 'claim-id', id: 2, generation: 1 }, 'This node has no id yet, and 2 is the lowest free one.'),
  ),
  row(
    'Claims 4: an old claim without owner is voided',
    stopped({
      disk: EMPTY_DISK,
      shared: sharedOf([], [1], { claims: [claimOf(1, { owner: undefined, ageMs: 901_000 })] }),
      silence: NO_RECORD,
    }),
    take(
      { kind: 'void-claim', id: 1, generation: 1 },
      'The claim 1.1 has had no owner for 15 minutes: whoever made it crashed.',
    ),
  ),
  row(
    'Claims 5: of two claims the one that the config lists counts',
    healthy({
      self: selfOf(3),
      disk: EMPTY_DISK,
      server: STOPPED,
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3], {
        claims: [claimOf(1, { owner: { instance: instanceOf(3), address: addressOf(3) } }), claimOf(2), claimOf(3)],
      }),
      group: groupOf([1, 2, 3, 4]),
      lives: livesOf([2, 3, 4]),
      ensemble: ensembleOf([2], { config: configOf([2, 3]) }),
    }),
    take({ kind: 'write-id', id: 3 }, 'This node owns the claim on id 3, and its disk does not say so yet.'),
  ),
  row(
    'Claims 5: the config gives the id to another address',
    claimedNewcomer({
      ensemble: ensembleOf([2, 3], {
        config: { version: CONFIG_VERSION, members: [member(2), member(3), member(4, 'participant', addressOf(9))] },
      }),
    }),
    take({ kind: 'claim-id', id: 5, generation: 1 }, 'This node has no id yet, and 5 is the lowest free one.'),
  ),
  row(
    'Claims 7: a follower that votes notes the dead',
    healthy({
      self: selfOf(3),
      disk: diskOf(3),
      lives: { ...livesOf([2, 3]), ...livesOf([1], 'gone') },
      terminated: [instanceOf(1)],
      ensemble: ensembleOf([1, 2, 3], { leader: { id: 2, address: addressOf(2) } }),
    }),
    take(
      { kind: 'note-dead', instances: [instanceOf(1)] },
      'EC2 reports i-0a01 as terminated, and will stop listing it within the hour.',
    ),
  ),
  row(
    'Claims 7: a newcomer joins before it notes the dead',
    newcomer({ lives: { ...livesOf([2, 3, 4]), ...livesOf([1], 'gone') }, terminated: [instanceOf(1)] }),
    take({ kind: 'claim-id', id: 4, generation: 1 }, 'This node has no id yet, and 4 is the lowest free one.'),
  ),
  row(
    'Claims 7: the leader notes the dead first',
    healthy({
      self: selfOf(3),
      disk: diskOf(3),
      server: LEADS,
      lives: { ...livesOf([2, 3]), ...livesOf([1], 'gone') },
      terminated: [instanceOf(1)],
    }),
    take(
      { kind: 'note-dead', instances: [instanceOf(1)] },
      'EC2 reports i-0a01 as terminated, and will stop listing it within the hour.',
    ),
  ),
  row(
    'Claims 8: the stream of an own claim is made anew',
    healthy({
      shared: sharedOf([genesisOf([1, 2, 3])], [1, 2, 3], {
        claims: [claimOf(1, { unlisted: true }), claimOf(2), claimOf(3)],
      }),
    }),
    take(
      { kind: 'restore-stream', id: 1, generation: 1 },
      'The list of log streams is without 1.1, which this node owns by its object.',
    ),
  ),
  row(
    'Claims 8: no server stops for a successor that is gone for good',
    healthy({
      shared: sharedOf([genesisOf([1, 2, 3])], [], {
        claims: [
          claimOf(1),
          claimOf(1, { generation: 2, owner: { instance: 'i-0b07', address: addressOf(7) } }),
          claimOf(2),
          claimOf(3),
        ],
      }),
      lives: { ...livesOf([1, 2, 3]), 'i-0b07': 'gone' },
    }),
    done('This node votes as member 1; nothing is left to do.'),
  ),
];

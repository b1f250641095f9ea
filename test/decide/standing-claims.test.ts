// SPDX-License-Identifier: Apache-2.0
/**
 * Claims 8: an id that stamp and config give a node at its own address is not given up for what a list does not show.
 * Each row is one fault of a list, of the bucket, or of a hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { Claim } from '../../src/model/records.ts';
import { toZxid } from '../../src/model/zxid.ts';
import {
  addressOf,
  claimOf,
  configOf,
  dataOf,
  diskOf,
  ensembleOf,
  genesisOf,
  instanceOf,
  livesOf,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { healthy, silent } from './situations.ts';

const RECORDS = [genesisOf([1, 2, 3])];
const STOPPED = { upMs: undefined, answer: { kind: 'silent', why: 'refused' } } as const;

function claiming(claims: readonly Claim[]) {
  return sharedOf(RECORDS, [], { claims });
}

/** The claim of another instance on id 1. */
function other(generation: number, change: Partial<Claim> = {}): Claim {
  return claimOf(1, { generation, owner: { instance: 'i-0other', address: '10.0.0.9' }, ...change });
}

const OTHERS = [claimOf(2), claimOf(3)];
const IDS = { ...livesOf([1, 2, 3]) };

interface Row {
  readonly title: string;
  readonly seen: Observation;
  /** What is decided, in short, and a part of the sentence. */
  readonly decided: string;
  readonly why: RegExp;
}

const rows: readonly Row[] = [
  {
    title: 'a server does not stop for an owner of its id that is gone for good',
    seen: healthy({ shared: claiming([other(1), ...OTHERS]), lives: { ...IDS, 'i-0other': 'gone' } }),
    decided: 'done',
    why: /votes as member 1/,
  },
  {
    title: 'a server without quorum does not stop for an owner of its id that is gone for good',
    seen: silent({ shared: claiming([claimOf(1), other(2), ...OTHERS]), lives: { ...IDS, 'i-0other': 'gone' } }),
    decided: 'wait',
    why: /no ensemble says whose the id is/,
  },
  {
    title: 'a server stops for a living successor',
    seen: healthy({ shared: claiming([claimOf(1), other(2), ...OTHERS]), lives: { ...IDS, 'i-0other': 'alive' } }),
    decided: 'stop-server',
    why: /belongs to i-0other/,
  },
  {
    title: 'a voter whose server was stopped claims its own id anew after a dead owner, and no other',
    seen: healthy({
      server: STOPPED,
      shared: claiming([other(1), ...OTHERS]),
      lives: { ...IDS, 'i-0other': 'gone' },
    }),
    decided: 'claim-id 1.2',
    why: /Stamp and config name this node as 1/,
  },
  {
    title: 'a voter whose claim is nowhere claims its own id, and no other',
    seen: silent({ server: STOPPED, shared: claiming(OTHERS) }),
    decided: 'claim-id 1.1',
    why: /Stamp and config name this node as 1/,
  },
  {
    title: 'a void generation above the own claim is passed over',
    seen: silent({ server: STOPPED, shared: claiming([claimOf(1), other(2, { owner: 'void' }), ...OTHERS]) }),
    decided: 'claim-id 1.3',
    why: /Stamp and config name this node as 1/,
  },
  {
    title: 'a young stream without an owner above the own claim is waited for',
    seen: silent({
      server: STOPPED,
      shared: claiming([claimOf(1), other(2, { owner: undefined, ageMs: 1_000 }), ...OTHERS]),
    }),
    decided: 'wait',
    why: /Nobody has said yet whose the claim 1.2 is/,
  },
  {
    title: 'an old stream without an owner above the own claim is voided',
    seen: silent({ server: STOPPED, shared: claiming([claimOf(1), other(2, { owner: undefined }), ...OTHERS]) }),
    decided: 'void-claim 1.2',
    why: /no owner/,
  },
  {
    title: 'an owner of whom nobody knows whether it lives: the node waits and says so',
    seen: silent({ server: STOPPED, shared: claiming([claimOf(1), other(2), ...OTHERS]) }),
    decided: 'wait',
    why: /Id 1 belongs to i-0other by the claims, and it is unknown whether that one lives/,
  },
  {
    title: 'an own claim that can not be read: the node waits and names the key',
    seen: silent({ server: STOPPED, shared: claiming([claimOf(1, { owner: 'unreadable' }), ...OTHERS]) }),
    decided: 'wait',
    why: /claims\/1\.1\.json can't be read/,
  },
  {
    title: 'an id that the committed config gives to another address passes on all the same',
    seen: healthy({
      server: STOPPED,
      shared: claiming(OTHERS),
      ensemble: ensembleOf([2, 3], {
        config: {
          ...configOf([2, 3]),
          members: [...configOf([2, 3]).members, { ...configOf([1]).members[0], address: '10.0.0.9' } as never],
        },
      }),
    }),
    decided: 'claim-id 4.1',
    why: /lowest free/,
  },
  {
    title: 'a wrong id on the disk of a stopped node gives way to the one that stamp and config name',
    seen: silent({
      server: STOPPED,
      disk: diskOf(1, { id: 4, reported: true }),
      shared: claiming([claimOf(1), ...OTHERS, claimOf(4, { owner: claimOf(1).owner })]),
    }),
    decided: 'write-id 1',
    why: /owns the claim on id 1/,
  },
  {
    title: 'and so it does once the claims are there again',
    seen: silent({
      server: STOPPED,
      disk: diskOf(1, { id: 4, reported: true }),
      shared: claiming([other(1), claimOf(1, { generation: 2 }), ...OTHERS, claimOf(4, { owner: claimOf(1).owner })]),
      lives: { ...IDS, 'i-0other': 'gone' },
    }),
    decided: 'write-id 1',
    why: /owns the claim on id 1/,
  },
  {
    title: 'a pending config names the node as well',
    seen: silent({
      server: STOPPED,
      disk: diskOf(1, {
        config: configOf([2, 3]),
        pending: configOf([1, 2, 3], toZxid(0x100000009n)),
        data: dataOf(1, toZxid(0x100000009n)),
      }),
      shared: claiming(OTHERS),
      silence: silenceOf([1, 2, 3], [reportOf(1)]),
    }),
    decided: 'claim-id 1.1',
    why: /Stamp and config name this node as 1/,
  },
  {
    title: 'a member whose claim can not be read is not removed',
    seen: healthy({
      ensemble: ensembleOf([1, 2, 3], { leader: { id: 1, address: addressOf(1) } }),
      shared: claiming([claimOf(1), claimOf(2), claimOf(3), claimOf(3, { generation: 2, owner: 'unreadable' })]),
      lives: { ...livesOf([1, 2]), [instanceOf(3)]: 'gone' },
    }),
    decided: 'done',
    why: /votes as member 1/,
  },
  {
    title: 'who wrote an unreadable claim has to be heard before a recovery by force',
    seen: silent({
      shared: claiming([claimOf(1), claimOf(2), claimOf(3), claimOf(4, { owner: 'unreadable' })]),
      lives: { ...livesOf([1]), ...livesOf([2, 3], 'gone') },
    }),
    decided: 'wait',
    why: /claims\/4\.1\.json/,
  },
];

for (const { title, seen, decided, why } of rows) {
  test(title, () => {
    const decision = decide(seen);
    const step = decision.kind === 'step' ? decision.step : undefined;
    const what = [
      step?.kind ?? decision.kind,
      ...(step && 'generation' in step && 'id' in step ? [`${step.id}.${step.generation}`] : []),
      ...(step?.kind === 'write-id' ? [step.id] : []),
    ];
    assert.equal(what.join(' '), decided, decision.why);
    assert.match(decision.why, why);
  });
}

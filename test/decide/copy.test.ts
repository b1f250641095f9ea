// SPDX-License-Identifier: Apache-2.0
/** Disk 3: data under the stamp of another volume is a copy of an earlier time. Unknown is never another volume. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { ownReport } from '../../src/decide/recover.ts';
import type { DiskFacts } from '../../src/model/disk.ts';
import type { Observation } from '../../src/model/observation.ts';
import { adviceOf } from '../../src/model/step.ts';
import {
  CLUSTER,
  COMMITTED,
  configOf,
  dataOf,
  diskOf,
  ensembleOf,
  FOLLOWS,
  forcedOf,
  genesisOf,
  instanceOf,
  LOOKS_FOR_A_LEADER,
  nonceOf,
  recordMember,
  reportOf,
  STOPPED,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { fencedSurvivor, healthy, silent } from './situations.ts';

const [OWN, OTHER] = ['vol-0aaa', 'vol-0bbb'];
const FREE = { freeShare: 0.9 };

function stampOn(volume?: string) {
  return { cluster: CLUSTER, lineage: 1, id: 1, ...(volume === undefined ? {} : { volume }) };
}

function stopped(disk: DiskFacts, change: Partial<Observation> = {}): Observation {
  return silent({ disk, server: STOPPED, ...change });
}

const COPY = diskOf(1, { ...FREE, volume: OWN, stamp: stampOn(OTHER) });
const ASIDE = { kind: 'set-data-aside', name: `copy-of-${OTHER}`, copy: true };

function stepOf(seen: Observation): unknown {
  const decision = decide(seen);
  return decision.kind === 'step' ? decision.step : decision;
}

describe('a disk that is a copy', () => {
  it('is set aside, with and without an ensemble, and while AWS does not answer', () => {
    assert.deepEqual(stepOf(stopped(COPY)), ASIDE);
    assert.deepEqual(stepOf(healthy({ disk: COPY, server: STOPPED, ensemble: ensembleOf([1, 2, 3]) })), ASIDE);
    assert.deepEqual(stepOf(stopped(COPY, { shared: { known: false, why: 'S3 does not answer' } })), ASIDE);
    assert.deepEqual(stepOf(stopped({ ...COPY, left: true })), ASIDE);
  });

  it('is set aside only once its server stands still', () => {
    const { kind } = decide(silent({ disk: COPY, server: { ...LOOKS_FOR_A_LEADER, upMs: 5_000 } }));
    assert.equal(kind, 'step');
    assert.deepEqual(stepOf(silent({ disk: COPY, server: { ...LOOKS_FOR_A_LEADER, upMs: 5_000 } })), {
      kind: 'stop-server',
    });
  });

  it('does not vote on an empty database either: without data, stamp and marker go', () => {
    const { data: _, ...empty } = COPY;
    assert.deepEqual(stepOf(stopped({ ...empty, marker: true })), ASIDE);
    // It needs no room for that.
    assert.deepEqual(stepOf(stopped({ ...empty, marker: true, freeShare: 0 })), ASIDE);
    // From between the nonce and the stamp of a first start.
    const { stamp: __, ...unstamped } = empty;
    assert.deepEqual(stepOf(stopped({ ...unstamped, nonce: `${nonceOf(1)}-${OTHER}` })), ASIDE);
  });

  it('neither starts nor joins while it may not be set aside', () => {
    const decision = decide(stopped({ ...COPY, freeShare: 0.1 }));
    assert.equal(decision.kind, 'wait');
    assert.deepEqual(
      adviceOf(decision).map(({ action }) => action),
      ['free-space'],
    );
  });

  it('of another cluster is refused and left as it is', () => {
    const stamp = { ...stampOn(OTHER), cluster: 'billing-11112222' };
    const decision = decide(stopped({ ...COPY, stamp }));
    assert.ok(decision.kind === 'refuse' && decision.code === 'DATA_OF_ANOTHER_CLUSTER');
  });
});

describe('a disk that is the node’s own', () => {
  const own: Readonly<Record<string, DiskFacts>> = {
    'its stamp names this volume': diskOf(1, { ...FREE, volume: OWN, stamp: stampOn(OWN) }),
    'the volume was unknown at the stamp': diskOf(1, { ...FREE, volume: OWN, stamp: stampOn() }),
    'the volume is unknown now': diskOf(1, { ...FREE, stamp: stampOn(OTHER) }),
    'both were never known': diskOf(1, FREE),
    'the stamp counts before the nonce': diskOf(1, {
      ...FREE,
      volume: OWN,
      stamp: stampOn(),
      nonce: `${nonceOf(1)}-${OTHER}`,
    }),
  };
  for (const [what, disk] of Object.entries(own)) {
    it(`restarts: ${what}`, () => assert.deepEqual(stepOf(stopped(disk)), { kind: 'start-server' }));
  }

  it('is not judged by a stamp that can not be read', () => {
    const { stamp: _, ...rest } = COPY;
    const unreadable = [{ what: 'stamp', file: 'zk-agent/stamp.json', why: 'it is empty' }] as const;
    const decision = decide(stopped({ ...rest, nonce: `${nonceOf(1)}-${OTHER}`, unreadable }));
    assert.ok(decision.kind !== 'step' || decision.step.kind !== 'set-data-aside', JSON.stringify(decision));
  });
});

describe('the stamp of a voter that serves', () => {
  for (const [what, stamp] of [
    ['names no volume', stampOn()],
    ['names another one', stampOn(OTHER)],
  ] as const) {
    it(`is written anew when it ${what}: what serves has synced`, () => {
      const disk = diskOf(1, { volume: OWN, stamp });
      assert.deepEqual(stepOf(healthy({ disk, server: FOLLOWS })), {
        kind: 'mend-files',
        id: 1,
        lineage: 1,
        config: configOf([1, 2, 3]),
      });
    });
  }

  it('is left alone when it names this volume, or when the volume is unknown', () => {
    for (const disk of [diskOf(1, { volume: OWN, stamp: stampOn(OWN) }), diskOf(1, { stamp: stampOn(OTHER) })]) {
      assert.equal(decide(healthy({ disk, server: FOLLOWS })).kind, 'done');
    }
  });
});

describe('the owner of a forced record', () => {
  const aside = [{ name: 'kept', lineage: 1, data: dataOf(1, COMMITTED) }];
  const decided = (own: string | undefined, named: string | undefined) => {
    const { data: _, stamp: __, ...disk } = diskOf(1, { ...FREE, fence: { record: 1 }, aside });
    const source = { lineage: 1, aside: 'kept' };
    const record = forcedOf(recordMember(1), { source, ...(named === undefined ? {} : { volume: named }) });
    const shared = sharedOf([genesisOf([1, 2, 3]), record], [1, 2, 3]);
    return decide(stopped(own === undefined ? disk : { ...disk, volume: own }, { shared }));
  };

  it('founds on the volume that the record names, or where one of both is unknown', () => {
    for (const [own, named] of [
      [OWN, OWN],
      [OWN, undefined],
      [undefined, OWN],
    ]) {
      const { why } = decided(own, named);
      assert.match(why, /Record 2 makes this node the owner/, `${own} ${named}`);
    }
  });

  it('does not found on another volume, which may be a copy from before its founding', () => {
    assert.doesNotMatch(decided(OWN, OTHER).why, /Record 2 makes this node the owner/);
  });

  it('names its volume in the record, and each node in its report', () => {
    const newest = genesisOf([1, 2, 3]);
    assert.equal(ownReport(stopped(diskOf(1, { volume: OWN })), newest).volume, OWN);
    assert.equal('volume' in ownReport(stopped(diskOf(1)), newest), false);
    const survivor = fencedSurvivor({
      disk: diskOf(1, { ...FREE, volume: OWN, fence: { record: 1 }, reported: true }),
    });
    const report = { ...reportOf(1), report: ownReport(survivor, newest) };
    const watch = { digest: JSON.stringify([1, ['s1'], [1, 2, 3].map(instanceOf)]), forMs: 25_000 };
    const decision = decide({ ...survivor, silence: silenceOf([1, 2, 3], [report]), watch });
    assert.ok(decision.kind === 'step' && decision.step.kind === 'propose-record', decision.why);
    assert.equal(decision.step.record.kind === 'forced' && decision.step.record.volume, OWN);
  });
});

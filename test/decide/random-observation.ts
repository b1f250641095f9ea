// SPDX-License-Identifier: Apache-2.0
/** Observations as they may come: every fact drawn on its own, so that most of them never met in a real cluster. */
import { known, type Life, unknown } from '../../src/model/cloud.ts';
import type { DataFacts, DiskFacts } from '../../src/model/disk.ts';
import type { EnsembleConfig } from '../../src/model/member.ts';
import type { Ensemble, Observation } from '../../src/model/observation.ts';
import type { Claim, FoundReport, LineageRecord } from '../../src/model/records.ts';
import type { ServerAnswer } from '../../src/model/server.ts';
import { toZxid, ZXID_ZERO } from '../../src/model/zxid.ts';
import type { Random } from '../support/random.ts';
import {
  addressOf,
  CLUSTER,
  claimOf,
  configOf,
  dataOf,
  EMPTY_DISK,
  ensembleOf,
  forcedOf,
  genesisOf,
  groupOf,
  instanceOf,
  LIMITS,
  member,
  nonceOf,
  recordMember,
  reportOf,
  sharedOf,
  silenceOf,
} from './parts.ts';
import { fencedSurvivor, healthy, silent } from './situations.ts';

const IDS = [1, 2, 3, 4, 5];
const LIVES: readonly [Life, ...Life[]] = ['alive', 'alive', 'shutting-down', 'gone', 'gone', 'unknown'];

export function randomObservation(random: Random): Observation {
  const chance = (percent: number): boolean => random.between(1, 100) <= percent;
  const some = (percent: number): number[] => IDS.filter(() => chance(percent));
  const records = randomRecords(random, chance, some);
  const newest = records.at(-1)?.number ?? 0;
  const disk = randomDisk(random, chance, some, newest);
  const answer = randomAnswer(random);
  const reports = some(70).map((id) => randomReport(random, chance, some, newest, id));
  // Often enough the report that lies there is the one that the node would write now.
  const own = { instance: instanceOf(1), address: addressOf(1), cluster: CLUSTER };
  const observation: Observation = {
    order: {
      command: random.pick(['recovery', 'recovery', 'bootstrap', 'remove-terminated', 'leave']),
      allowEmptyGenesis: chance(20),
      rejoin: chance(10),
    },
    self: own,
    targetState: chance(85)
      ? known(chance(15) ? undefined : random.pick(['InService', 'InService', 'Terminated']))
      : unknown('late'),
    disk: { ...disk, ...(chance(85) ? { freeShare: random.pick([0.9, 0.5, 0.2, 0.1]) } : {}) },
    server: { upMs: chance(50) ? random.between(0, 100_000) : undefined, answer },
    shared: chance(92) ? known({ records, claims: randomClaims(random, chance), dead: [] }) : unknown('S3 is late'),
    group: chance(85)
      ? groupOf(some(90), { desired: random.between(0, 5), maximum: random.between(0, 7), maintenance: chance(15) })
      : unknown('throttled'),
    lives: Object.fromEntries(some(90).map((id) => [instanceOf(id), id === 1 ? 'alive' : random.pick(LIVES)])),
    terminated: some(20)
      .filter((id) => id !== 1)
      .map(instanceOf),
    ensemble: chance(40) ? randomEnsemble(random, chance, some) : undefined,
    silence: chance(85)
      ? known({
          reports,
          announcements: some(40).map((id) => ({
            record: Math.max(1, newest),
            id,
            nonce: nonceOf(random.pick([id, 9])),
          })),
          instances: some(95).map(instanceOf),
          unclaimedForMs: Object.fromEntries(some(30).map((id) => [instanceOf(id), random.between(0, 40_000)])),
        })
      : unknown('S3 is late'),
    watch: undefined,
    limits: LIMITS,
    lately: { freshConfigs: random.pick([0, 0, 1, 3, 10]), asides: random.pick([0, 0, 1, 2, 3, 5]) },
  };
  return JSON.parse(JSON.stringify(observation)) as Observation;
}

type Chance = (percent: number) => boolean;
type Some = (percent: number) => number[];

function randomRecords(random: Random, chance: Chance, some: Some): readonly LineageRecord[] {
  const records: LineageRecord[] = [];
  const count = random.pick([0, 1, 1, 1, 2, 2, 3]);
  for (let number = 1; number <= count; number++) {
    const fenced = number === 1 ? [] : some(60).map(instanceOf);
    const epochFloor = number === 1 ? 0 : random.between(0, 4);
    if (number === 1 || chance(30)) records.push(genesisOf(some(80), { number, fenced, epochFloor }));
    else {
      const source = { lineage: random.between(1, number - 1), ...(chance(20) ? { aside: 'kept' } : {}) };
      records.push(forcedOf(recordMember(random.between(1, 5)), { number, fenced, epochFloor, source }));
    }
  }
  return records;
}

function randomData(random: Random, chance: Chance): DataFacts {
  const epoch = random.between(-1, 4);
  const zxid = epoch <= 0 ? ZXID_ZERO : toZxid((BigInt(epoch) << 32n) + BigInt(random.between(0, 3)));
  return dataOf(epoch, zxid, {
    acceptedEpoch: Math.max(0, epoch) + random.between(0, 2),
    ...(chance(8) ? { damage: 'a log is damaged' } : {}),
  });
}

function randomConfig(random: Random, some: Some): EnsembleConfig {
  const config = configOf(some(70), toZxid(BigInt(random.between(0, 3))));
  const roles = config.members.map((entry) => (random.between(1, 10) === 1 ? member(entry.id, 'observer') : entry));
  const moved = roles.map((entry) =>
    random.between(1, 20) === 1 ? member(entry.id, 'participant', '10.0.0.99') : entry,
  );
  return { version: config.version, members: moved };
}

function randomDisk(random: Random, chance: Chance, some: Some, newest: number): DiskFacts {
  const aside = chance(20)
    ? [{ name: 'kept', lineage: random.between(1, Math.max(1, newest)), data: randomData(random, chance) }]
    : [];
  const cluster = chance(3) ? 'another-00000000' : CLUSTER;
  return {
    ...(chance(85) ? { id: random.pick([1, 1, 1, 1, 6]) } : {}),
    ...(chance(75) ? { stamp: { cluster, lineage: random.between(1, Math.max(1, newest)), id: 1 } } : {}),
    ...(chance(70) ? { nonce: nonceOf(1) } : {}),
    ...(chance(70) ? { data: randomData(random, chance) } : {}),
    marker: chance(10),
    ...(chance(40) ? { fence: { record: random.between(0, Math.max(1, newest)) } } : {}),
    left: chance(10),
    reported: chance(50),
    ready: chance(60),
    signalled: false,
    ...(chance(50) ? { vouched: toZxid(BigInt(random.between(0, 3))) } : {}),
    ...(chance(80) ? { config: randomConfig(random, some) } : {}),
    ...(chance(15) ? { pending: randomConfig(random, some) } : {}),
    aside,
  };
}

function randomAnswer(random: Random): ServerAnswer {
  return random.pick<ServerAnswer>([
    { kind: 'serving', mode: 'follower', zxid: toZxid(0x100000002n) },
    { kind: 'serving', mode: 'leader', zxid: toZxid(0x300000002n) },
    { kind: 'not-serving' },
    { kind: 'silent', why: 'refused' },
  ]);
}

function randomClaims(random: Random, chance: Chance): readonly Claim[] {
  return IDS.flatMap((id) => {
    if (chance(id === 1 ? 25 : 8)) return [];
    const first = claimOf(
      id,
      chance(10) ? { owner: chance(50) ? 'void' : undefined, ageMs: random.between(0, 2_000_000) } : {},
    );
    return chance(12)
      ? [first, claimOf(id, { generation: 2, owner: { instance: 'i-0b09', address: '10.0.0.9' } })]
      : [first];
  });
}

function randomEnsemble(random: Random, chance: Chance, some: Some): Ensemble {
  const config = randomConfig(random, some);
  const leader = config.members[0] ?? member(1);
  return {
    leader: { id: leader.id, address: leader.address },
    config,
    epoch: random.between(1, 5),
    zxid: toZxid(BigInt(random.between(1, 4)) << 32n),
    servingIds: config.members.filter(() => chance(75)).map((entry) => entry.id),
  };
}

function randomReport(random: Random, chance: Chance, some: Some, newest: number, id: number): FoundReport {
  const record = chance(85) ? Math.max(1, newest) : random.between(1, Math.max(1, newest));
  return reportOf(id, {
    record,
    fenced: chance(80),
    canVote: chance(60),
    lineage: random.between(1, Math.max(1, newest)),
    config: randomConfig(random, some),
    ...(chance(10) ? { pending: randomConfig(random, some) } : {}),
    ...(chance(80) ? { data: randomData(random, chance) } : { data: dataOf(0, ZXID_ZERO) }),
  });
}

/**
 * Near a situation that a draw of every fact alone hardly ever leads to: all its facts stand but a few, which are
 * drawn.
 */
export function nearSituation(random: Random): Observation {
  const base = random.pick(SITUATIONS)();
  const other = randomObservation(random);
  const keys = ['server', 'shared', 'group', 'lives', 'silence', 'targetState', 'ensemble', 'order', 'watch'] as const;
  const changed: Partial<Observation> = {};
  for (let count = random.between(0, 2); count > 0; count--) {
    const key = random.pick(keys);
    Object.assign(changed, { [key]: other[key] });
  }
  const disk: DiskFacts = { ...base.disk };
  for (let count = random.between(0, 2); count > 0; count--) {
    const key = random.pick(['stamp', 'data', 'fence', 'config', 'pending', 'aside', 'id', 'nonce', 'marker'] as const);
    Object.assign(disk, { [key]: other.disk[key] });
  }
  return JSON.parse(JSON.stringify({ ...base, ...changed, disk })) as Observation;
}

const SITUATIONS: readonly [() => Observation, ...(() => Observation)[]] = [
  healthy,
  silent,
  fencedSurvivor,
  joiner,
  nobodyHasData,
  owner,
];

/** Node 1 was replaced: it follows with a server of its own, and is in no config yet. */
function joiner(): Observation {
  return healthy({ ensemble: ensembleOf([2, 3]) });
}

/** Node 1 is new, fenced and heard; nobody of the first ensemble is left, and perhaps it never started. */
function nobodyHasData(): Observation {
  const { watch } = fencedSurvivor();
  return fencedSurvivor({
    disk: { ...EMPTY_DISK, id: 1, reported: true, fence: { record: 1 } },
    shared: sharedOf([genesisOf([2, 3])], [1, 2, 3]),
    group: groupOf([1], { desired: 1 }),
    silence: silenceOf([1, 2, 3], [], { announcements: [{ record: 1, id: 2, nonce: nonceOf(2) }] }),
    watch,
  });
}

/** Node 1 owns a forced record that it has not acted upon. */
function owner(): Observation {
  return fencedSurvivor({
    shared: sharedOf([genesisOf([1, 2, 3]), forcedOf(recordMember(1))], [1, 2, 3]),
    silence: silenceOf([1, 2, 3], [reportOf(1, { fenced: true })]),
  });
}

const STATES = [
  'InService',
  'InService',
  'Pending:Wait',
  'Terminating:Wait',
  'Terminating',
  'Terminating:Proceed',
] as const;

/** The same in a group with lifecycle hooks, whose instances stand anywhere in their lifecycle; most have signalled. */
export function inStack(random: Random, observation: Observation): Observation {
  const { group, disk } = observation;
  const instances = group.known
    ? group.value.instances.map((entry) => ({ ...entry, lifecycleState: random.pick(STATES) }))
    : [];
  // Neither claimed nor a member: it left before, or never got that far.
  const leftOver = { instance: instanceOf(7), lifecycleState: random.pick(STATES) };
  const abandoned = random.between(1, 6) === 1 ? { abandoned: true as const } : {};
  return {
    ...observation,
    stack: { signals: random.between(1, 4) > 1, launchHook: 'launch', terminateHook: 'terminate' },
    disk: {
      ...disk,
      ready: random.pick([disk.ready, true, false]),
      signalled: random.between(1, 2) === 1,
      ...abandoned,
    },
    group: group.known ? { known: true, value: { ...group.value, instances: [...instances, leftOver] } } : group,
    lives: { ...observation.lives, [leftOver.instance]: random.pick(LIVES) },
  };
}

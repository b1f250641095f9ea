// SPDX-License-Identifier: Apache-2.0
/**
 * What holds of every decision, whatever was seen. The rules are written here a second time, from docs/protocol.md and
 * not from src/decide, and held against thousands of drawn observations; a seed that fails is printed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/decide/decide.ts';
import { ownReport } from '../../src/decide/recover.ts';
import type { Life } from '../../src/model/cloud.ts';
import { listed, type Member } from '../../src/model/member.ts';
import type { Observation, Shared, Silence } from '../../src/model/observation.ts';
import type { LineageRecord } from '../../src/model/records.ts';
import type { Decision, Step, StepKind } from '../../src/model/step.ts';
import { type Random, randomOf } from '../support/random.ts';
import { inStack, nearSituation, randomObservation } from './random-observation.ts';

const SEEDS = 30_000;

interface Drawn {
  readonly seed: number;
  readonly observation: Observation;
  readonly decision: Decision;
}

/**
 * With the node's own report as it would write it, and with the watch that the decision asks for, long since kept; then
 * with its proposal made, and answered by some or all.
 */
function ripened(observation: Observation, random: Random): Observation {
  if (!observation.shared.known || !observation.silence.known) return observation;
  const newest = observation.shared.value.records.at(-1);
  if (!newest) return observation;
  const { silence } = observation;
  const others = silence.value.reports.filter(({ report }) => report.instance !== observation.self.instance);
  const own = { report: ownReport(observation, newest), serial: 's1', ageMs: 1_000 };
  const reported = { ...observation, silence: { ...silence, value: { ...silence.value, reports: [own, ...others] } } };
  const decision = decide(reported);
  if (decision.kind !== 'wait' || decision.watch === undefined) return reported;
  const watched = { ...reported, watch: { digest: decision.watch, forMs: observation.limits.recoveryQuietMs } };
  const next = decide(watched);
  const proposes = next.kind === 'step' && next.step.kind === 'propose-record' && random.between(1, 3) > 1;
  return proposes ? proposed(watched, next.step, random) : watched;
}

function proposed(
  observation: Observation,
  { record, relied }: Extract<Step, { kind: 'propose-record' }>,
  random: Random,
): Observation {
  const { self } = observation;
  const silence = silenceOf(observation);
  const willing = random.between(1, 4) > 1;
  const reports = silence.reports.map((found) => {
    const bound = { ...found, format: 2, facts: found.serial };
    if (found.report.instance === self.instance) {
      return { ...bound, serial: 'p1', binds: { kind: 'proposes', record, relied } as const };
    }
    if (!willing && random.between(1, 2) === 1) return found;
    const binds = { kind: 'answers', record: record.number, proposer: self.instance, proposal: 'p1' } as const;
    return { ...bound, serial: `a${found.serial}`, binds };
  });
  return { ...observation, silence: { known: true, value: { ...silence, reports } } };
}

function draw(seed: number): Observation {
  const random = randomOf(seed);
  const drawn = seed % 3 !== 0 ? nearSituation(random) : randomObservation(random);
  const observation = seed % 4 === 0 ? inStack(random, drawn) : drawn;
  return seed % 2 === 0 ? ripened(observation, random) : observation;
}

const drawn: Drawn[] = [];
for (let seed = 1; seed <= SEEDS; seed++) {
  const observation = draw(seed);
  drawn.push({ seed, observation, decision: decide(observation) });
}

function eachStep<K extends StepKind>(
  kind: K,
  check: (step: Extract<Step, { kind: K }>, seen: Observation) => void,
): void {
  let count = 0;
  for (const { seed, observation, decision } of drawn) {
    if (decision.kind !== 'step' || decision.step.kind !== kind) continue;
    count++;
    try {
      check(decision.step as Extract<Step, { kind: K }>, observation);
    } catch (error) {
      throw new Error(`Seed ${seed}: ${JSON.stringify(decision)}`, { cause: error });
    }
  }
  assert.ok(count >= 5, `Only ${count} of the drawn observations lead to ${kind}: nothing was checked.`);
}

function sharedOf(observation: Observation): Shared {
  assert.ok(observation.shared.known);
  return observation.shared.value;
}

function newestOf(observation: Observation): LineageRecord {
  const newest = sharedOf(observation).records.at(-1);
  assert.ok(newest);
  return newest;
}

function silenceOf(observation: Observation): Silence {
  assert.ok(observation.silence.known);
  return observation.silence.value;
}

/** The lives of all who ever claimed this id at this address. */
function livesBehind(observation: Observation, { id, address }: { id: number; address: string }): readonly Life[] {
  return sharedOf(observation).claims.flatMap((claim) =>
    claim.id === id && typeof claim.owner === 'object' && claim.owner.address === address
      ? [observation.lives[claim.owner.instance] ?? 'unknown']
      : [],
  );
}

function assertNothingHoldsBack(observation: Observation): void {
  assert.ok(observation.group.known && !observation.group.value.maintenance, 'maintenance, or unknown');
  assert.ok(observation.targetState.known, 'perhaps leaving');
}

/** Joining 8. */
function assertStays(observation: Observation): void {
  assertNothingHoldsBack(observation);
  assert.ok(observation.targetState.known && observation.targetState.value !== 'Terminated', 'leaving');
  assert.ok(!observation.disk.left && observation.order.command !== 'leave', 'told to leave');
}

/** Recovery 3 and 5: what must be true before any record that follows another is proposed, answered or accepted. */
function assertMayForce(observation: Observation): void {
  const newest = newestOf(observation);
  const silence = silenceOf(observation);
  const { lives, limits, watch, disk } = observation;
  assertNothingHoldsBack(observation);
  assert.equal(observation.server.upMs, undefined, 'the own server runs');
  assert.ok(disk.fence, 'not fenced');
  assert.ok(watch, 'the facts are not watched');
  const owners = sharedOf(observation).claims.flatMap((claim) =>
    typeof claim.owner === 'object' ? [claim.owner.instance] : [],
  );
  for (const instance of silence.instances) {
    if (lives[instance] === 'gone') continue;
    const report = silence.reports.find((found) => found.report.instance === instance)?.report;
    const heard = report?.fenced === true && report.record === newest.number;
    const neverClaimed = !owners.includes(instance) && (silence.unclaimedForMs[instance] ?? 0) >= limits.unclaimedMs;
    assert.ok(heard || neverClaimed, `${instance} is not gone, and is not heard and fenced`);
  }
  assertLost(observation, newest, silence);
}

/** Fewer than a quorum of the newest record's voters, or of a later config reported, can come back. */
function assertLost(observation: Observation, newest: LineageRecord, silence: Silence): void {
  const counting = silence.reports
    .map(({ report }) => report)
    .filter((report) => report.record === newest.number && observation.lives[report.instance] !== 'gone');
  const first = newest.kind === 'genesis' ? newest.members : [newest.owner];
  const configs: { version: string; voters: readonly { id: number; address: string; instance?: string }[] }[] = [];
  const votersOf = (members: readonly Member[]) => members.filter(({ role }) => role === 'participant');
  for (const { lineage, config } of counting) {
    if (lineage === newest.number && config) {
      configs.push({ version: config.version, voters: votersOf(config.members) });
    }
  }
  const zero = '0'.repeat(16);
  const committed = configs
    .filter(({ version }) => Number.parseInt(version.slice(0, 8), 16) > newest.epochFloor)
    .reduce((best, config) => (config.version > best.version ? config : best), { version: zero, voters: first });
  const judged = [committed];
  for (const { lineage, pending } of counting) {
    if (lineage === newest.number && pending && pending.version > committed.version) {
      judged.push({ version: pending.version, voters: votersOf(pending.members) });
    }
  }
  const lost = judged.some(({ voters }) => {
    const left = voters.filter((voter) => {
      const lives =
        'instance' in voter && voter.instance
          ? [observation.lives[voter.instance] ?? 'unknown']
          : livesBehind(observation, voter);
      if (lives.length > 0 && lives.every((life) => life === 'gone')) return false;
      return !counting.some((report) => {
        if (report.canVote) return false;
        if ('instance' in voter && voter.instance) return report.instance === voter.instance;
        return sharedOf(observation).claims.some(
          ({ id, owner }) =>
            id === voter.id &&
            typeof owner === 'object' &&
            owner.address === voter.address &&
            owner.instance === report.instance,
        );
      });
    });
    return left.length * 2 <= voters.length;
  });
  assert.ok(lost, 'the quorum may come back');
}

test('decide never throws, changes nothing, and says the same again', () => {
  for (let seed = 1; seed <= SEEDS; seed += 10) {
    const observation = draw(seed);
    const before = JSON.stringify(observation);
    const decision = decide(observation);
    assert.deepEqual(decide(JSON.parse(before)), decision, `seed ${seed}`);
    assert.equal(JSON.stringify(observation), before, `seed ${seed}`);
    assert.ok(decision.why.length > 10, `seed ${seed}`);
  }
});

test('only members that are shutting down or gone are removed, few at a time, and the rest has a quorum that serves', () => {
  eachStep('remove-members', ({ ids, fromVersion }, seen) => {
    const { ensemble } = seen;
    assert.ok(ensemble);
    assert.equal(fromVersion, ensemble.config.version);
    const voters = ensemble.config.members.filter(({ role }) => role === 'participant');
    assert.ok(ids.length <= Math.max(1, Math.floor((voters.length - 1) / 2)), 'too many');
    for (const id of ids) {
      const gone = ensemble.config.members.find((member) => member.id === id);
      assert.ok(gone);
      assert.ok(gone.address !== seen.self.address || id !== seen.disk.id, 'oneself');
      const lives = livesBehind(seen, gone);
      assert.ok(lives.length > 0 && lives.every((life) => life === 'gone' || life === 'shutting-down'), 'it may live');
    }
    const rest = voters.filter(({ id }) => !ids.includes(id));
    const serving = rest.filter(({ id }) => ensemble.servingIds.includes(id));
    assert.ok(serving.length * 2 > rest.length, 'the rest has no quorum');
    assertNothingHoldsBack(seen);
  });
});

test('a node leaves only when the rest can commit alone', () => {
  eachStep('remove-self', ({ id }, seen) => {
    assert.ok(seen.ensemble);
    assert.equal(id, seen.disk.id);
    const rest = seen.ensemble.config.members.filter((member) => member.id !== id && member.role === 'participant');
    const serving = rest.filter((member) => seen.ensemble?.servingIds.includes(member.id) && !isDying(seen, member));
    assert.ok(serving.length * 2 > rest.length);
    const staying = rest.filter((member) => !isDying(seen, member) && !isTerminating(seen, member));
    assert.ok(staying.filter((member) => serving.includes(member)).length * 2 > staying.length);
  });
});

/** All instances that this member can be are shutting down or gone. */
function isDying(seen: Observation, member: Member): boolean {
  const lives = livesBehind(seen, member);
  return lives.length > 0 && lives.every((life) => life === 'shutting-down' || life === 'gone');
}

function stateOf({ group }: Observation, instance: string): string | undefined {
  assert.ok(group.known);
  return group.value.instances.find((entry) => entry.instance === instance)?.lifecycleState;
}

/** Of the instances that this member can be, one that is not known to be gone is about to be terminated. */
function isTerminating(seen: Observation, { id, address }: Member): boolean {
  if (!seen.group.known) return false;
  return sharedOf(seen).claims.some(
    ({ id: claimed, owner }) =>
      claimed === id &&
      typeof owner === 'object' &&
      owner.address === address &&
      seen.lives[owner.instance] !== 'gone' &&
      stateOf(seen, owner.instance)?.startsWith('Terminating'),
  );
}

/** Joining 6: the config of an ensemble of the newest record holds this node's own id and address as a participant. */
function assertVotes(seen: Observation): void {
  const { ensemble, self, disk } = seen;
  assert.ok(ensemble && ensemble.epoch > newestOf(seen).epochFloor);
  const own = ensemble.config.members.find(({ id, address }) => id === disk.id && address === self.address);
  assert.equal(own?.role, 'participant');
}

test('a launch is over only for a voter whose own hook waits; the stack hears of one that nobody leaves beside', () => {
  eachStep('complete-launch', ({ hook }, seen) => {
    assertVotes(seen);
    assert.equal(hook, 'launch');
    assert.equal(stateOf(seen, seen.self.instance), 'Pending:Wait');
  });
  eachStep('signal-success', (_, seen) => {
    assertVotes(seen);
    assert.ok(seen.stack?.signals && !seen.disk.signalled && seen.disk.ready && seen.group.known);
    for (const member of seen.ensemble?.config.members ?? []) {
      if (member.id === seen.disk.id) continue;
      assert.ok(!isTerminating(seen, member), `member ${member.id} is to leave`);
      const lives = livesBehind(seen, member);
      // A member that nobody claimed is of no node, unless a claim is only unseen yet.
      assert.ok(lives.length === 0 || lives.includes('alive'), `member ${member.id} may be dead`);
    }
  });
});

test('a node that has begun to abandon its launch takes no part, and goes on with it while its launch hook waits', () => {
  for (const kind of ['claim-id', 'create-genesis', 'prepare-genesis', 'prepare-join', 'add-self'] as const) {
    eachStep(kind, (_, seen) => assert.notEqual(seen.disk.abandoned, true, kind));
  }
  eachStep('give-up-launch', ({ again }, seen) => {
    assert.equal(again, true, 'only bootstrap begins with it');
    assert.ok(seen.disk.abandoned && seen.group.known && !seen.group.value.maintenance);
    assert.equal(stateOf(seen, seen.self.instance), 'Pending:Wait');
  });
  eachStep('unmark-abandoned', (_, seen) => {
    const state = stateOf(seen, seen.self.instance);
    assert.ok(seen.disk.abandoned && (seen.stack?.launchHook === undefined || !/^Pending/.test(state ?? 'Pending')));
  });
});

test('a terminate hook is answered by a node that has stopped and is to go, or for one that is gone for good', () => {
  eachStep('complete-leaving', (_, seen) => {
    assert.equal(seen.server.upMs, undefined);
    assert.ok(seen.targetState.known && seen.targetState.value === 'Terminated');
    assert.equal(stateOf(seen, seen.self.instance), 'Terminating:Wait');
  });
  eachStep('complete-hooks-of-the-gone', ({ instances }, seen) => {
    for (const instance of instances) {
      assert.notEqual(instance, seen.self.instance);
      assert.equal(seen.lives[instance], 'gone');
      assert.equal(stateOf(seen, instance), 'Terminating:Wait');
    }
  });
});

test('a node is added only when its own server serves and has caught up, under an id that nobody else holds', () => {
  eachStep('add-self', ({ member }, seen) => {
    const { ensemble, server, self, disk } = seen;
    assert.ok(ensemble && server.answer.kind === 'serving' && server.answer.zxid >= ensemble.zxid);
    assert.equal(member.address, self.address);
    assert.equal(member.id, disk.id);
    assert.ok(!ensemble.config.members.some(({ id, address }) => id === member.id && address !== self.address));
    assert.ok(!disk.fence);
    assert.equal(disk.stamp?.lineage ?? newestOf(seen).number, newestOf(seen).number);
    assert.ok(ensemble.epoch > newestOf(seen).epochFloor);
    assertStays(seen);
  });
});

test('a forced record is proposed only when every invariant holds', () => {
  eachStep('propose-record', ({ record, relied, from }, seen) => {
    const newest = newestOf(seen);
    assertMayForce(seen);
    assert.equal(record.number, newest.number + 1);
    const facts = (instance: string) => {
      const found = silenceOf(seen).reports.find(({ report }) => report.instance === instance);
      return found?.facts ?? found?.serial;
    };
    for (const instance of record.fenced) {
      if (instance !== seen.self.instance) assert.equal(relied[instance], facts(instance));
    }
    assert.equal(silenceOf(seen).reports.find(({ report }) => report.instance === seen.self.instance)?.serial, from);
    if (record.kind === 'genesis') return;
    assert.equal(record.owner.instance, seen.self.instance);
    assert.ok(record.fenced.includes(seen.self.instance));
    const heard = silenceOf(seen).reports.filter(
      ({ report }) => report.record === newest.number && seen.lives[report.instance] !== 'gone',
    );
    assert.deepEqual([...record.fenced].sort(), heard.map(({ report }) => report.instance).sort());
    for (const { report } of heard) assert.ok(record.epochFloor >= (report.data?.acceptedEpoch ?? 0));
    assert.ok(record.epochFloor >= newest.epochFloor);
  });
});

test('a record is accepted after a long enough wait, when all whom it names are bound to its very proposal', () => {
  eachStep('accept-record', ({ record, proposal, unasked }, seen) => {
    assertMayForce(seen);
    assert.ok(seen.watch && seen.watch.forMs >= seen.limits.recoveryQuietMs, 'not watched for long enough');
    assert.equal(record.number, newestOf(seen).number + 1);
    const { reports, outcomes = [] } = silenceOf(seen);
    assert.deepEqual(outcomes, []);
    for (const instance of record.fenced) {
      const found = reports.find(({ report }) => report.instance === instance);
      assert.ok(found);
      if (instance === seen.self.instance) {
        assert.equal(found.serial, proposal);
        assert.ok(found.binds?.kind === 'proposes');
        assert.deepEqual(found.binds.record, record);
      } else if (instance in unasked) {
        assert.equal(found.format, undefined);
        assert.equal(found.serial, unasked[instance]);
      } else {
        assert.deepEqual(found.binds, {
          kind: 'answers',
          record: record.number,
          proposer: seen.self.instance,
          proposal,
        });
      }
    }
  });
});

test('the owner of a forced record founds it once, behind its fence, while all whom it names are fenced or gone', () => {
  eachStep('found-forced', ({ record, gone }, seen) => {
    assert.deepEqual(record, newestOf(seen));
    assert.equal(record.owner.instance, seen.self.instance);
    assert.ok(seen.disk.fence);
    assert.notEqual(seen.disk.stamp?.lineage, record.number);
    for (const instance of gone) assert.equal(seen.lives[instance], 'gone');
    for (const instance of record.fenced) {
      if (instance === seen.self.instance || gone.includes(instance)) continue;
      assert.ok(silenceOf(seen).reports.some(({ report }) => report.instance === instance && report.fenced));
    }
    assertNothingHoldsBack(seen);
  });
});

test('a later genesis follows only where no record was ever started by a majority, or an operator gave the data up', () => {
  let later = 0;
  const check = (record: LineageRecord, seen: Observation): void => {
    if (record.kind !== 'genesis') return;
    assertNothingHoldsBack(seen);
    const { records } = sharedOf(seen);
    assert.equal(record.number, records.length + 1);
    assert.ok(seen.group.known);
    assert.equal(record.members.length, seen.group.value.desired);
    assert.ok(record.members.some(({ instance }) => instance === seen.self.instance));
    for (const { instance } of record.members) assert.equal(seen.lives[instance], 'alive');
    assert.deepEqual(
      record.members.map(({ id }) => id),
      [...new Set(record.members.map(({ id }) => id))].sort((a, b) => a - b),
    );
    if (record.number === 1) {
      assert.equal(seen.disk.stamp, undefined);
      return;
    }
    later++;
    assertMayForce(seen);
    const counting = silenceOf(seen).reports.filter(
      ({ report }) => report.record === records.length && seen.lives[report.instance] !== 'gone',
    );
    for (const { report } of counting) {
      assert.ok(!report.data || report.data.currentEpoch <= 0 || report.data.damage !== undefined, 'data is left');
    }
    if (seen.order.allowEmptyGenesis) return;
    for (const old of records) {
      assert.equal(old.kind, 'genesis');
      const started = silenceOf(seen).announcements.filter((entry) => entry.record === old.number).length;
      assert.ok(old.kind === 'genesis' && started * 2 <= old.members.length, 'a majority started');
    }
  };
  eachStep('create-genesis', ({ record }, seen) => {
    assert.equal(record.number, 1);
    check(record, seen);
  });
  eachStep('propose-record', ({ record }, seen) => check(record, seen));
  assert.ok(later >= 3, `only ${later} later ones`);
});

test('a first start is prepared on an unstamped disk without data only, never twice, never after a wipe', () => {
  eachStep('prepare-genesis', ({ record, member }, seen) => {
    const { disk } = seen;
    assert.notEqual(disk.stamp?.lineage, record.number);
    assert.ok(!disk.data || (disk.data.currentEpoch <= 0 && BigInt(`0x${disk.data.lastZxid}`) === 0n));
    assert.equal(member.instance, seen.self.instance);
    const announced = silenceOf(seen).announcements.find(
      (entry) => entry.record === record.number && entry.id === member.id,
    );
    assert.ok(!announced || announced.nonce === disk.nonce);
    assert.equal(seen.ensemble && seen.ensemble.epoch > record.epochFloor, seen.ensemble ? false : undefined);
    assertStays(seen);
  });
});

test('no server starts behind a fence, after leaving, without a database, or with data of an older record', () => {
  eachStep('start-server', (_, { disk, shared, server, self }) => {
    assert.equal(server.upMs, undefined);
    assert.equal(disk.fence, undefined);
    assert.ok(disk.config?.members.some(({ id, address }) => id === disk.id && address === self.address));
    assert.equal(disk.stamp?.cluster, self.cluster);
    const newest = shared.known ? shared.value.records.at(-1) : undefined;
    // A stamp above the newest record is believed more than the bucket (Genesis 4).
    if (newest) assert.ok((disk.stamp?.lineage ?? 0) >= newest.number);
  });
});

test('a fence falls only for an ensemble of the newest record, a quorum that can come back, or the own new start', () => {
  eachStep('lift-fence', ({ record }, seen) => {
    const newest = newestOf(seen);
    assert.equal(record, newest.number);
    if (seen.ensemble && seen.ensemble.epoch > newest.epochFloor) return;
    if (seen.disk.stamp?.lineage === newest.number && (seen.disk.fence?.record ?? newest.number) < newest.number) {
      return;
    }
    assert.throws(() => assertLost(seen, newest, silenceOf(seen)), /may come back/);
  });
});

test('an id is claimed only if it is free, or stamp and config name this node by it: never while another owner may live', () => {
  eachStep('claim-id', ({ id, generation }, seen) => {
    const claims = sharedOf(seen).claims.filter((claim) => claim.id === id);
    assert.equal(generation, Math.max(0, ...claims.map((claim) => claim.generation)) + 1);
    const owners = claims.map((claim) => claim.owner);
    assert.ok(!owners.includes('unreadable') && !owners.includes(undefined));
    const committed = seen.ensemble?.config;
    const holder = committed?.members.find((member) => member.id === id);
    const configs = [committed, seen.disk.pending, seen.disk.config];
    // Claims 8: no list takes it away.
    const standing = seen.disk.stamp?.id === id && configs.some((each) => listed(each, id, seen.self.address));
    assert.ok(holder === undefined || (standing && holder.address === seen.self.address));
    const last =
      owners.at(-1) === 'void' && !standing ? undefined : owners.findLast((each) => typeof each === 'object');
    if (claims.length > 0 && !standing) assert.ok(seen.ensemble, 'nothing becomes free while no ensemble answers');
    if (last === undefined || (standing && last.instance === seen.self.instance)) return;
    assert.equal(seen.lives[last.instance], 'gone');
    assert.ok(seen.ensemble, 'whoever came after this node may have been a member');
  });
});

test('an owner is written void only after the limit, and the dead are noted only when EC2 says terminated', () => {
  eachStep('void-claim', ({ id, generation }, seen) => {
    const claim = sharedOf(seen).claims.find((entry) => entry.id === id && entry.generation === generation);
    assert.equal(claim?.owner, undefined);
    assert.ok((claim?.ageMs ?? 0) > seen.limits.ownerUnknownMs);
  });
  eachStep('note-dead', ({ instances }, seen) => {
    for (const instance of instances) assert.ok(seen.terminated.includes(instance));
  });
});

test('without word from AWS a node restarts its own server or waits, and does nothing else', () => {
  for (const { seed, observation, decision } of drawn) {
    if (observation.shared.known || decision.kind !== 'step') continue;
    assert.ok(['start-server', 'unmark-left'].includes(decision.step.kind), `seed ${seed}: ${decision.step.kind}`);
  }
});

test('data is set aside only for an ensemble that has it all, or where nothing was ever committed', () => {
  eachStep('set-data-aside', (_, seen) => {
    const newest = newestOf(seen);
    assert.equal(seen.server.upMs, undefined);
    const answered = seen.ensemble !== undefined && seen.ensemble.epoch > newest.epochFloor;
    assert.ok(answered || newest.kind === 'genesis');
    assert.ok((seen.disk.stamp?.lineage ?? 0) < newest.number || seen.disk.data?.damage !== undefined);
    assert.ok((seen.lately?.asides ?? 0) < 3, 'not more than three times an hour');
    assert.ok((seen.disk.freeShare ?? 0) >= 0.2, 'never while it is not known that a fifth of the disk is free');
  });
});

// SPDX-License-Identifier: Apache-2.0
/**
 * One look at the world, as plain data. The order is the protocol's (Claims 6): first the config, through a session
 * opened for it, then the claims, then EC2. The epoch and the records are read after the session, and the leader's zxid
 * before the node's own.
 */

import { AgentError } from '../errors.ts';
import { unclaimedInHook } from '../facts/lifecycle.ts';
import { ownersOf } from '../model/claims.ts';
import { type GroupFact, type Known, unknown } from '../model/cloud.ts';
import type { Observation, Shared, Silence } from '../model/observation.ts';
import type { Changes } from '../model/step.ts';
import { readRecords } from '../registry/lineage.ts';
import { readReports } from '../registry/reports.ts';
import { attempt } from './attempt.ts';
import { runningByHand } from './by-hand.ts';
import { latelyOf } from './lately.ts';
import { observeLeaderless, observeSilence } from './leaderless.ts';
import type { Look } from './look.ts';
import { observeNaming } from './naming.ts';
import { observeServer, stillLed } from './own-server.ts';
import { findEnsemble, observeOtherLives } from './search.ts';
import { ownIds, readBucket, readShared } from './shared.ts';
import { observeShelf, selfAgain, selfOn, slotsOn } from './slots.ts';

/** An observation made a moment ago. Most of it still stands. */
export interface Earlier {
  readonly observation: Observation;
  /**
   * What has changed since: this node's disk and server, alone or with the reports, the records, or records and claims.
   */
  readonly changed: Exclude<Changes, 'the world'>;
}

/** Looks at the whole world, or only at what has changed since a moment ago. */
export async function observe(look: Look, signal: AbortSignal, earlier?: Earlier): Promise<Observation> {
  const { ports, order, timings, memory } = look;
  if (earlier) return observeAgain(look, earlier, signal);
  const disk = await ports.disk.read(signal);
  const [targetState, group, search, shelf] = await Promise.all([
    attempt(() => ports.metadata.targetLifecycleState(signal), signal),
    attempt(() => describeGroup(look, signal), signal),
    findEnsemble(look, disk, signal),
    ports.slots && observeShelf(ports.slots, look, signal),
  ]);
  const { shared, ensemble } = search;
  const leaderless = ensemble
    ? undefined
    : (search.leaderless ?? (await observeLeaderless(look, search.bucket, signal)));
  const instances = new Set([
    ...(group.known ? group.value.instances.map((entry) => entry.instance) : []),
    ...(leaderless?.tagged.known ? leaderless.tagged.value.map((fact) => fact.instance) : []),
    ...(shared.known ? ownersOf(shared.value.claims) : []),
    ...(leaderless?.written.known ? (leaderless.written.value.unreadable ?? []).map(({ instance }) => instance) : []),
  ]);
  // Instances without a claim matter only for two questions: which nodes could have reported, and which hooks would
  // otherwise never be answered.
  const others = leaderless ? [...instances] : unclaimedInHook({ group, shared });
  const lives = await observeOtherLives(look, search, others, signal);
  const reports = leaderless?.written.known ? leaderless.written.value.reports : [];
  const byHand = leaderless ? await runningByHand(ports.servers, shared, disk, reports, signal) : [];
  const silence = leaderless
    ? observeSilence(look, { ...leaderless, shared, group, instances: [...instances], byHand })
    : unknown(ensemble ? 'an ensemble answers' : 'there is no lineage record yet');
  // After the ensemble: the leader's zxid has to be the older one.
  const server = leaderless?.server ?? (await observeServer(look, ensemble, signal));
  const self = shelf ? selfOn(shelf, look, { shared, disk, ensemble }) : look.self;
  const naming = await observeNaming(look, disk, ensemble, signal);
  return {
    order,
    self,
    ...(shelf ? { slots: await slotsOn(shelf, look, { shared, group }, signal) } : {}),
    targetState,
    disk,
    server,
    shared,
    group,
    lives: lives.lives,
    terminated: lives.terminated,
    ensemble: stillLed(ensemble, server, self),
    silence,
    lately: latelyOf(disk, ports.clock.nowMs()),
    watch: memory.watch(ports.clock.monotonicMs()),
    limits: {
      ownerUnknownMs: timings.ownerUnknownMs,
      recoveryQuietMs: timings.recoveryQuietMs,
      unclaimedMs: timings.unclaimedMs,
      noLeaderRejoinMs: timings.noLeaderRejoinMs,
    },
    ...(look.stack === undefined ? {} : { stack: look.stack }),
    ...(look.zone === undefined ? {} : { zone: look.zone }),
    ...(naming === undefined ? {} : { naming }),
    ...restOf(look),
  };
}

function restOf({ ports, memory }: Look): Pick<Observation, 'reportRest'> {
  const reportRest = memory.reportRest(ports.clock.monotonicMs());
  return reportRest === undefined ? {} : { reportRest };
}

/** The answers do not depend on each other, so all questions are asked at once. */
async function observeAgain(look: Look, earlier: Earlier, signal: AbortSignal): Promise<Observation> {
  const [disk, server, shared, silence] = await Promise.all([
    look.ports.disk.read(signal),
    observeServer(look, earlier.observation.ensemble, signal),
    sharedAgain(look, earlier, signal),
    silenceAgain(look, earlier, signal),
  ]);
  const { reportRest: _, ...rest } = earlier.observation;
  const self = rest.slots ? selfAgain(rest, look, { shared, disk }) : rest.self;
  const ensemble = stillLed(rest.ensemble, server, self);
  const lately = latelyOf(disk, look.ports.clock.nowMs());
  return { ...rest, self, disk, server, shared, ensemble, silence, lately, ...restOf(look) };
}

/**
 * The group that the instance is in. A young instance may not be listed yet, so without a group the answer is unknown.
 */
async function describeGroup({ ports, memory, self }: Look, signal: AbortSignal): Promise<GroupFact> {
  memory.group ??= await ports.autoScaling.groupOf(self.instance, signal);
  if (memory.group === undefined) {
    throw new AgentError(
      'NO_GROUP',
      `the instance ${self.instance} is in no Auto Scaling group`,
      'See the group of the stack: it launches the nodes, and an instance by itself can be no member.',
    );
  }
  return ports.autoScaling.describe(memory.group, signal);
}

async function sharedAgain(look: Look, { observation, changed }: Earlier, signal: AbortSignal): Promise<Known<Shared>> {
  const { shared } = observation;
  if (!shared.known) return shared;
  switch (changed) {
    case 'node and shared': {
      const { disk, ensemble } = observation;
      return readShared(
        look,
        readBucket(look.ports.objects, signal),
        ownIds(look.self, disk, ensemble ? [ensemble] : []),
        signal,
      );
    }
    case 'node and records':
      return attempt(async () => ({ ...shared.value, records: await readRecords(look.ports.objects, signal) }), signal);
    default:
      return shared;
  }
}

async function silenceAgain(
  { ports }: Look,
  { observation, changed }: Earlier,
  signal: AbortSignal,
): Promise<Known<Silence>> {
  const { silence } = observation;
  if (changed !== 'node and reports' || !silence.known) return silence;
  return attempt(async () => ({ ...silence.value, ...(await readReports(ports.objects, signal)) }), signal);
}

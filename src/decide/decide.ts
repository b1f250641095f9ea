// SPDX-License-Identifier: Apache-2.0
/**
 * What a node does next: a pure function of one observation. It returns at most one step, and a sentence that says why.
 * No I/O, no clock, no randomness. The rules and their reasons are in docs/protocol.md.
 *
 * Every branch keeps these invariants: one history; no data is deleted; an id belongs to one node; only the dead are
 * removed; only synced nodes vote; a node does not touch another's instance; unknown is never absent.
 */

import { hasData } from '../facts/data.ts';
import { isGone } from '../facts/lives.ts';
import { ownClaims } from '../facts/own-claim.ts';
import { idModeOf } from '../identity/modes.ts';
import { refusedData } from '../model/advice.ts';
import { unreadable } from '../model/disk.ts';
import { listed } from '../model/member.ts';
import type { Ensemble, Observation, Shared } from '../model/observation.ts';
import type { LineageRecord } from '../model/records.ts';
import {
  adviceOf,
  advised,
  type Decision,
  done,
  type Obstacle,
  refuse,
  take,
  wait,
  waitForFact,
} from '../model/step.ts';
import { withAdvice } from './advise.ts';
import { decideClaim, decideStream } from './claim.ts';
import { decideCopy } from './copy.ts';
import { decideFailedStart, waitsForSurroundings } from './failed-start.ts';
import { decideFirstStart, decideGenesis } from './genesis.ts';
import { decideFollow, decideSettled, followable, votes } from './join.ts';
import { decideJoinAlone } from './join-alone.ts';
import { decideAbandoned } from './launch.ts';
import { decideLeave, decideLeaveRefused, isLeaving } from './leave.ts';
import { decideMend } from './mend.ts';
import { decideFounded } from './propose.ts';
import { decideFounding, decideSilence } from './recover.ts';
import { decideNotes } from './remove.ts';
import { decideRestart, mayRun } from './restart.ts';
import { withStampThatIsGone } from './stamp-gone.ts';

export function decide(observation: Observation): Decision {
  const seen = withStampThatIsGone(observation);
  return withAdvice(seen, startsInPlace(seen, decideNext(seen)));
}

/** What the phases decide from, once AWS has answered what the node needs to know. */
interface Situation {
  readonly observation: Observation;
  readonly shared: Shared;
  readonly newest: LineageRecord | undefined;
  /** The running ensemble of the newest record. */
  readonly ensemble: Ensemble | undefined;
  readonly leaving: boolean;
}

type Phase = (situation: Situation) => Decision | undefined;

/** The phases in their order. The first one that returns a decision decides. */
const PHASES: readonly Phase[] = [
  ({ observation, newest }) => stopStale(observation, newest),
  ({ observation }) => decideFailedStart(observation),
  mendFiles,
  leave,
  settleId,
  settle,
  refuseToRemove,
  abandonLaunch,
  claimId,
  follow,
];

function decideNext(observation: Observation): Decision {
  const refused = refuseData(observation);
  if (refused) return decideLeaveRefused(observation) ?? refused;
  const copy = decideCopy(observation);
  if (copy) return copy;
  const { disk, order, shared } = observation;
  if (disk.left && order.rejoin) return take({ kind: 'unmark-left' }, 'The operator brings this node back.');
  if (!shared.known) return decideUninformed(observation, { why: shared.why, fact: shared });
  const newest = shared.value.records.at(-1);
  // The record of the stamp is missing: the bucket is not what it was, and says nothing about this data.
  if (disk.stamp && disk.stamp.lineage > (newest?.number ?? 0)) {
    return decideUninformed(observation, {
      why: `the bucket is without record ${disk.stamp.lineage}, which this disk is stamped with`,
    });
  }
  const ensemble = newest && followable(observation, newest);
  const situation = { observation, shared: shared.value, newest, ensemble, leaving: isLeaving(observation) };
  for (const phase of PHASES) {
    const decision = phase(situation);
    if (decision) return decision;
  }
  return newest ? decideLeaderless(situation, newest) : decideGenesis(observation, shared.value);
}

function mendFiles({ observation, newest, ensemble }: Situation): Decision | undefined {
  return newest && ensemble && decideMend(observation, newest, ensemble);
}

function leave({ observation, newest, ensemble, leaving }: Situation): Decision | undefined {
  return leaving ? decideLeave(observation, newest, ensemble) : undefined;
}

function settleId({ observation, leaving }: Situation): Decision | undefined {
  const due = leaving ? undefined : idModeOf(observation).settleId(observation);
  return due && take(due.step, due.why);
}

/** A server that may not start at its address yet waits. All else goes on: a node without its address reports, too. */
function startsInPlace(observation: Observation, decision: Decision): Decision {
  if (decision.kind !== 'step' || decision.step.kind !== 'start-server') return decision;
  const held = idModeOf(observation).whatHoldsStart(observation);
  return held === undefined ? decision : wait(held);
}

/** Decides for a voter that serves: little is left to do for it, and no later phase is meant for it. */
function settle({ observation, newest, ensemble }: Situation): Decision | undefined {
  const { disk, server, order } = observation;
  const serves = server.answer.kind === 'serving' && disk.stamp?.lineage === newest?.number;
  if (!ensemble || !serves || disk.fence || !votes(observation, ensemble)) return undefined;
  const settled = decideSettled(observation, ensemble);
  const notes = decideNotes(observation);
  // The operator asked for the removal of the dead, perhaps with --dry-run, so the answer to that comes first.
  if (order.command === 'remove-terminated') return settled.kind === 'step' ? settled : (notes ?? settled);
  return notes ?? (settled.kind === 'step' ? settled : (decideStream(observation) ?? settled));
}

function refuseToRemove({ observation }: Situation): Decision | undefined {
  return observation.order.command === 'remove-terminated' ? NO_VOTER : undefined;
}

function abandonLaunch({ observation, newest, ensemble }: Situation): Decision | undefined {
  // Data counts as long as it is there (Leaving 3).
  const offers = !ensemble && newest !== undefined && observation.disk.stamp !== undefined;
  return offers ? undefined : decideAbandoned(observation, newest?.number ?? 0);
}

function claimId({ observation, shared, leaving }: Situation): Decision | undefined {
  return leaving || observation.disk.abandoned ? undefined : decideClaim(observation, shared);
}

function follow({ observation, newest, ensemble }: Situation): Decision | undefined {
  return newest && ensemble && decideFollow(observation, newest, ensemble);
}

/** No ensemble of the newest record answers. This node restarts, and recovers if it must. */
function decideLeaderless({ observation, shared }: Situation, newest: LineageRecord): Decision {
  const alone = hindered(observation, decideAlone(observation, shared, newest));
  // Notes come only while a recovery waits anyway, so that they do not delay it. A recovery that waits may wait until
  // EC2 has forgotten the dead, so the notes can't wait for it.
  const watched = alone.kind === 'wait' && (alone.watch === undefined || alone.watch === observation.watch?.digest);
  return (watched ? (decideNotes(observation) ?? decideStream(observation)) : undefined) ?? alone;
}

/** A node that waits for others also says what keeps its own server from starting. */
function hindered(observation: Observation, decision: Decision): Decision {
  const own = decision.kind === 'wait' ? waitsForSurroundings(observation) : undefined;
  if (!own) return decision;
  const others = adviceOf(decision).filter(({ action, instance }) =>
    adviceOf(own).every((each) => each.action !== action || each.instance !== instance),
  );
  return advised({ ...decision, why: `${own.why} ${decision.why}` }, [...adviceOf(own), ...others]);
}

const NO_VOTER: Decision = {
  kind: 'refuse',
  code: 'ZOOKEEPER_UNAVAILABLE',
  why: 'This node does not vote in an ensemble that answers, so it can remove nobody.',
  next: 'Run the command on a voter; zk-agent status names them.',
};

/** Data of another cluster, or data that nothing vouches for, is left exactly as it is. */
function refuseData(observation: Observation): Decision | undefined {
  const { disk, self } = observation;
  if (disk.stamp && disk.stamp.cluster !== self.cluster) {
    return refuse(
      'DATA_OF_ANOTHER_CLUSTER',
      `The data directory of ${self.instance} belongs to cluster ${disk.stamp.cluster}, not to ${self.cluster}.`,
      refusedData(self.instance),
    );
  }
  if (!disk.stamp && hasData(disk) && !isOurs(observation)) {
    const stamp = unreadable(disk, 'stamp');
    const how = stamp ? `with a stamp that can't be understood (${stamp.file}: ${stamp.why})` : 'without a stamp';
    return refuse(
      'DATA_WITHOUT_STAMP',
      `The data directory of ${self.instance} holds data ${how}, so nobody knows which cluster it is of.`,
      refusedData(self.instance),
    );
  }
  return undefined;
}

/**
 * Files 3: whether the data is of a node of this cluster. It is if the stamp can't be read and this node has a claim,
 * or if the node serves as a voter at this moment. While the claims are unknown, the data is left alone anyway.
 */
function isOurs(observation: Observation): boolean {
  const { disk, shared, server, ensemble, self } = observation;
  if (server.answer.kind === 'serving' && ensemble && listed(ensemble.config, disk.id, self.address)) return true;
  return unreadable(disk, 'stamp') !== undefined && (!shared.known || ownClaims(observation, shared.value).length > 0);
}

/**
 * Genesis 4: without an answer from AWS, a stamped, unfenced node restarts from its own files, and does nothing else.
 */
function decideUninformed(observation: Observation, obstacle: Obstacle): Decision {
  const { server, disk } = observation;
  const why = obstacle.why.replace(/\.$/, '');
  const { fact } = obstacle;
  if (server.answer.kind === 'serving') return done(`The server serves; nothing else is done while ${why}.`);
  if (mayRun(server)) {
    return waitForFact(`The server runs without quorum, and nothing else is done while ${why}.`, fact);
  }
  const restart = disk.stamp && !disk.left ? decideRestart(observation, disk.stamp.lineage) : undefined;
  return restart ?? waitForFact(`Nothing is done while ${why}.`, fact);
}

/** A server that runs with data of an older record could found a second history, or truncate its own data. */
function stopStale(observation: Observation, newest: LineageRecord | undefined): Decision | undefined {
  const { disk, server, shared, self } = observation;
  if (!mayRun(server)) return undefined;
  if (newest && disk.stamp && disk.stamp.lineage < newest.number) {
    // Genesis 3: a node that finds a record newer than its stamp joins.
    return take(
      { kind: 'stop-server' },
      `Record ${newest.number} exists, and this server runs with data of lineage ${disk.stamp.lineage}.`,
    );
  }
  if (disk.fence) return take({ kind: 'stop-server' }, 'This node is fenced, so its server must not run.');
  if (!shared.known) return undefined;
  // Invariant 3: another node owns the id that this server runs under. An owner that is gone for good runs no server.
  const owner = shared.value.claims
    .map((claim) => (claim.id === disk.id ? claim.owner : undefined))
    .findLast((each) => typeof each === 'object');
  if (owner === undefined || owner.instance === self.instance || isGone(observation, owner.instance)) return undefined;
  return take({ kind: 'stop-server' }, `Id ${disk.id} belongs to ${owner.instance} now.`);
}

/** No ensemble of the newest record answers. */
function decideAlone(observation: Observation, shared: Shared, newest: LineageRecord): Decision {
  const { disk } = observation;
  // The fence is of a recovery that this node has completed. Under the new stamp it holds nothing back any more
  // (Recovery 6).
  if (disk.fence && disk.stamp?.lineage === newest.number && disk.fence.record < newest.number) {
    return take(
      { kind: 'lift-fence', record: newest.number },
      `This node is ready to start under record ${newest.number}.`,
    );
  }
  const restart = decideRestart(observation, newest.number);
  if (restart) return restart;
  const { silence } = observation;
  if (!silence.known) return waitForFact(`No leader answers, and the reports can't be read: ${silence.why}.`, silence);
  const founded = decideFounded(newest, silence.value);
  if (founded) return founded;
  // A node that is to leave, or gave its launch up, starts nothing new. Its data counts as long as it is there.
  const begin =
    isLeaving(observation) || disk.abandoned
      ? undefined
      : (decideFirstStart(observation, newest, silence.value.announcements, silence.value) ??
        decideJoinAlone(observation, newest));
  return (
    begin ??
    decideFounding(observation, newest, silence.value) ??
    decideSilence(observation, shared, newest, silence.value)
  );
}

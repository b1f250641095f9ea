// SPDX-License-Identifier: Apache-2.0
/**
 * What a looking server does (FastLeaderElection, by its outcome rather than by its messages): take over a newer config
 * that it hears of, follow a leader that a quorum of its config follows, or win an election.
 */
import type { Network } from './network.ts';
import { compareVotes, hasBothQuorums, isVoterFor, knows, type Server, type Term, voterSet } from './server.ts';

export interface Field {
  readonly servers: readonly Server[];
  readonly network: Network;
  readonly nowMs: number;
}

/** Notifications flow if either side has the other's address. */
function hear(field: Field, a: Server, b: Server): boolean {
  return field.network.reach(a, b) && (knows(a, b) || knows(b, a));
}

/** A looking server that hears of a newer committed config takes it over (FastLeaderElection.WorkerReceiver). */
function takeNewerConfig(field: Field, server: Server): boolean {
  for (const other of field.servers) {
    if (other === server || other.phase === 'loading' || !hear(field, server, other)) continue;
    if (other.config.version <= server.config.version) continue;
    const next = server.next && server.next.version > other.config.version ? server.next : undefined;
    server.adopt(other.config, next);
    return true;
  }
  return false;
}

/** A server without a database neither votes nor counts others' votes (db.autocreate=false). */
function votes(server: Server): boolean {
  return server.data.initialised;
}

function followExistingLeader(field: Field, server: Server): Term | undefined {
  for (const leader of field.servers) {
    const term = leader.term;
    if (!term || !leader.leads || term.over || leader === server) continue;
    if (!field.network.reach(server, leader) || !knows(server, leader) || !isVoterFor(server, leader.id)) continue;
    const ids = new Set([leader.id]);
    for (const other of field.servers) {
      if (other !== server && other.term === term && field.network.reach(server, other)) ids.add(other.id);
    }
    // A server that votes completes the quorum of a leader that is still gathering its followers.
    if (term.stage === 'discovery' && votes(server)) ids.add(server.id);
    if (hasBothQuorums(server, ids)) return term;
  }
  return undefined;
}

/** The servers that vote for this one; undefined when it can't win now. */
function supporters(field: Field, candidate: Server): Server[] | undefined {
  if (!votes(candidate) || !isVoterFor(candidate, candidate.id)) return undefined;
  const found = [candidate];
  const ids = new Set([candidate.id]);
  for (const other of field.servers) {
    if (other === candidate || other.phase !== 'looking' || !votes(other)) continue;
    if (!isVoterFor(candidate, other.id) || !hear(field, candidate, other)) continue;
    // One that is a voter of a pending config alone lends its vote and proposes nobody (FastLeaderElection.getInitId).
    if (compareVotes(other, candidate) < 0 && voterSet(other.config).has(other.id)) return undefined;
    if (!isVoterFor(other, candidate.id) || !knows(other, candidate)) continue;
    found.push(other);
    ids.add(other.id);
  }
  return hasBothQuorums(candidate, ids) ? found : undefined;
}

/** One turn of a looking server. True if something changed. */
export function look(field: Field, server: Server): boolean {
  if (takeNewerConfig(field, server)) return true;
  const existing = followExistingLeader(field, server);
  if (existing) {
    server.term = existing;
    server.phase = 'discovery';
    server.contactMs = field.nowMs;
    return true;
  }
  const won = supporters(field, server);
  if (!won) return false;
  const term: Term = {
    leader: server,
    startedMs: field.nowMs,
    epoch: 0,
    counter: 0,
    stage: 'discovery',
    reconfig: undefined,
    over: false,
  };
  const ids = new Set(won.map((other) => other.id));
  for (const other of won) {
    if (other !== server && !hasBothQuorums(other, ids)) continue;
    other.term = term;
    other.phase = 'discovery';
    other.contactMs = field.nowMs;
  }
  return true;
}

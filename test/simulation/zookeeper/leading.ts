// SPDX-License-Identifier: Apache-2.0
/**
 * What a leader does in its turn: gather followers, choose the epoch, establish itself, commit, notice a lost quorum.
 */
import type { EnsembleConfig } from '../../../src/model/member.ts';
import type { Field } from './election.ts';
import { depthOf, type Entry, zxidText } from './entry.ts';
import { compareVotes, hasBothQuorums, hasQuorum, isVoterFor, type Phase, type Server, type Term } from './server.ts';
import type { Witness } from './witness.ts';

/** syncLimit × tickTime, and initLimit × tickTime, of the simulated servers. */
export const SYNC_LIMIT_MS = 10_000;
export const INIT_LIMIT_MS = 20_000;

export interface Chamber extends Field {
  readonly witness: Witness;
}

const ORDER: Readonly<Record<Phase, number>> = {
  loading: 0,
  looking: 1,
  discovery: 2,
  accepted: 3,
  data: 4,
  synced: 5,
  serving: 6,
};

export function reached(server: Server, phase: Phase): boolean {
  return ORDER[server.phase] >= ORDER[phase];
}

export function followersOf(chamber: Field, leader: Server, phase: Phase): Server[] {
  return chamber.servers.filter(
    (server) => server !== leader && server.running && server.term === leader.term && reached(server, phase),
  );
}

/** Drops followers that are dead at once, and silent ones after syncLimit. */
function refreshContacts(chamber: Field, leader: Server): void {
  for (const server of chamber.servers) {
    if (server === leader || server.term !== leader.term) continue;
    if (chamber.network.reach(leader, server)) server.contactMs = chamber.nowMs;
    else if (!server.running || chamber.nowMs - server.contactMs > SYNC_LIMIT_MS) server.term = undefined;
  }
}

function idsWith(leader: Server, followers: readonly Server[]): Set<number> {
  const ids = new Set([leader.id]);
  for (const follower of followers) ids.add(follower.id);
  return ids;
}

/** One turn of a leader. True if something changed. */
export function lead(chamber: Chamber, leader: Server, term: Term): boolean {
  refreshContacts(chamber, leader);
  switch (term.stage) {
    case 'discovery':
      return chooseEpoch(chamber, leader, term);
    case 'accepting':
      return beginSync(chamber, leader, term);
    case 'syncing':
      return establish(chamber, leader, term);
    case 'serving':
      return commit(chamber, leader, term);
  }
}

function tookTooLong(chamber: Field, term: Term): boolean {
  if (chamber.nowMs - term.startedMs <= INIT_LIMIT_MS) return false;
  term.over = true;
  return true;
}

function chooseEpoch(chamber: Chamber, leader: Server, term: Term): boolean {
  const followers = followersOf(chamber, leader, 'discovery');
  if (!hasQuorum(leader.config, idsWith(leader, followers))) return tookTooLong(chamber, term);
  const accepted = [leader, ...followers].map((server) => server.data.acceptedEpoch);
  term.epoch = Math.max(...accepted) + 1;
  leader.data.acceptedEpoch = term.epoch;
  leader.phase = 'accepted';
  term.stage = 'accepting';
  return true;
}

function beginSync(chamber: Chamber, leader: Server, term: Term): boolean {
  const followers = followersOf(chamber, leader, 'accepted');
  if (!hasQuorum(leader.config, idsWith(leader, followers))) return tookTooLong(chamber, term);
  // Leader.waitForEpochAck: a follower of the founding quorum must not be ahead of its leader.
  if (followers.some((follower) => isVoterFor(leader, follower.id) && isAhead(follower, leader))) {
    term.over = true;
    return true;
  }
  leader.data.currentEpoch = term.epoch;
  leader.phase = 'synced';
  term.stage = 'syncing';
  // ZOOKEEPER-1783: a config of version 0 gets the version of the new epoch once it is established.
  if (leader.config.version === zxidText(0, 0) && !leader.next) {
    leader.next = { version: zxidText(term.epoch, 0), members: leader.config.members };
    leader.host.disk.pending = leader.next;
  }
  return true;
}

function isAhead(follower: Server, leader: Server): boolean {
  const left = follower.data;
  const right = leader.data;
  const sameVote = left.currentEpoch === right.currentEpoch && left.log?.zxid === right.log?.zxid;
  return !sameVote && follower.data.initialised && compareVotes(follower, leader) < 0;
}

function establish(chamber: Chamber, leader: Server, term: Term): boolean {
  const ids = idsWith(leader, followersOf(chamber, leader, 'synced'));
  if (!hasBothQuorums(leader, ids)) return tookTooLong(chamber, term);
  const from = leader.config;
  const log = leader.data.log;
  leader.applied = log;
  leader.data.snapshot = log;
  leader.phase = 'serving';
  term.stage = 'serving';
  if (log) markCommitted(chamber, leader, log);
  if (leader.next) activate(chamber, leader, from, leader.next);
  else chamber.witness.established(leader);
  if (!isVoterFor(leader, leader.id)) term.over = true;
  return true;
}

function activate(chamber: Chamber, leader: Server, from: EnsembleConfig, to: EnsembleConfig): void {
  leader.adopt(to, undefined);
  chamber.witness.reconfigCommitted(leader, from, to);
}

function markCommitted(chamber: Chamber, leader: Server, entry: Entry): void {
  for (let each: Entry | undefined = entry; each && !each.committed; each = each.parent) each.committed = true;
  chamber.witness.committed(leader, entry);
}

/** Commits what a quorum has logged; an entry at or after a pending reconfig needs the quorum of both configs. */
function commit(chamber: Chamber, leader: Server, term: Term): boolean {
  const followers = followersOf(chamber, leader, 'synced');
  if (!hasBothQuorums(leader, idsWith(leader, followers))) {
    term.over = true;
    return true;
  }
  const applied = depthOf(leader.applied);
  const open: Entry[] = [];
  for (let entry = leader.data.log; entry && entry.depth > applied; entry = entry.parent) open.push(entry);
  let changed = false;
  for (const entry of open.reverse()) {
    const ids = idsWith(
      leader,
      followers.filter((follower) => depthOf(follower.data.log) >= entry.depth),
    );
    const bothNeeded = term.reconfig !== undefined && entry.depth >= term.reconfig.depth;
    if (!hasQuorum(leader.config, ids)) break;
    if (bothNeeded && leader.next && !hasQuorum(leader.next, ids)) break;
    leader.applied = entry;
    leader.data.snapshot = entry;
    markCommitted(chamber, leader, entry);
    changed = true;
    if (entry !== term.reconfig || !entry.config) continue;
    term.reconfig = undefined;
    activate(chamber, leader, leader.config, entry.config);
    // Leaving leader: it goes as soon as its removal is committed.
    if (!isVoterFor(leader, leader.id)) {
      term.over = true;
      break;
    }
  }
  return changed;
}

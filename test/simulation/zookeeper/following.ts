// SPDX-License-Identifier: Apache-2.0
/**
 * What a follower does in its turn: promise the epoch, sync, write the epoch, then log and apply what the leader sends.
 */
import { commonPart, contains, depthOf, entryAtDepth, type Log } from './entry.ts';
import { type Chamber, SYNC_LIMIT_MS } from './leading.ts';
import type { Server, Term } from './server.ts';

/** One turn of a follower. True if something changed. */
export function follow(chamber: Chamber, server: Server, term: Term): boolean {
  const { leader } = term;
  if (!chamber.network.reach(server, leader)) {
    if (leader.running && chamber.nowMs - server.contactMs <= SYNC_LIMIT_MS) return false;
    giveUp(server);
    return true;
  }
  switch (server.phase) {
    case 'discovery':
      return promise(server, term);
    case 'accepted':
      return syncData(chamber, server, term);
    case 'data':
      return chamber.witness.strikes('slow-epoch') ? false : writeEpoch(chamber, server, term);
    case 'synced':
      return becomeServing(server, term);
    default:
      return keepUp(server, term);
  }
}

export function giveUp(server: Server): void {
  server.term = undefined;
  server.phase = 'looking';
}

function promise(server: Server, term: Term): boolean {
  if (term.stage === 'discovery') return false;
  // Learner.registerWithLeader: a server that has promised more than the leader's epoch never follows it.
  if (server.data.acceptedEpoch > term.epoch) {
    giveUp(server);
    return true;
  }
  server.data.acceptedEpoch = term.epoch;
  server.phase = 'accepted';
  return true;
}

/** DIFF, TRUNC or SNAP: the log becomes the leader's, whatever it was before. */
function syncData(chamber: Chamber, server: Server, term: Term): boolean {
  if (term.stage === 'discovery' || term.stage === 'accepting') return false;
  const { leader } = term;
  const data = server.data;
  const before = data.log;
  const after = leader.data.log;
  chamber.witness.synced(server, leader, before, after);
  if (!contains(after, before)) {
    // TRUNC cuts the log, not a snapshot that is newer than the cut: what it holds stays.
    if (!contains(commonPart(before, after), data.snapshot)) data.foreign = true;
  }
  // A snapshot is written before the epoch that belongs to it, and a crash can come in between.
  const snapshot = !data.initialised;
  data.foreign ||= leader.data.foreign && snapshot;
  data.log = after;
  data.initialised = true;
  server.applied = undefined;
  if (leader.next || server.next) {
    server.next = leader.next;
    server.host.disk.pending = leader.next;
  }
  server.phase = 'data';
  if (!snapshot && !chamber.witness.strikes('slow-epoch')) writeEpoch(chamber, server, term);
  return true;
}

/** In up to three turns: the half-written file, what stands in it, and its rename. */
function writeEpoch(chamber: Chamber, server: Server, term: Term): boolean {
  const { data } = server;
  if (data.half !== term.epoch && chamber.witness.strikes('half-epoch')) {
    data.half = data.half === 'empty' ? term.epoch : 'empty';
    return true;
  }
  data.half = undefined;
  data.currentEpoch = term.epoch;
  server.phase = 'synced';
  return true;
}

function becomeServing(server: Server, term: Term): boolean {
  logMore(server, term);
  if (term.stage !== 'serving') return false;
  server.phase = 'serving';
  apply(server, term);
  return true;
}

function keepUp(server: Server, term: Term): boolean {
  const logged = logMore(server, term);
  return apply(server, term) || logged;
}

function logMore(server: Server, term: Term): boolean {
  const { leader } = term;
  if (server.data.log === leader.data.log) return false;
  server.data.log = leader.data.log;
  if (term.reconfig?.config && server.next !== term.reconfig.config) {
    server.next = term.reconfig.config;
    server.host.disk.pending = term.reconfig.config;
  }
  return true;
}

function apply(server: Server, term: Term): boolean {
  const { leader } = term;
  const target: Log = entryAtDepth(server.data.log, depthOf(leader.applied));
  if (server.applied === target && server.config === leader.config) return false;
  server.applied = target;
  server.data.snapshot = target;
  if (server.config !== leader.config) {
    const pending = term.reconfig?.config;
    server.adopt(leader.config, pending && depthOf(server.data.log) >= depthOf(term.reconfig) ? pending : undefined);
  }
  return true;
}

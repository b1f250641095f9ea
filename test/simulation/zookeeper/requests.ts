// SPDX-License-Identifier: Apache-2.0
/** What clients ask of the servers: sessions, writes and reconfigurations, each an entry that has to commit. */
import type { EnsembleConfig } from '../../../src/model/member.ts';
import type { ReconfigAnswer, ReconfigChange } from '../../../src/ports.ts';
import { depthOf, type Entry, zxidText } from './entry.ts';
import { type Chamber, followersOf } from './leading.ts';
import { hasQuorum, type Server, type Term, voterSet } from './server.ts';

export interface Draft {
  readonly kind: Entry['kind'];
  readonly value?: number;
  readonly members?: EnsembleConfig['members'];
}

interface Waiting {
  readonly server: Server;
  readonly term: Term;
  readonly entry: Entry;
  readonly deadlineMs: number;
  readonly done: (outcome: 'committed' | 'lost') => void;
}

export class Requests {
  #waiting: Waiting[] = [];

  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** The leader that would take a request through this server; undefined when the server does not serve. */
  leaderBehind(chamber: Chamber, server: Server): Server | undefined {
    const term = server.term;
    if (!server.awake || server.phase !== 'serving' || !term || term.over || term.stage !== 'serving') return undefined;
    if (term.leader !== server && !chamber.network.reach(server, term.leader)) return undefined;
    return term.leader;
  }

  /** Appends the entry to the leader's log; `done` is called once this server has applied it, or lost its leader. */
  submit(
    chamber: Chamber,
    server: Server,
    draft: Draft,
    deadlineMs: number,
    done: (outcome: 'committed' | 'lost') => void,
  ): boolean {
    const leader = this.leaderBehind(chamber, server);
    const term = leader?.term;
    if (!leader || !term) return false;
    const entry = append(leader, term, draft);
    if (entry.config) {
      chamber.witness.reconfigProposed(leader, leader.config, entry.config);
      term.reconfig = entry;
      leader.next = entry.config;
      leader.host.disk.pending = entry.config;
    }
    this.#waiting.push({
      server,
      term,
      entry,
      deadlineMs,
      done: (outcome) => {
        if (outcome === 'committed') entry.acknowledged = true;
        done(outcome);
      },
    });
    return true;
  }

  settle(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    const open: Waiting[] = [];
    const settled: (() => void)[] = [];
    for (const request of this.#waiting) {
      const { server, term, entry } = request;
      const here = server.running && server.term === term;
      if (here && !server.host.paused && depthOf(server.applied) >= entry.depth) {
        settled.push(() => request.done('committed'));
      } else if (!here || nowMs > request.deadlineMs) {
        settled.push(() => request.done('lost'));
      } else {
        open.push(request);
      }
    }
    this.#waiting = open;
    for (const settle of settled) settle();
  }
}

function append(leader: Server, term: Term, draft: Draft): Entry {
  const parent = leader.data.log;
  const zxid = zxidText(term.epoch, ++term.counter);
  const entry: Entry = {
    zxid,
    epoch: term.epoch,
    counter: term.counter,
    parent,
    depth: depthOf(parent) + 1,
    kind: draft.kind,
    ...(draft.value === undefined ? {} : { value: draft.value }),
    ...(draft.members ? { config: { version: zxid, members: draft.members } } : {}),
    committed: false,
    acknowledged: false,
  };
  leader.data.log = entry;
  return entry;
}

/** What the leader answers to a reconfiguration before it proposes anything; the new members if it does. */
export function judgeReconfig(
  chamber: Chamber,
  leader: Server,
  change: ReconfigChange,
): { readonly answer: ReconfigAnswer } | { readonly members: EnsembleConfig['members'] } {
  // PrepRequestProcessor: another config than the committed one was the last to be seen.
  if (leader.term?.reconfig || leader.sawOlder) return { answer: 'in-progress' };
  if (change.fromVersion !== leader.config.version) return { answer: 'stale-version' };
  const leaving = new Set(change.leaving ?? []);
  const joining = change.joining ?? [];
  const replaced = new Set(joining.map((member) => member.id));
  const kept = leader.config.members.filter((member) => !leaving.has(member.id) && !replaced.has(member.id));
  const members = [...kept, ...joining].sort((a, b) => a.id - b.id);
  const proposed: EnsembleConfig = { version: leader.config.version, members };
  const ids = new Set([leader.id, ...followersOf(chamber, leader, 'synced').map((follower) => follower.id)]);
  if (voterSet(proposed).size === 0 || !hasQuorum(proposed, ids)) return { answer: 'no-quorum' };
  return { members };
}

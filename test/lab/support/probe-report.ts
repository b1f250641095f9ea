// SPDX-License-Identifier: Apache-2.0
/** What a probe saw of an ensemble: whether there was always a quorum, its elections, and who went when. */
import assert from 'node:assert/strict';
import type { Setback } from '../../../lab/demo/writer.ts';
import { type EnsembleConfig, quorumOf, votersOf } from '../../../src/model/member.ts';

/** One look at all servers; times by performance.now(). */
export interface ProbeLook {
  readonly fromMs: number;
  readonly toMs: number;
  readonly config: EnsembleConfig;
  /** Voters of the config whose server answers at all, and those that serve. */
  readonly up: readonly string[];
  readonly serving: readonly string[];
  /** The address of a voter that says that it leads. */
  readonly leader: string | undefined;
  /** Every server that answers at all, be it of a voter or of one that has left the config and is stopped next. */
  readonly answering: readonly string[];
}

/** A time in which fewer than a quorum served; performance.now(). */
export interface Election {
  readonly fromMs: number;
  readonly toMs: number;
  /** The addresses of who led before and after it. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The leader before it is no member any more when it ends. */
  readonly leaderHadLeft: boolean;
}

/** Between two looks, and a client's pause before it tries again. */
const BESIDE_MS = 600;

export class ProbeReport {
  readonly looks: readonly ProbeLook[];
  readonly elections: readonly Election[];

  /** In the order in which the looks began. */
  constructor(looks: readonly ProbeLook[]) {
    this.looks = looks;
    this.elections = electionsOf(looks);
  }

  /** The least and the most voters that a committed config had. */
  get voters(): { readonly least: number; readonly most: number } {
    const counts = this.looks.map(({ config }) => votersOf(config).length);
    return { least: Math.min(...counts), most: Math.max(...counts) };
  }

  /** The fewest servers of voters that answered, whatever they said. */
  get fewestUp(): number {
    return Math.min(...this.looks.map(({ up }) => up.length));
  }

  get longestElectionMs(): number {
    return Math.max(0, ...this.elections.map(({ fromMs, toMs }) => toMs - fromMs));
  }

  /** At every moment the servers of a quorum of the then-current config were up: nothing but an election was needed. */
  checkQuorum(): void {
    assert.ok(this.looks.length > 10, 'The probe has looked.');
    const short = this.looks.filter(({ config, up }) => up.length < quorumOf(votersOf(config).length));
    assert.deepEqual(short.map(inWords), [], 'A quorum of the config was up at every moment.');
  }

  /**
   * Whenever no quorum served, that was the election after a leader had left; nothing else ever took the quorum away.
   */
  checkElections(): void {
    const others = this.elections.filter(({ leaderHadLeft, after }) => !leaderHadLeft || after === undefined);
    assert.deepEqual(others, [], 'Only elections after a leader has left interrupt the service.');
  }

  /** Every failed attempt of a writer falls into an election, or was made at a server that went at that moment. */
  checkSetbacks(setbacks: readonly Setback[]): void {
    const excused = [...this.elections, ...this.#departures()];
    const others = setbacks.filter(
      ({ fromMs, toMs }) => !excused.some((time) => fromMs <= time.toMs + BESIDE_MS && toMs >= time.fromMs - BESIDE_MS),
    );
    assert.deepEqual(others, [], `No write failed but in an election or at a server that left: ${this.inWords}`);
  }

  get inWords(): string {
    const { least, most } = this.voters;
    const elections = this.elections.map(({ fromMs, toMs }) => `${Math.round(toMs - fromMs)} ms`).join(', ');
    return `${this.looks.length} looks; ${least} to ${most} voters, never fewer than ${this.fewestUp} up; elections: ${elections || 'none'}`;
  }

  /** Times in which a voter stopped to be one, or a server stopped to answer: it may do so long after it has left. */
  #departures(): readonly { readonly fromMs: number; readonly toMs: number }[] {
    return this.looks.flatMap((look, index) => {
      const before = this.looks[index - 1];
      if (before === undefined) return [];
      const left = before.up.some((address) => !look.up.includes(address));
      const ended = before.answering.some((address) => !look.answering.includes(address));
      return left || ended ? [{ fromMs: before.fromMs, toMs: look.toMs }] : [];
    });
  }
}

function electionsOf(looks: readonly ProbeLook[]): readonly Election[] {
  const serves = ({ config, serving }: ProbeLook): boolean => serving.length >= quorumOf(votersOf(config).length);
  const elections: Election[] = [];
  for (let first = 0; first < looks.length; first++) {
    const begin = looks[first];
    if (begin === undefined || serves(begin)) continue;
    let next = first;
    while (looks[next] !== undefined && !serves(looks[next] as ProbeLook)) next += 1;
    const end = looks[next];
    const before = looks.slice(0, first).findLast(({ leader }) => leader !== undefined)?.leader;
    const members = votersOf((end ?? begin).config).map(({ address }) => address);
    elections.push({
      fromMs: begin.fromMs,
      toMs: (looks[next - 1] ?? begin).toMs,
      before,
      after: looks.slice(next).find(({ leader }) => leader !== undefined)?.leader,
      leaderHadLeft: before !== undefined && !members.includes(before),
    });
    first = next;
  }
  return elections;
}

function inWords({ config, up }: ProbeLook): string {
  return `${up.length} of ${votersOf(config).length} voters up (${up.join(', ')})`;
}

// SPDX-License-Identifier: Apache-2.0

import type { ErrorCode } from '../errors.ts';
import { type Advice, adviceText } from './advice.ts';
import type { SlotFact, Unknown } from './cloud.ts';
import type { DataFacts } from './disk.ts';
import type { EnsembleConfig, Member } from './member.ts';
import type { NameRecord } from './names.ts';
import type { ForcedRecord, GenesisRecord, LineageRecord, RecordMember, Report } from './records.ts';
import type { Zxid } from './zxid.ts';

/** One idempotent thing to do. Each kind has its function in act/, and its crash cases in the tests. */
export type Step =
  /** `slot`: the address that belongs to this id. Absent where an id has none of its own. */
  | { readonly kind: 'claim-id'; readonly id: number; readonly generation: number; readonly slot?: string }
  | { readonly kind: 'attach-slot'; readonly slot: SlotFact }
  /** The slot that this node gives back; the generation is the one after its own. */
  | { readonly kind: 'release-id'; readonly id: number; readonly generation: number }
  | { readonly kind: 'void-claim'; readonly id: number; readonly generation: number }
  | { readonly kind: 'restore-stream'; readonly id: number; readonly generation: number }
  | { readonly kind: 'write-id'; readonly id: number }
  | { readonly kind: 'note-dead'; readonly instances: readonly string[] }
  | { readonly kind: 'create-genesis'; readonly record: GenesisRecord }
  | { readonly kind: 'prepare-genesis'; readonly record: GenesisRecord; readonly member: RecordMember }
  /**
   * `copy`: the disk is a copy of an earlier time, so what else says that this node has started does not count either.
   */
  | { readonly kind: 'set-data-aside'; readonly name: string; readonly copy?: true }
  | {
      readonly kind: 'prepare-join';
      readonly version: Zxid;
      readonly members: readonly Member[];
      readonly id: number;
      readonly lineage: number;
    }
  /** Writes those of these files that are missing, or can't be read. */
  | { readonly kind: 'mend-files'; readonly id: number; readonly lineage: number; readonly config: EnsembleConfig }
  /** `data` is the data that the decision was about. */
  | { readonly kind: 'note-failed-start'; readonly why: string; readonly data: DataFacts }
  /** `epochFloor`: while a first start is due, the accepted epoch is raised to it again before the server starts. */
  | { readonly kind: 'start-server'; readonly epochFloor?: number }
  | { readonly kind: 'stop-server' }
  | {
      readonly kind: 'remove-members';
      readonly ids: readonly number[];
      /** The instances behind these members. Each is known to be shutting down or gone. */
      readonly dead: readonly string[];
      readonly fromVersion: Zxid;
    }
  | {
      readonly kind: 'add-self';
      readonly member: Member;
      /** The dead that the same change removes, and the instances behind them. */
      readonly leaving: readonly number[];
      readonly dead: readonly string[];
      readonly fromVersion: Zxid;
    }
  | { readonly kind: 'mark-ready'; readonly id: number }
  /** `fromVersion` is the config in which the place is free. */
  | {
      readonly kind: 'claim-place';
      readonly place: number;
      readonly generation: number;
      readonly fromVersion: Zxid;
    }
  /** `there` is what was read of the place, and is taken away in the same batch. */
  | {
      readonly kind: 'write-name';
      readonly place: number;
      readonly generation: number;
      readonly there: readonly NameRecord[];
      readonly wanted: readonly NameRecord[];
    }
  | { readonly kind: 'remove-names'; readonly there: readonly NameRecord[] }
  | { readonly kind: 'vouch-config'; readonly version: Zxid; readonly members: number }
  | { readonly kind: 'write-report'; readonly report: Report }
  /** `record` is the newest one. */
  | { readonly kind: 'withdraw-report'; readonly record: number }
  | { readonly kind: 'raise-fence'; readonly record: number }
  | { readonly kind: 'lift-fence'; readonly record: number }
  /** `from` is the serial of this node's own report that the decision was about. */
  | {
      readonly kind: 'propose-record';
      readonly record: LineageRecord;
      readonly relied: Readonly<Record<string, string>>;
      readonly from: string;
    }
  | {
      readonly kind: 'answer-proposal';
      readonly number: number;
      readonly proposer: string;
      readonly proposal: string;
      readonly from: string;
    }
  /** `unasked`: nodes of the release before, which can't answer, with the facts that the proposal relies on. */
  | {
      readonly kind: 'accept-record';
      readonly proposal: string;
      readonly record: LineageRecord;
      readonly unasked: Readonly<Record<string, string>>;
    }
  /** The record of a founded proposal. */
  | { readonly kind: 'write-record'; readonly record: LineageRecord }
  | { readonly kind: 'keep-source'; readonly record: number }
  | { readonly kind: 'found-forced'; readonly record: ForcedRecord; readonly gone: readonly string[] }
  | { readonly kind: 'mark-left' }
  | { readonly kind: 'unmark-left' }
  /** `uncounted`: voters that nobody claimed. The answers of their servers do not count. */
  | {
      readonly kind: 'remove-self';
      readonly id: number;
      readonly fromVersion: Zxid;
      readonly uncounted?: readonly number[];
    }
  | { readonly kind: 'stop-removed'; readonly id: number }
  /** `id` is the member that votes. */
  | { readonly kind: 'complete-launch'; readonly group: string; readonly hook: string; readonly id: number }
  | { readonly kind: 'signal-success'; readonly id: number }
  /**
   * `record` is the newest one, 0 without any. `hook` is absent when there is none to abandon. `id` is absent when the
   * node has none yet.
   */
  | {
      readonly kind: 'give-up-launch';
      /** Giving up was begun before, so the stack has had its time. */
      readonly again?: true;
      readonly group: string;
      readonly hook?: string;
      readonly id?: number;
      readonly signals: boolean;
      readonly record: number;
    }
  /** The launch that this node gave up is over, and the node is still here. */
  | { readonly kind: 'unmark-abandoned' }
  | { readonly kind: 'complete-leaving'; readonly group: string; readonly hook: string }
  | {
      readonly kind: 'complete-hooks-of-the-gone';
      readonly group: string;
      readonly hook: string;
      readonly instances: readonly string[];
    };

export type StepKind = Step['kind'];

/** What has to be looked at again after a step. All the rest still stands as it was seen a moment before. */
export type Changes =
  | 'the world'
  /** This node's disk and process, or what the node wrote about itself if the next step does not rely on it. */
  | 'node'
  /** The node, and also claims and records, or reports, or records and reports. */
  | 'node and shared'
  | 'node and reports'
  | 'node and records';

/**
 * At most one step, and always a sentence that says why. What a person may do is in `advice` and nowhere else.
 *
 * `wait`: look again soon. `watch` names facts that have to stay equal for a while before the next step.
 */
export type Decision =
  | { readonly kind: 'step'; readonly step: Step; readonly why: string }
  | ({ readonly kind: 'wait'; readonly why: string; readonly watch?: string; readonly missing?: Missing } & Advised)
  | ({ readonly kind: 'done'; readonly why: string } & Advised)
  | ({ readonly kind: 'refuse'; readonly code: ErrorCode; readonly why: string; readonly next: string } & Advised);

/** For a wait: the failure that left a fact unknown. It has its code, and what a person does about it. */
export interface Missing {
  readonly code: ErrorCode;
  readonly next: string;
}

/** Why something waits. If an unknown fact is the reason: that fact. */
export interface Obstacle {
  readonly why: string;
  readonly fact?: Unknown;
}

interface Advised {
  /** In the order in which a person tries it. Absent when a person has nothing to do. */
  readonly advice?: readonly Advice[];
}

export function take(step: Step, why: string): Decision {
  return { kind: 'step', step, why };
}

export function wait(why: string, watch?: string, advice: readonly Advice[] = []): Decision {
  return advised({ kind: 'wait', why, ...(watch === undefined ? {} : { watch }) }, advice);
}

/** A wait for a fact that is unknown. Without a fact: a wait like any other. */
export function waitForFact(why: string, fact: Unknown | undefined, advice: readonly Advice[] = []): Decision {
  const { code, next } = fact ?? {};
  return advised({ kind: 'wait', why, ...(code && next ? { missing: { code, next } } : {}) }, advice);
}

export function done(why: string): Decision {
  return { kind: 'done', why };
}

export function refuse(code: ErrorCode, why: string, advice: readonly Advice[]): Decision {
  return advised({ kind: 'refuse', code, why, next: adviceText(advice) }, advice);
}

export function adviceOf(decision: Decision): readonly Advice[] {
  return decision.kind === 'step' ? [] : (decision.advice ?? []);
}

/** The same decision with this advice instead of its own. A step gets no advice: the agent does it without a person. */
export function advised(decision: Decision, advice: readonly Advice[]): Decision {
  if (decision.kind === 'step') return decision;
  const { advice: _, ...bare } = decision;
  return advice.length === 0 ? bare : { ...bare, advice };
}

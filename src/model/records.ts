// SPDX-License-Identifier: Apache-2.0
import type { AsideFacts, DataFacts, UnreadableFile } from './disk.ts';
import type { EnsembleConfig } from './member.ts';

export interface ClaimOwner {
  readonly instance: string;
  readonly address: string;
  /** The address belongs to the id and not to the instance. */
  readonly slot?: true;
}

/**
 * One generation of the claim on an id; the highest one owns the id. Ages are by the service's clock, in milliseconds.
 */
export interface Claim {
  readonly id: number;
  readonly generation: number;
  /**
   * `undefined`: created, but the owner is not known yet. `void`: given up without an owner after 15 minutes.
   * `released`: the holder of a slot gave it back. `unreadable`: the object can't be understood, so the id belongs to
   * somebody.
   */
  readonly owner: ClaimOwner | 'void' | 'released' | 'unreadable' | undefined;
  /** Why the object can't be understood, as the end of a sentence. */
  readonly why?: string;
  readonly ageMs: number;
  /** The list of streams does not show this claim: it lags, or the stream was deleted. */
  readonly unlisted?: true;
}

export interface RecordMember {
  readonly id: number;
  readonly generation: number;
  readonly instance: string;
  readonly address: string;
}

/** `lineage/000001.json` and its successors. Each is created once and never changed. */
export type LineageRecord = GenesisRecord | ForcedRecord;

export interface GenesisRecord {
  readonly kind: 'genesis';
  readonly number: number;
  /** The members of the first ensemble, lowest ids first. */
  readonly members: readonly RecordMember[];
  /** The instances that had fenced themselves for this record; empty in record 1. */
  readonly fenced: readonly string[];
  /** Only an ensemble whose epoch is above this one belongs to the record. */
  readonly epochFloor: number;
}

export interface ForcedRecord {
  readonly kind: 'forced';
  readonly number: number;
  readonly owner: RecordMember;
  /** The EBS volume on which the owner founds (Disk 3). Absent when it is unknown. */
  readonly volume?: string;
  readonly fenced: readonly string[];
  readonly epochFloor: number;
  readonly source: DataSource;
}

/** Where the data of a forced record comes from: the owner's `version-2`, or data it had set aside. */
interface DataSource {
  readonly lineage: number;
  readonly aside?: string;
}

/**
 * What a report binds its node to. The node stands still, with these facts, until the outcome of one proposal is known.
 */
export type Binding =
  | {
      readonly kind: 'proposes';
      readonly record: LineageRecord;
      /**
       * The facts that the proposal relies on, by instance: for each node that the record names, except the proposer.
       */
      readonly relied: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'answers';
      /** The number of the proposed record. */
      readonly record: number;
      readonly proposer: string;
      /** The serial of the report that proposes. */
      readonly proposal: string;
    };

/** `lineage/000001/started/<id>.json`: the node is about to start for the first time. Its disk holds this nonce. */
export interface Announcement {
  readonly record: number;
  readonly id: number;
  readonly nonce: string;
}

/**
 * `lineage/000001/gone/<id>-at-<address>-<nonce>.json`: a person's word that the server of a member which
 * nobody claimed is gone for good (docs/protocol.md, "Recovery 11").
 */
export interface GoneMember {
  /** The newest record when the word was given. The word counts under no other one. */
  readonly record: number;
  readonly id: number;
  readonly address: string;
  /** The highest current epoch that was reported then. A later epoch shows that the server has served since. */
  readonly epoch: number;
  /** The instances of ours behind the other voters that were left. No quorum was possible without one of them. */
  readonly left: readonly string[];
  /** Those of ours that could not vote, and were not gone for good. Absent when there were none. */
  readonly unable?: readonly string[];
}

/** `reports/<instance>.json`: what a node without quorum knows. It counts only for the record that it names. */
export interface Report {
  readonly instance: string;
  readonly id?: number;
  readonly address: string;
  /** The record that was the newest when the report was written. */
  readonly record: number;
  readonly fenced: boolean;
  readonly canVote: boolean;
  /** The lineage in the stamp of the data. Absent when there is no stamp. */
  readonly lineage?: number;
  /** The EBS volume that holds the data. Absent when it is unknown. */
  readonly volume?: string;
  readonly data?: DataFacts;
  readonly config?: EnsembleConfig;
  readonly pending?: EnsembleConfig;
  readonly aside: readonly AsideFacts[];
  /** What keeps the node from voting, if the data alone does not show it. */
  readonly obstacle?: string;
  /** Files on the node's disk that can't be read. They are unknown, so not absent. */
  readonly unreadable?: readonly UnreadableFile[];
}

/** A report as found. Each writing has a serial of its own. The age is by the service's clock, in milliseconds. */
export interface FoundReport {
  readonly report: Report;
  readonly serial: string;
  readonly ageMs: number;
  /** Absent in reports of the release before. The agents of that release can't answer a proposal. */
  readonly format?: number;
  /** The serial under which these facts were first written. Absent when it is the report's own. */
  readonly facts?: string;
  readonly binds?: Binding;
}

/**
 * An object about an instance that is there but can't be understood. By a report: what its node knows, and is bound to,
 * is unknown. By a note of a death: whether the instance is dead is unknown.
 */
export interface UnreadableObject {
  readonly instance: string;
  readonly key: string;
  readonly why: string;
}

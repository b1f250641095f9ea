// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from '../errors.ts';

/** A fact that may be unknown. Unknown is never absent: an error or an empty answer proves nothing. */
export type Known<T> = { readonly known: true; readonly value: T } | Unknown;

/**
 * `code` and `next` are for people. They are set if the failure that left the fact unknown has them; a decision only
 * passes them on.
 */
export interface Unknown {
  readonly known: false;
  readonly why: string;
  readonly code?: ErrorCode;
  readonly next?: string;
}

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

export function unknown(why: string, error?: { readonly code: ErrorCode; readonly next: string }): Unknown {
  return error === undefined ? { known: false, why } : { known: false, why, code: error.code, next: error.next };
}

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

/** One instance as EC2 describes it. A terminated instance loses its address and tags. */
export interface InstanceFact {
  readonly instance: string;
  readonly state: InstanceState;
  readonly address?: string;
  /** Its tag `zookeeper_names`: which names the nodes of its cluster keep. */
  readonly names?: string;
}

/** By what a slot keeps its address. */
export type SlotKind = 'elastic-ip';

/** A slot: an id with an address that stays. The stack makes it, and tags it with the cluster and the id. */
export interface SlotFact {
  readonly id: number;
  readonly address: string;
  /** AWS's own name for the address, by which it is attached. */
  readonly allocation: string;
  /** The instance that has the address now. Absent when none has it. */
  readonly instance?: string;
}

/** The Auto Scaling group as it describes itself. */
export interface GroupFact {
  readonly name: string;
  readonly desired: number;
  readonly maximum: number;
  readonly instances: readonly { readonly instance: string; readonly lifecycleState: string }[];
  readonly maintenance: boolean;
  readonly suspended: readonly string[];
}

/**
 * What is known of an instance's life, by "gone for good" of docs/protocol.md. An instance in `shutting-down` still
 * runs: its member may be removed, but its id may not pass on.
 */
export type Life = 'alive' | 'shutting-down' | 'gone' | 'unknown';

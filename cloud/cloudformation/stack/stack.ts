// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Struct } from '../../value.ts';
import type { ChangeSet } from '../changes/change-set.ts';
import type { SignalBox } from '../policies/signals.ts';
import type { Tag } from '../resources/handler.ts';
import type { ResourceDeclaration } from '../template/declarations.ts';
import type { Blueprint } from './blueprint.ts';

export type Phase = 'CREATE' | 'UPDATE' | 'DELETE';
type ResourceStatus = `${Phase}_${'IN_PROGRESS' | 'COMPLETE' | 'FAILED'}` | 'DELETE_SKIPPED';

/** A resource of a stack in the last state that was applied. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  declaration: ResourceDeclaration;
  /** Undefined until there is something to delete. */
  physicalId: string | undefined;
  properties: Struct;
  attributes: Struct;
  tags: readonly Tag[];
  /** The logical ids of the resources that it needs. */
  needs: ReadonlySet<string>;
  status: ResourceStatus;
  reason: string | undefined;
  changedAtMs: number;
  readonly memory: Map<string, unknown>;
}

export interface StackEvent {
  readonly id: string;
  readonly atMs: number;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly properties: Struct | undefined;
  readonly token: string | undefined;
}

/** An operation on a stack, and its caller. */
export interface StackOperation {
  readonly caller: string;
  readonly token: string | undefined;
  /** Set when the stack is deleted during its creation. Then there is nothing to roll back. */
  superseded: boolean;
  /** Stops the steps in progress. */
  readonly cancel: () => void;
  /** Resolves when the operation has ended, with success or failure. */
  readonly ended: Promise<void>;
  /** The boxes of the resources that may now get signals. */
  readonly signals: Map<string, SignalBox>;
}

export interface StackOutput {
  readonly key: string;
  readonly value: string;
  readonly description: string | undefined;
}

const STACK_TYPE = 'AWS::CloudFormation::Stack';

/** One stack with its whole history. */
export class Stack {
  readonly name: string;
  readonly id: string;
  readonly createdAtMs = Date.now();
  readonly resources = new Map<string, StackResource>();
  readonly changeSets = new Map<string, ChangeSet>();
  /** Oldest first. */
  readonly events: StackEvent[] = [];
  outputs: readonly StackOutput[] = [];
  status = 'REVIEW_IN_PROGRESS';
  reason: string | undefined;
  updatedAtMs: number | undefined;
  deletedAtMs: number | undefined;
  blueprint: Blueprint | undefined;
  operation: StackOperation | undefined;
  /** The tokens of requests that started an operation. A repeated request with the same token gets the same answer. */
  readonly tokens = new Set<string>();
  lastChangeSet: string | undefined;
  disableRollback = false;
  terminationProtection = false;
  readonly #listeners = new Set<() => void>();

  constructor(name: string, region: string, account: string) {
    this.name = name;
    this.id = `arn:aws:cloudformation:${region}:${account}:stack/${name}/${randomUUID()}`;
  }

  get isDeleted(): boolean {
    return this.status === 'DELETE_COMPLETE';
  }

  get isBusy(): boolean {
    return this.status.endsWith('_IN_PROGRESS') && this.status !== 'REVIEW_IN_PROGRESS';
  }

  setStatus(status: string, reason?: string): void {
    this.status = status;
    this.reason = reason;
    this.#record({
      logicalId: this.name,
      physicalId: this.id,
      type: STACK_TYPE,
      status,
      reason,
      properties: undefined,
    });
  }

  setResource(resource: StackResource, status: ResourceStatus, reason?: string): void {
    resource.status = status;
    resource.reason = reason;
    resource.changedAtMs = Date.now();
    const { logicalId, type, physicalId = '', properties } = resource;
    this.#record({ logicalId, physicalId, type, status, reason, properties });
  }

  /** Calls `listener` for every event. Returns the function that ends this. */
  onEvent(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #record(event: Omit<StackEvent, 'id' | 'atMs' | 'token'>): void {
    // Two events in the same millisecond keep their order.
    const atMs = Math.max(Date.now(), (this.events.at(-1)?.atMs ?? 0) + 1);
    const id =
      event.type === STACK_TYPE ? randomUUID() : `${event.logicalId}-${event.status}-${new Date(atMs).toISOString()}`;
    this.events.push({ ...event, id, atMs, token: this.operation?.token });
    for (const listener of this.#listeners) listener();
  }
}

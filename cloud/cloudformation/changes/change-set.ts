// SPDX-License-Identifier: Apache-2.0
import type { Blueprint } from '../stack/blueprint.ts';
import type { PlannedResourceChange } from './planned-change.ts';

type ChangeSetStatus = 'CREATE_PENDING' | 'CREATE_COMPLETE' | 'FAILED' | 'DELETE_COMPLETE';
type ExecutionStatus =
  | 'UNAVAILABLE'
  | 'AVAILABLE'
  | 'EXECUTE_IN_PROGRESS'
  | 'EXECUTE_COMPLETE'
  | 'EXECUTE_FAILED'
  | 'OBSOLETE';

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly type: 'CREATE' | 'UPDATE';
  readonly description: string | undefined;
  readonly createdAtMs: number;
  readonly blueprint: Blueprint;
  readonly onStackFailure: string | undefined;
  status: ChangeSetStatus;
  executionStatus: ExecutionStatus;
  reason: string | undefined;
  changes: readonly PlannedResourceChange[];
}

export const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

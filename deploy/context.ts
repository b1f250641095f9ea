// SPDX-License-Identifier: Apache-2.0
/** The input that every part of a deployment gets. */

import type { AwsClients } from '../tools/aws-clients.ts';
import type { Terminal } from '../tools/terminal.ts';

export interface DeployContext {
  readonly aws: AwsClients;
  readonly terminal: Terminal;
  /** Ends the deployment, but not CloudFormation's operation. */
  readonly signal: AbortSignal;
  readonly waits: Waits;
  /** The time, in milliseconds since 1970. */
  readonly nowMs: () => number;
}

interface Waits {
  /** The pause between two looks at a stack or a change set. */
  readonly pollMs: number;
  /** The limit for CloudFormation to make a change set. */
  readonly changeSetMs: number;
  /** The limit for one operation on a stack. CloudFormation's own timeouts for each node end far sooner. */
  readonly operationMs: number;
}

export const DEFAULT_WAITS: Waits = { pollMs: 2_000, changeSetMs: 300_000, operationMs: 12 * 3_600_000 };

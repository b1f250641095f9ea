// SPDX-License-Identifier: Apache-2.0
/** What every part of a deployment is handed. */

import type { AwsClients } from '../tools/aws-clients.ts';
import type { Terminal } from '../tools/terminal.ts';

export interface DeployContext {
  readonly aws: AwsClients;
  readonly terminal: Terminal;
  /** Ends the deployment, not what CloudFormation is doing. */
  readonly signal: AbortSignal;
  readonly waits: Waits;
}

interface Waits {
  /** Between two looks at a stack or a change set. */
  readonly pollMs: number;
  /** For CloudFormation to make a change set. */
  readonly changeSetMs: number;
  /** For one operation on a stack; its own timeouts for each node end far sooner. */
  readonly operationMs: number;
}

export const DEFAULT_WAITS: Waits = { pollMs: 2_000, changeSetMs: 300_000, operationMs: 12 * 3_600_000 };

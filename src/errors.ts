// SPDX-License-Identifier: Apache-2.0
import { ExplainedError } from '../tools/explained-error.ts';

/**
 * Errors for people: what happened to which node, and what the operator does next. Each code has its section in
 * docs/runbook.md; a test compares the two.
 */
export const ERROR_CODES = [
  'BAD_ARGUMENT',
  'BAD_SETTINGS',
  'BAD_DYNAMIC_FILE',
  'BAD_DATA_DIRECTORY',
  'BAD_OBJECT',
  'DATA_OF_ANOTHER_CLUSTER',
  'DATA_WITHOUT_STAMP',
  'NO_SPACE',
  'NO_METADATA',
  'NO_CREDENTIALS',
  'NO_GROUP',
  'AWS_UNAVAILABLE',
  'AWS_DENIED',
  'AWS_REFUSED',
  'NOT_READY_IN_TIME',
  'NOT_GONE',
  'DECLINED',
  'SERVER_DID_NOT_START',
  'SERVER_DID_NOT_STOP',
  'FENCED',
  'ZOOKEEPER_UNAVAILABLE',
  'HOOK_ENDS_SOON',
  'NOT_AUTHORIZED',
  'PRECONDITION_CHANGED',
  'INTERRUPTED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export class AgentError extends ExplainedError<ErrorCode> {
  override readonly name = 'AgentError';
}

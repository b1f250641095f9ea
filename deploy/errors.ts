// SPDX-License-Identifier: Apache-2.0
/** Errors for people who deploy: what happened, what to do next, and a stable code with its exit code for scripts. */
import { ExplainedError } from '../tools/explained-error.ts';

/** Each code with the exit code of deploy.sh. */
export const EXIT_CODES = {
  /** The options, or what they name in AWS, are wrong. Nothing was changed. */
  BAD_INPUT: 2,
  /** A question was answered with no, or there was nobody to ask. */
  DECLINED: 3,
  /** The stack is being changed by somebody else in a way that can't be followed. */
  STACK_BUSY: 4,
  INTERRUPTED: 130,
  NO_CREDENTIALS: 1,
  AWS_DENIED: 1,
  /** AWS refused a call for another reason than missing permissions. */
  AWS_REFUSED: 1,
  AWS_UNAVAILABLE: 1,
  /** cfn-lint found something in the template. */
  LINT_FAILED: 1,
  /** CloudFormation could not make the change set. */
  CHANGE_SET_FAILED: 1,
  /** The stack stands, but in a state from which it can't be updated. */
  STACK_UNUSABLE: 1,
  DEPLOYMENT_FAILED: 1,
  DELETION_FAILED: 1,
  /** What a deleted stack left behind could not be removed, or not all of it. */
  LEFTOVERS_REMAIN: 1,
  /** Followed for as long as we follow; the stack goes on. */
  NOT_DONE_IN_TIME: 1,
  INTERNAL: 1,
} as const;

type DeployCode = keyof typeof EXIT_CODES;

export class DeployError extends ExplainedError<DeployCode> {
  override readonly name = 'DeployError';
}

export function exitCodeOf(error: DeployError): number {
  return EXIT_CODES[error.code];
}

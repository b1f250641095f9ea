// SPDX-License-Identifier: Apache-2.0
/** Errors for people who deploy: what happened, what to do next, and a stable code with its exit code for scripts. */
import { ExplainedError } from '../tools/explained-error.ts';

/** Each code with the exit code of deploy.sh. */
export const EXIT_CODES = {
  /** The options are wrong, or something that they name in AWS. Nothing was changed. */
  BAD_INPUT: 2,
  /** The answer to a question was no, or no person could be asked. */
  DECLINED: 3,
  /** Somebody else is changing the stack in a way that can't be followed. */
  STACK_BUSY: 4,
  INTERRUPTED: 130,
  NO_CREDENTIALS: 1,
  AWS_DENIED: 1,
  /** AWS refused a call, and not because of missing permissions. */
  AWS_REFUSED: 1,
  AWS_UNAVAILABLE: 1,
  /** cfn-lint found a problem in the template. */
  LINT_FAILED: 1,
  /** CloudFormation could not make the change set. */
  CHANGE_SET_FAILED: 1,
  /** The stack exists, but in a state from which it can't be updated. */
  STACK_UNUSABLE: 1,
  DEPLOYMENT_FAILED: 1,
  DELETION_FAILED: 1,
  /** What a deleted stack left behind could not be removed, or not all of it. */
  LEFTOVERS_REMAIN: 1,
  /** The time limit of following is over; the operation on the stack goes on. */
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

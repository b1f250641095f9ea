// SPDX-License-Identifier: Apache-2.0
/** Errors for people who make images: what happened, what to do next, and a stable code with its exit code. */
import { DeployError } from '../deploy/errors.ts';
import { ExplainedError } from '../tools/explained-error.ts';

/** Each code with the exit code of build.sh; 2 and 130 have the same meaning as in deploy.sh. */
export const EXIT_CODES = {
  /** The options are wrong, or something that they name on this machine or in AWS. Nothing was launched. */
  BAD_INPUT: 2,
  INTERRUPTED: 130,
  /** A program that a bake needs is missing, or too old. */
  MISSING_TOOL: 1,
  /** ZooKeeper's archive does not have the expected digest. */
  WRONG_CHECKSUM: 1,
  COMPILATION_FAILED: 1,
  NO_CREDENTIALS: 1,
  AWS_DENIED: 1,
  /** AWS refused a call, and not because of missing permissions. */
  AWS_REFUSED: 1,
  AWS_UNAVAILABLE: 1,
  /** A disk is full: on the instance of the bake, or on this machine. */
  DISK_FULL: 1,
  BAKE_FAILED: 1,
  /** The bake failed, and some of its resources are still in AWS. */
  LEFTOVERS_REMAIN: 1,
  INTERNAL: 1,
} as const;

export type BakeCode = keyof typeof EXIT_CODES;

export class BakeError extends ExplainedError<BakeCode> {
  override readonly name = 'BakeError';
}

/** The error to show for any failure. */
export function bakeErrorOf(error: unknown): BakeError {
  if (error instanceof BakeError) return error;
  if (error instanceof DeployError) return ofAws(error);
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return new BakeError('DISK_FULL', `The disk of this machine is full (${error.message}).`, 'Make room here.', error);
  }
  const message = error instanceof Error ? error.message : String(error);
  const next = 'This is a mistake in the program: please report it with these lines.';
  return new BakeError('INTERNAL', message, next, error);
}

/** Calls to AWS go through deploy/aws.ts, which explains their failures. */
function ofAws(error: DeployError): BakeError {
  switch (error.code) {
    case 'AWS_DENIED': {
      const next = 'Compare your permissions with those that docs/building.md lists for a person who builds.';
      return new BakeError('AWS_DENIED', error.message, next, error);
    }
    case 'BAD_INPUT':
    case 'NO_CREDENTIALS':
    case 'AWS_REFUSED':
    case 'AWS_UNAVAILABLE':
      return new BakeError(error.code, error.message, error.next, error);
    default:
      return new BakeError('INTERNAL', error.message, error.next, error);
  }
}

export function exitCodeOf(error: BakeError): number {
  return EXIT_CODES[error.code];
}

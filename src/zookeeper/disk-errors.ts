// SPDX-License-Identifier: Apache-2.0
import { AgentError } from '../errors.ts';
import { FREE_SPACE } from '../model/advice.ts';

const FULL: readonly string[] = ['ENOSPC', 'EDQUOT'];

/** Runs the action. An error of the file system becomes one for people: NO_SPACE or BAD_DATA_DIRECTORY. */
export async function explained<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw isSystemError(error) ? explain(error) : error;
  }
}

const CAN_NOT_BE_READ: readonly string[] = ['EACCES', 'EIO', 'EISDIR', 'ELOOP'];

/** Whether the file is there, but can't be read. It can still be moved. */
export function isUnreadable(error: unknown): boolean {
  return isSystemError(error) && CAN_NOT_BE_READ.includes(error.code ?? '');
}

function explain(error: NodeJS.ErrnoException): AgentError {
  if (FULL.includes(error.code ?? '')) {
    const message = `The disk is full: ${error.message}.`;
    return new AgentError('NO_SPACE', message, FREE_SPACE, error);
  }
  return new AgentError(
    'BAD_DATA_DIRECTORY',
    `The node's directories cannot be used: ${error.message}.`,
    'Check that the disk is mounted and that the directory belongs to the user of the server.',
    error,
  );
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

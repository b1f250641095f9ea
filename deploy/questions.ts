// SPDX-License-Identifier: Apache-2.0
/** Questions before an action that can't be undone. */

import type { Terminal } from '../tools/terminal.ts';
import { DeployError } from './errors.ts';

interface Question {
  readonly text: string;
  /** The text that the person must type. With any other answer, or when nobody can answer, the action is declined. */
  readonly expected: string;
  /** The flag, or flags, that answer the question in advance. */
  readonly flags: string;
  readonly answered: boolean;
}

/** Resolves when the answer is yes, otherwise rejects with DECLINED. */
export async function confirm(terminal: Terminal, question: Question, signal: AbortSignal): Promise<void> {
  const { text, expected, flags, answered } = question;
  if (answered) return;
  if (!terminal.interactive) {
    throw new DeployError('DECLINED', `${text} There is no terminal to ask on.`, `${flags} answers it beforehand.`);
  }
  const answer = await terminal.ask(`${text} Type ${expected} to go on:`, signal);
  if (answer === expected) return;
  throw new DeployError(
    'DECLINED',
    'Nothing was changed: the answer was not yes.',
    `Run this again, or give ${flags}.`,
  );
}

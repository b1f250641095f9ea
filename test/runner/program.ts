// SPDX-License-Identifier: Apache-2.0
/** A check that is one program: its exit code is the verdict, and its output is shown when it is a bad one. */
import { outcomeOf } from '../../tools/program.ts';
import { failure } from './report.ts';
import { type Counts, noTests } from './stages.ts';

const LIMIT_MS = 3_600_000;

/** Counts as one test. */
export async function checkWith(root: string, words: readonly string[], signal: AbortSignal): Promise<Counts> {
  const [program = '', ...rest] = words;
  try {
    // The stage has a limit of its own, which the signal tells.
    const { code, stdout, stderr } = await outcomeOf(program, rest, { directory: root, signal, limitMs: LIMIT_MS });
    if (code === 0) return { ...noTests, passed: 1 };
    failure(words.join(' '), `${stdout}${stderr}`.trim());
  } catch (error) {
    failure(words.join(' '), error);
  }
  return { ...noTests, failed: 1 };
}

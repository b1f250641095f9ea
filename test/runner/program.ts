/** A check that is one program: its exit code is the verdict, and its output is shown when it is a bad one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { failure } from './report.ts';
import { type Counts, noTests } from './stages.ts';

export async function runProgram(root: string, words: readonly string[], signal: AbortSignal): Promise<Counts> {
  const [program = '', ...rest] = words;
  const child = spawn(program, rest, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], signal });
  try {
    const [[code], out, err] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
    if (code === 0) return { ...noTests, passed: 1 };
    failure(words.join(' '), `${out}${err}`.trim());
  } catch (error) {
    failure(words.join(' '), error);
  }
  return { ...noTests, failed: 1 };
}

// SPDX-License-Identifier: Apache-2.0
/** The commit that an executable is made from, as it is told by `zk-agent --version`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../tools/program.ts';

const LENGTH = 12;
/** What goes into the executable; a change elsewhere does not make it another one. */
const INPUTS = ['src', 'tools/explained-error.ts', 'build', 'package.json', 'package-lock.json'];

/** `77add03f1c2e`, with `+changes` when an input is not as committed; `unknown` without git or outside of a checkout. */
export async function sourceRevision(root: string): Promise<string> {
  // An unpacked archive may lie inside of another checkout, whose commit says nothing.
  if (!existsSync(join(root, '.git'))) return 'unknown';
  try {
    const head = await runProgram('git', ['-C', root, 'rev-parse', 'HEAD']);
    const changes = await runProgram('git', ['-C', root, 'status', '--porcelain', '--', ...INPUTS]);
    return `${head.slice(0, LENGTH)}${changes === '' ? '' : '+changes'}`;
  } catch {
    return 'unknown';
  }
}

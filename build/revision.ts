// SPDX-License-Identifier: Apache-2.0
/** The commit of an executable, as `zk-agent --version` prints it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../tools/program.ts';

const LENGTH = 12;
/** The inputs of the executable. A change elsewhere gives the same executable. */
const INPUTS = ['src', 'tools/explained-error.ts', 'build', 'package.json', 'package-lock.json'];

/**
 * `77add03f1c2e`, with `+changes` when an input has uncommitted changes; `unknown` without git or outside of a
 * checkout.
 */
export async function sourceRevision(root: string): Promise<string> {
  // An unpacked archive may be inside another checkout, whose commit is unrelated.
  if (!existsSync(join(root, '.git'))) return 'unknown';
  try {
    const head = await runProgram('git', ['-C', root, 'rev-parse', 'HEAD']);
    const changes = await runProgram('git', ['-C', root, 'status', '--porcelain', '--', ...INPUTS]);
    return `${head.slice(0, LENGTH)}${changes === '' ? '' : '+changes'}`;
  } catch {
    return 'unknown';
  }
}

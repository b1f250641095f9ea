/** The commit that an executable is made from, as it is told by `zk-agent --version`. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const LENGTH = 12;
/** What goes into the executable; a change elsewhere does not make it another one. */
const INPUTS = ['src', 'build', 'package.json', 'package-lock.json'];
const execute = promisify(execFile);

/** `77add03f1c2e`, with `+changes` when an input is not as committed; `unknown` without git or outside of a checkout. */
export async function sourceRevision(root: string): Promise<string> {
  // An unpacked archive may lie inside of another checkout, whose commit says nothing.
  if (!existsSync(join(root, '.git'))) return 'unknown';
  try {
    const { stdout: head } = await execute('git', ['-C', root, 'rev-parse', 'HEAD']);
    const { stdout: changes } = await execute('git', ['-C', root, 'status', '--porcelain', '--', ...INPUTS]);
    return `${head.slice(0, LENGTH)}${changes === '' ? '' : '+changes'}`;
  } catch {
    return 'unknown';
  }
}

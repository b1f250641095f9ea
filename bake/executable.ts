/** The agent's executable for the image, as `npm run package` makes it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Architecture } from '../cf/template-options.ts';
import type { Terminal } from '../deploy/terminal.ts';
import { BakeError } from './errors.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface CompiledAgent {
  /** Absolute path. */
  readonly executable: string;
  /** What it prints for `--version`. */
  readonly version: string;
  readonly commit: string;
}

/** Rejects with COMPILATION_FAILED. */
export async function compileAgent(
  architecture: Architecture,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<CompiledAgent> {
  const arch = architecture === 'arm64' ? 'arm64' : 'x64';
  terminal.progress('Compiling the agent');
  try {
    await run('npm', ['run', '--silent', 'package', '--', '--arch', arch], { cwd: ROOT, signal });
    const executable = `${ROOT}dist/zk-agent-linux-${arch}`;
    const { stdout } = await run(executable, ['--version'], { signal });
    return { executable, version: stdout.trim(), commit: 'unknown' };
  } catch (error) {
    signal.throwIfAborted();
    const message = `The agent could not be compiled: ${error instanceof Error ? error.message : String(error)}`;
    throw new BakeError('COMPILATION_FAILED', message, 'Correct what it names, then run this again.', error);
  } finally {
    terminal.progress();
  }
}

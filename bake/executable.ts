// SPDX-License-Identifier: Apache-2.0
/** The agent's executable for the image, made as by `npm run package`. */
import { constants, copyFile } from 'node:fs/promises';
import { packageAgent } from '../build/package.ts';
import { runnerFor } from '../build/target.ts';
import type { Architecture } from '../cf/template-options.ts';
import { formatVersion, type Version } from '../src/version.ts';
import { runProgram } from '../tools/program.ts';
import type { Terminal } from '../tools/terminal.ts';
import { BakeError } from './errors.ts';

const ANSWER_LIMIT_MS = 60_000;

export interface CompiledAgent {
  /** Absolute path. */
  readonly executable: string;
  readonly version: string;
  readonly commit: string;
  /** The output of its `--version`. */
  readonly answer: string;
}

/**
 * Quick when nothing has changed. With `copy`, the executable is a copy at that path, which does not change when the
 * sources are compiled again meanwhile. Rejects with COMPILATION_FAILED.
 */
export async function compileAgent(
  architecture: Architecture,
  terminal: Terminal,
  signal: AbortSignal,
  copy?: string,
): Promise<CompiledAgent> {
  const target = architecture === 'arm64' ? 'arm64' : 'x64';
  terminal.progress('Compiling the agent');
  try {
    const made = await packageAgent({ architecture: target, progress: (line) => terminal.line(line, 'dim') });
    signal.throwIfAborted();
    const executable = copy ?? made;
    if (copy !== undefined) await copyFile(made, copy, constants.COPYFILE_FICLONE);
    const [program = '', ...words] = [...(await runnerFor(target)), executable, '--version', '--json'];
    const told = JSON.parse(await runProgram(program, words, { signal, limitMs: ANSWER_LIMIT_MS })) as Version;
    return { executable, version: told.version, commit: told.commit, answer: formatVersion(told) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw error;
    const why = error instanceof Error ? error.message : String(error);
    const next = 'Correct what it names, then run this again. Nothing was launched.';
    throw new BakeError('COMPILATION_FAILED', `The agent could not be compiled: ${why}`, next, error);
  } finally {
    terminal.progress();
  }
}

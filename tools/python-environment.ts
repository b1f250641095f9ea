// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { holdLock } from './file-lock.ts';
import { type ProgramOptions, runProgram } from './program.ts';

/** One sentence about the current work. `done`, where known, is the finished part, between 0 and 1. */
export type Progress = (sentence: string, done?: number) => void;

interface PythonEnvironment {
  /** The place of the environment. It is made complete beside this place, then renamed. */
  readonly directory: string;
  /** A pip requirements file in which every version is pinned. */
  readonly requirements: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

const INSTALL_LIMIT_MS = 600_000;
const STAMP = 'requirements.sha256';

/**
 * Makes a private Python virtual environment, or finds one that was made for exactly these requirements. Returns the
 * path of its interpreter. If two processes do this at once, the second waits and uses the result of the first.
 */
export async function pythonEnvironment(environment: PythonEnvironment): Promise<string> {
  const { directory, progress } = environment;
  const wanted = await readFile(environment.requirements, 'utf8');
  const stamp = createHash('sha256').update(wanted).digest('hex');
  if (await isComplete(directory, stamp)) return interpreter(directory);
  const partial = `${directory}.partial-${randomUUID()}`;
  const limit = AbortSignal.timeout(INSTALL_LIMIT_MS);
  const signal = environment.signal ? AbortSignal.any([environment.signal, limit]) : limit;
  await mkdir(dirname(directory), { recursive: true });
  // An environment that another process already uses must not be replaced.
  await using _lock = await holdLock(`${directory}.lock`, signal);
  if (await isComplete(directory, stamp)) return interpreter(directory);
  try {
    progress?.('making a Python environment', 0);
    await runProgram('python3', ['-m', 'venv', partial], { signal, limitMs: INSTALL_LIMIT_MS });
    await install(partial, environment.requirements, wanted, progress, { signal, limitMs: INSTALL_LIMIT_MS });
    await writeFile(join(partial, STAMP), stamp);
    await moveIntoPlace(partial, directory);
    progress?.('the Python environment is ready', 1);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return interpreter(directory);
}

function interpreter(directory: string): string {
  return join(directory, 'bin', 'python');
}

async function isComplete(directory: string, stamp: string): Promise<boolean> {
  try {
    // The interpreter is a link to the system's interpreter, which an upgrade may have removed.
    await access(interpreter(directory));
    return (await readFile(join(directory, STAMP), 'utf8')) === stamp;
  } catch {
    return false;
  }
}

async function install(
  partial: string,
  requirements: string,
  wanted: string,
  progress: Progress | undefined,
  limits: ProgramOptions,
): Promise<void> {
  const total = wanted.split('\n').filter((line) => /^[a-z]/i.test(line)).length;
  let collected = 0;
  const options = ['--disable-pip-version-check', '--no-input', '--no-compile', '--progress-bar', 'off'];
  // Downloads take most of the time; the last tenth is for writing the files.
  const onLine = (line: string): void => {
    const name = /^Collecting ([^\s=<>[]+)/.exec(line)?.[1];
    if (name !== undefined) {
      collected += 1;
      progress?.(`fetching ${name}`, Math.min(0.9, (0.9 * collected) / total));
    } else if (line.startsWith('Installing collected')) {
      progress?.('writing the Python packages', 0.9);
    }
  };
  // The file has the hashes of every package, so pip refuses anything else that an index returns.
  const words = ['-m', 'pip', 'install', ...options, '--require-hashes', '-r', requirements];
  await runProgram(interpreter(partial), words, { ...limits, onLine });
}

/** A directory can't replace another that is not empty, so an outdated one is moved aside first. */
async function moveIntoPlace(partial: string, directory: string): Promise<void> {
  const aside = `${partial}.old`;
  try {
    await rename(directory, aside);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  try {
    await rename(partial, directory);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

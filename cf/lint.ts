// SPDX-License-Identifier: Apache-2.0
/** cfn-lint: checks a template for mistakes that CloudFormation, or a reviewer, would find. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outcomeOf, ProgramError, type ProgramOutcome } from '../tools/program.ts';
import { type Progress, pythonEnvironment } from '../tools/python-environment.ts';

const VERSION = '1.58.0';
const DIRECTORY = fileURLToPath(new URL(`../.cache/cfn-lint-${VERSION}`, import.meta.url));
const LIMIT_MS = 180_000;
/** The exit code of a shell, or of a version manager's placeholder, when the program does not exist. */
const NOT_FOUND = 127;

interface LintResult {
  readonly installed: boolean;
  /** Errors and warnings, one sentence each, with the place in the template. Empty when there are none. */
  readonly findings: readonly string[];
}

interface Finding {
  readonly Filename: string | null;
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

/** Makes a private environment with the pinned cfn-lint; quick when it exists. */
export async function installCfnLint(options: { progress?: Progress; signal?: AbortSignal } = {}): Promise<void> {
  const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
  await pythonEnvironment({ directory: DIRECTORY, requirements, ...options });
}

/**
 * Checks the text of a template, JSON or YAML. It uses the project's own cfn-lint where it is installed, otherwise the
 * one on the PATH. Rejects when cfn-lint is there but does not work.
 */
export function lintTemplate(template: string, signal?: AbortSignal): Promise<LintResult> {
  return run([], template, signal);
}

/** The same for files, in one run. Each finding begins with its file. */
export function lintFiles(files: readonly string[], signal?: AbortSignal): Promise<LintResult> {
  return run(['--', ...files], '', signal);
}

async function run(files: readonly string[], input: string, signal: AbortSignal | undefined): Promise<LintResult> {
  const [program, ...words] = await command();
  const outcome = await ended(program, [...words, '--format', 'json', ...files], input, signal);
  if (outcome === undefined || outcome.code === NOT_FOUND) return { installed: false, findings: [] };
  const findings = findingsOf(outcome).map(({ Filename, Rule, Message, Location }) => {
    const place = Location.Path?.join('/') ?? '';
    return `${files.length === 0 ? '' : `${Filename ?? ''} `}${Rule.Id} ${place}: ${Message}`;
  });
  return { installed: true, findings };
}

/** Undefined when the program does not exist. */
async function ended(program: string, words: readonly string[], input: string, signal: AbortSignal | undefined) {
  const options = { input, limitMs: LIMIT_MS, ...(signal === undefined ? {} : { signal }) };
  return outcomeOf(program, words, options).catch((error: unknown) => {
    if (error instanceof ProgramError && error.missing) return undefined;
    throw error;
  });
}

/** The start script of a moved environment contains the old path. So Python runs the entry point instead. */
async function command(): Promise<readonly [string, ...string[]]> {
  const python = join(DIRECTORY, 'bin', 'python');
  try {
    await access(python);
    return [python, '-c', 'from cfnlint.runner import main; main()'];
  } catch {
    return ['cfn-lint'];
  }
}

function findingsOf({ stdout, stderr, code }: ProgramOutcome): readonly Finding[] {
  try {
    return JSON.parse(stdout) as readonly Finding[];
  } catch (cause) {
    const said = (stderr || stdout).trim().split('\n').at(-1) ?? '';
    throw new Error(`cfn-lint could not look at the template (exit code ${code}): ${said}`, { cause });
  }
}

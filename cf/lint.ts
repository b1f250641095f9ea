/** cfn-lint: looks at a template for what CloudFormation, or a reviewer, would object to. */
import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Progress, pythonEnvironment } from '../lab/python.ts';

const VERSION = '1.58.0';
const DIRECTORY = fileURLToPath(new URL(`../.cache/cfn-lint-${VERSION}`, import.meta.url));
const LIMIT_MS = 180_000;
/** What a shell, or a version manager's stand-in, answers for a program that is not there. */
const NOT_FOUND = 127;

export interface LintResult {
  readonly installed: boolean;
  /** Errors and warnings, one sentence each, with the place in the template; empty when there are none. */
  readonly findings: readonly string[];
}

interface Finding {
  readonly Filename: string | null;
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

/** Makes a private environment with the pinned cfn-lint; quick when it is there. */
export async function installCfnLint(options: { progress?: Progress; signal?: AbortSignal } = {}): Promise<void> {
  const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
  await pythonEnvironment({ directory: DIRECTORY, requirements, ...options });
}

/**
 * Looks at the text of a template, JSON or YAML, with our own cfn-lint where it is installed, or else the one on the
 * PATH. Rejects when cfn-lint is there but does not work.
 */
export function lintTemplate(template: string, signal?: AbortSignal): Promise<LintResult> {
  return run([], template, signal);
}

/** The same for files, in one run; each finding begins with its file. */
export function lintFiles(files: readonly string[], signal?: AbortSignal): Promise<LintResult> {
  return run(['--', ...files], '', signal);
}

async function run(files: readonly string[], input: string, signal: AbortSignal | undefined): Promise<LintResult> {
  const [program, ...words] = await command();
  const limit = AbortSignal.timeout(LIMIT_MS);
  const child = spawn(program, [...words, '--format', 'json', ...files], {
    stdio: 'pipe',
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  });
  const ended = new Promise<number | null | 'missing'>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve('missing') : reject(error)));
    child.on('close', resolve);
  });
  // A program that ends before it has read everything says so by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [output, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === 'missing' || code === NOT_FOUND) return { installed: false, findings: [] };
  const findings = findingsOf(output, complaint, code).map(({ Filename, Rule, Message, Location }) => {
    const place = Location.Path?.join('/') ?? '';
    return `${files.length === 0 ? '' : `${Filename ?? ''} `}${Rule.Id} ${place}: ${Message}`;
  });
  return { installed: true, findings };
}

/** A moved environment's own start script names the old place, so Python is given the entry point instead. */
async function command(): Promise<readonly [string, ...string[]]> {
  const python = join(DIRECTORY, 'bin', 'python');
  try {
    await access(python);
    return [python, '-c', 'from cfnlint.runner import main; main()'];
  } catch {
    return ['cfn-lint'];
  }
}

function findingsOf(output: string, complaint: string, code: number | null): readonly Finding[] {
  try {
    return JSON.parse(output) as readonly Finding[];
  } catch (cause) {
    const said = (complaint || output).trim().split('\n').at(-1) ?? '';
    throw new Error(`cfn-lint could not look at the template (exit code ${code}): ${said}`, { cause });
  }
}

// SPDX-License-Identifier: Apache-2.0
/** The installed Packer: its version, and which of the two sources it can read. */
import { fileURLToPath } from 'node:url';
import { aptCommand, installPackages, isDebian } from '../tools/debian-packages.ts';
import { ProgramError, type ProgramOptions, runProgram } from '../tools/program.ts';
import type { Terminal } from '../tools/terminal.ts';
import { BakeError } from './errors.ts';

const AMI = fileURLToPath(new URL('../ami', import.meta.url));
const QUICK_LIMIT_MS = 60_000;
const INSTALL_LIMIT_MS = 600_000;

export interface PackerProgram {
  readonly program: string;
  readonly version: string;
  /** `packer-1.6` has its plugins built in, and no option to require IMDSv2. */
  readonly edition: 'current' | 'packer-1.6';
  /** The directory of the template for this edition. */
  readonly template: string;
}

/** Finds Packer, or installs it where that is possible: as root on Debian and Ubuntu. Rejects with MISSING_TOOL. */
export async function findPacker(program: string, terminal: Terminal, signal: AbortSignal): Promise<PackerProgram> {
  const version = (await versionOf(program, signal)) ?? (await installed(program, terminal, signal));
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 1 || (major === 1 && minor < 6)) {
    throw missing(`Packer ${version} is too old; 1.6 or later is needed.`, 'Install a newer one, then try again.');
  }
  const edition = major === 1 && minor === 6 ? 'packer-1.6' : 'current';
  return { program, version, edition, template: `${AMI}/${edition}` };
}

/** Undefined when the program does not exist. */
async function versionOf(program: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const answer = await runProgram(program, ['version'], quick(signal));
    const [, version] = /Packer v(\d+\.\d+\.\d+)/.exec(answer) ?? [];
    if (version !== undefined) return version;
    throw missing(`"${program} version" does not say a version of Packer: ${answer.trim()}`, 'Give --packer PROGRAM.');
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BakeError) throw error;
    if (error instanceof ProgramError && error.missing) return undefined;
    throw missing(`"${program} version" failed: ${lastWords(error)}`, 'Install Packer anew, then try again.', error);
  }
}

async function installed(program: string, terminal: Terminal, signal: AbortSignal): Promise<string> {
  const command = aptCommand(['packer']);
  const debian = await isDebian();
  if (program !== 'packer' || !debian) {
    const next = debian ? `Leave --packer out, or install it: sudo sh -c '${command}'` : 'Install Packer 1.6 or later.';
    throw missing(`There is no program ${program}.`, `${next} Then try again.`);
  }
  if (process.getuid?.() !== 0) {
    throw missing('Packer is missing.', `Run this, then try again: sudo sh -c '${command}'`);
  }
  terminal.line('Packer is missing; installing it with apt-get.');
  try {
    await installPackages(['packer'], signal);
  } catch (error) {
    signal.throwIfAborted();
    throw missing(`apt-get did not install Packer: ${lastWords(error)}`, 'Install it by hand, then try again.', error);
  }
  const version = await versionOf(program, signal);
  if (version === undefined) throw missing('apt-get installed no packer.', 'Install it by hand, then try again.');
  return version;
}

/** Installs the plugins of current versions. If they are installed already, this is quick and needs no network. */
export async function initialise(packer: PackerProgram, terminal: Terminal, signal: AbortSignal): Promise<void> {
  if (packer.edition === 'packer-1.6') return;
  terminal.progress('Packer looks after its plugins');
  try {
    const options = { signal, limitMs: INSTALL_LIMIT_MS, environment: environment() };
    await runProgram(packer.program, ['init', packer.template], options);
  } catch (error) {
    signal.throwIfAborted();
    const next = 'Install them by hand (packer plugins install), or look at the way to where they come from.';
    throw missing(`"packer init" failed: ${lastWords(error)}`, next, error);
  } finally {
    terminal.progress();
  }
}

/** Rejects with BAD_INPUT when Packer refuses the template with these variables. Does not call AWS. */
export async function validate(packer: PackerProgram, variablesFile: string, signal: AbortSignal): Promise<void> {
  try {
    const words = ['validate', `-var-file=${variablesFile}`, packer.template];
    await runProgram(packer.program, words, quick(signal));
  } catch (error) {
    signal.throwIfAborted();
    const next = 'Correct what it names. Nothing was launched.';
    throw new BakeError('BAD_INPUT', `Packer refuses the template: ${lastWords(error)}`, next, error);
  }
}

/** With these variables Packer does not look for a newer version and writes no colours. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, CHECKPOINT_DISABLE: '1', PACKER_NO_COLOR: '1', AWS_SDK_LOAD_CONFIG: '1', ...more };
}

function quick(signal: AbortSignal): ProgramOptions {
  return { signal, limitMs: QUICK_LIMIT_MS, environment: environment() };
}

function lastWords(error: unknown): string {
  const { message = String(error), lastLines = '' } = Object(error) as { message?: string; lastLines?: string };
  return lastLines.trim() || message;
}

function missing(message: string, next: string, cause?: unknown): BakeError {
  return new BakeError('MISSING_TOOL', message, next, cause);
}

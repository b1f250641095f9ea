/** The architectures that executables are made for, and how this machine runs the other one's programs. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';

export const ARCHITECTURES = ['x64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

export type Progress = ((line: string) => void) | undefined;

interface Emulator {
  readonly program: string;
  /** Where Debian's cross packages put the libraries of that architecture. */
  readonly libraries: string;
  readonly packages: readonly string[];
}

const EMULATORS: Readonly<Record<Architecture, Emulator>> = {
  arm64: {
    program: '/usr/bin/qemu-aarch64-static',
    libraries: '/usr/aarch64-linux-gnu',
    packages: ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross'],
  },
  x64: {
    program: '/usr/bin/qemu-x86_64-static',
    libraries: '/usr/x86_64-linux-gnu',
    packages: ['qemu-user-static', 'libc6-amd64-cross', 'libstdc++6-amd64-cross'],
  },
};
const LOCK_WAIT = ['-o', 'DPkg::Lock::Timeout=300'];
const execute = promisify(execFile);

/**
 * The words to put before a program of this architecture: none for the machine's own. Installs what is missing where
 * that can be done, and otherwise rejects with the command that does it.
 */
export async function runnerFor(architecture: Architecture, progress?: Progress): Promise<readonly string[]> {
  if (architecture === process.arch) return [];
  const emulator = EMULATORS[architecture];
  if (!(await isInstalled(emulator))) await install(architecture, emulator, progress);
  return [emulator.program, '-L', emulator.libraries];
}

async function isInstalled({ program, libraries }: Emulator): Promise<boolean> {
  const files = [program, `${libraries}/lib/libc.so.6`, `${libraries}/lib/libstdc++.so.6`];
  const found = await Promise.allSettled(files.map((file) => access(file)));
  return found.every(({ status }) => status === 'fulfilled');
}

async function install(architecture: Architecture, emulator: Emulator, progress: Progress): Promise<void> {
  const command = `apt-get update && apt-get install -y ${emulator.packages.join(' ')}`;
  const why = `An executable for ${architecture} is compiled by that architecture's Node, which qemu runs here; it is not installed.`;
  const isDebian = await access('/etc/debian_version').then(
    () => true,
    () => false,
  );
  if (!isDebian) {
    throw new Error(
      `${why} This system is not Debian or Ubuntu: make it on one (there: sudo sh -c '${command}'), or on ${architecture} itself.`,
    );
  }
  if (process.getuid?.() !== 0) throw new Error(`${why} Run this, then try again: sudo sh -c '${command}'`);
  progress?.(`Installing with apt-get: ${emulator.packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await execute('apt-get', ['update', '-qq', ...LOCK_WAIT], { env });
    await execute('apt-get', ['install', '-y', '-qq', ...LOCK_WAIT, ...emulator.packages], { env });
  } catch (error) {
    throw new Error(`${why} apt-get could not install it. Run this by hand, then try again: ${command}`, {
      cause: error,
    });
  }
  if (!(await isInstalled(emulator))) throw new Error(`${why} Its packages do not hold ${emulator.program}.`);
}

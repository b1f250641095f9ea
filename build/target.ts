// SPDX-License-Identifier: Apache-2.0
/** The architectures of the executables, and how this machine runs programs of the other architecture. */
import { access } from 'node:fs/promises';
import { aptCommand, installPackages, isDebian } from '../tools/debian-packages.ts';

export const ARCHITECTURES = ['x64', 'arm64'] as const;
export type NodeArchitecture = (typeof ARCHITECTURES)[number];

export type BuildProgress = ((line: string) => void) | undefined;

interface Emulator {
  readonly program: string;
  /** Where Debian's cross packages put the libraries of that architecture. */
  readonly libraries: string;
  readonly packages: readonly string[];
}

const EMULATORS: Readonly<Record<NodeArchitecture, Emulator>> = {
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

/**
 * The words to put before a program of this architecture; none for the machine's own. Installs missing packages where
 * that is possible. Otherwise rejects with the command that installs them.
 */
export async function runnerFor(architecture: NodeArchitecture, progress?: BuildProgress): Promise<readonly string[]> {
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

async function install(architecture: NodeArchitecture, emulator: Emulator, progress: BuildProgress): Promise<void> {
  const command = aptCommand(emulator.packages);
  const why = `An executable for ${architecture} is compiled by that architecture's Node, which qemu runs here; it is not installed.`;
  if (!(await isDebian())) {
    throw new Error(
      `${why} This system is not Debian or Ubuntu: make it on one (there: sudo sh -c '${command}'), or on ${architecture} itself.`,
    );
  }
  if (process.getuid?.() !== 0) throw new Error(`${why} Run this, then try again: sudo sh -c '${command}'`);
  progress?.(`Installing with apt-get: ${emulator.packages.join(' ')}`);
  try {
    await installPackages(emulator.packages);
  } catch (error) {
    throw new Error(`${why} apt-get could not install it. Run this by hand, then try again: ${command}`, {
      cause: error,
    });
  }
  if (!(await isInstalled(emulator))) throw new Error(`${why} Its packages do not hold ${emulator.program}.`);
}

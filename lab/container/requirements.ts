// SPDX-License-Identifier: Apache-2.0
/** What container machines need from this system, and its installation where that is possible. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { aptCommand, installPackages, isDebian } from '../../tools/debian-packages.ts';
import type { Progress } from '../../tools/python-environment.ts';
import { whyNotIsolated } from './isolation.ts';

type Requirements = { readonly met: true } | { readonly met: false; readonly why: string; readonly command?: string };

/** Each required program, with the Debian package that has it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  nft: 'nftables',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  packer: 'packer',
  ssh: 'openssh-client',
  tar: 'tar',
  gzip: 'gzip',
};

/** What a lab's network alone needs. */
const NETWORK_PROGRAMS = new Set(['ip', 'nft', 'nsenter']);

/**
 * The requirements are root on Debian or Ubuntu, a kernel with overlay file systems, and the packages. With `install`,
 * apt-get installs the missing packages. Otherwise, and where that is not possible, `why` is a sentence and `command`
 * is the command to run.
 */
export async function containerRequirements(progress: Progress, install: boolean): Promise<Requirements> {
  if (process.getuid?.() !== 0) {
    return { met: false, why: 'Machines in containers need root.', command: 'sudo ./lab.sh up --image' };
  }
  if (!(await isDebian())) {
    return { met: false, why: `Machines in containers need Debian or Ubuntu; this is ${systemName()}.` };
  }
  if (!kernelHas('overlay')) {
    return { met: false, why: 'This kernel has no overlay file system, on which each machine has its disk.' };
  }
  return withPrograms(PROGRAMS, progress, install);
}

/**
 * The same for machines that are processes in network namespaces of their own: root, and the programs of the network.
 */
export async function networkRequirements(progress: Progress, install: boolean): Promise<Requirements> {
  if (process.getuid?.() !== 0) {
    return { met: false, why: 'Machines with networks of their own need root.', command: 'sudo ./lab.sh up' };
  }
  const needed = Object.entries(PROGRAMS).filter(([program]) => NETWORK_PROGRAMS.has(program));
  return withPrograms(Object.fromEntries(needed), progress, install && (await isDebian()));
}

async function withPrograms(
  programs: Readonly<Record<string, string>>,
  progress: Progress,
  install: boolean,
): Promise<Requirements> {
  const missing = missingPackages(programs);
  if (missing.length === 0) return isolated();
  const names = missing.join(' ');
  const command = aptCommand(missing);
  if (!install) {
    return { met: false, why: `The lab's machines need packages that are not here: ${names}.`, command };
  }
  progress(`installing with apt-get: ${names}`);
  try {
    await installPackages(missing);
  } catch (error) {
    return { met: false, why: `apt-get could not install ${names}. ${messageOf(error)}`, command };
  }
  const still = missingPackages(programs);
  if (still.length === 0) return isolated();
  return { met: false, why: `These packages are installed but do not bring their programs: ${still.join(' ')}.` };
}

async function isolated(): Promise<Requirements> {
  const why = await whyNotIsolated();
  return why === undefined ? { met: true } : { met: false, why };
}

function missingPackages(programs: Readonly<Record<string, string>>): string[] {
  const missing = Object.keys(programs).filter((program) => !isOnPath(program));
  return [...new Set(missing.map((program) => programs[program] ?? program))];
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function systemName(): string {
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(readText('/etc/os-release'))?.[1] ?? 'another system';
}

/** A file system that is a module is not listed before it is loaded. All of Debian's kernels include overlay. */
function kernelHas(fileSystem: string): boolean {
  if (new RegExp(`\\b${fileSystem}$`, 'm').test(readText('/proc/filesystems'))) return true;
  const release = readText('/proc/sys/kernel/osrelease').trim();
  return readText(`/lib/modules/${release}/modules.dep`).includes(`/${fileSystem}.ko`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

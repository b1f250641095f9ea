/** What container machines need of this system, and its installation where that can be done. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Progress } from '../python.ts';
import { whyNotIsolated } from './isolation.ts';
import { runProgram } from './program.ts';

export type Requirements =
  | { readonly met: true }
  | { readonly met: false; readonly why: string; readonly command?: string };

/** Each program that is called, with the Debian package that brings it. */
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

const INSTALL_LIMIT_MS = 600_000;

/**
 * Root on Debian or Ubuntu, a kernel with overlay file systems, and the packages. With `install` the missing packages
 * are installed by apt-get; else, and wherever that can't be done, `why` is a sentence, and `command` the one to run.
 */
export async function containerRequirements(progress: Progress, install: boolean): Promise<Requirements> {
  if (process.getuid?.() !== 0) {
    return { met: false, why: 'Machines in containers need root.', command: 'sudo ./lab.sh up --image' };
  }
  const system = systemName();
  const missing = missingPackages();
  if (!system.debian) {
    return { met: false, why: `Machines in containers need Debian or Ubuntu; this is ${system.name}.` };
  }
  if (!kernelHas('overlay')) {
    return { met: false, why: 'This kernel has no overlay file system, on which each machine has its disk.' };
  }
  if (missing.length === 0) return isolated();
  const names = missing.join(' ');
  const command = `apt-get update && apt-get install -y --no-install-recommends ${names}`;
  if (!install)
    return { met: false, why: `Machines in containers need packages that are not here: ${names}.`, command };
  progress(`installing with apt-get: ${names}`);
  try {
    await aptInstall(missing);
  } catch (error) {
    return { met: false, why: `apt-get could not install ${names}. ${messageOf(error)}`, command };
  }
  const still = missingPackages();
  if (still.length === 0) return isolated();
  return { met: false, why: `These packages are installed but do not bring their programs: ${still.join(' ')}.` };
}

async function isolated(): Promise<Requirements> {
  const why = await whyNotIsolated();
  return why === undefined ? { met: true } : { met: false, why };
}

function missingPackages(): string[] {
  const missing = Object.keys(PROGRAMS).filter((program) => !isOnPath(program));
  return [...new Set(missing.map((program) => PROGRAMS[program] ?? program))];
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

function systemName(): { readonly name: string; readonly debian: boolean } {
  const fields = new Map<string, string>();
  for (const line of readText('/etc/os-release').split('\n')) {
    const [, key, value] = /^([A-Z_]+)="?(.*?)"?$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, value);
  }
  const ids = `${fields.get('ID') ?? ''} ${fields.get('ID_LIKE') ?? ''}`.split(' ');
  return { name: fields.get('PRETTY_NAME') ?? 'another system', debian: ids.includes('debian') };
}

/** A file system that is a module is not listed before it is loaded; overlay's is part of all of Debian's kernels. */
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

async function aptInstall(packages: readonly string[]): Promise<void> {
  const environment = { ...definedEnvironment(), DEBIAN_FRONTEND: 'noninteractive' };
  const options = { environment, limitMs: INSTALL_LIMIT_MS };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  await runProgram('apt-get', [...wait, 'update', '-qq'], options);
  await runProgram('apt-get', [...wait, 'install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}

function definedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// SPDX-License-Identifier: Apache-2.0
/**
 * The disk from which every machine starts. It has the contents of Debian's own AMI; mmdebstrap makes it once, and it
 * stays in `.cache/`. `npx tsx lab/container/base.ts [12|13]` makes it by hand.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { holdLock } from '../../tools/file-lock.ts';
import { runProgram } from '../../tools/program.ts';
import type { Progress } from '../../tools/python-environment.ts';
import { aptSettings, CODE_NAMES, type DebianRelease, sourcesOf } from './apt-sources.ts';

export type { DebianRelease } from './apt-sources.ts';

export interface BaseOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

const IMAGES = resolve(import.meta.dirname, '../../.cache/image');
const BUILD_LIMIT_MS = 1_200_000;
const FILES = join(import.meta.dirname, 'base');
const CUSTOMIZE = join(import.meta.dirname, 'customize-base.sh');
const ROLE_PACKAGES = join(import.meta.dirname, 'role-packages.json');

/** Packages that not every Debian has. Ansible needs python3 and its binding for apt; the rest is in Debian's AMI. */
const PACKAGES = [
  'ca-certificates',
  'cloud-init',
  'curl',
  'dbus',
  'libnss-myhostname',
  'libpam-systemd',
  'openssh-server',
  'python3-apt',
  'sudo',
  'systemd-sysv',
  'systemd-timesyncd',
  'unattended-upgrades',
];

/**
 * The path of the base's root directory, which must not be changed. It appears there only when it is complete. If two
 * processes ask at once, one makes it and both wait for it.
 */
export async function baseRootFileSystem(release: DebianRelease, options: BaseOptions = {}): Promise<string> {
  const rolePackages = await rolePackagesOf(release);
  const root = join(IMAGES, `debian-${release}-${await keyOf(release, rolePackages)}`);
  if (!existsSync(root)) {
    await mkdir(IMAGES, { recursive: true });
    await using _lock = await holdLock(join(IMAGES, `debian-${release}.lock`), options.signal);
    if (!existsSync(root)) await make(release, rolePackages, root, options);
  }
  await sayListsAreFresh(root);
  return root;
}

/** The packages in role-packages.json for this release. */
export async function rolePackagesOf(release: DebianRelease): Promise<readonly string[]> {
  const all = JSON.parse(await readFile(ROLE_PACKAGES, 'utf8')) as Readonly<Record<string, readonly string[]>>;
  return [...(all.common ?? []), ...(all[release] ?? [])];
}

async function make(
  release: DebianRelease,
  rolePackages: readonly string[],
  root: string,
  options: BaseOptions,
): Promise<void> {
  const { progress, signal } = options;
  const sources = sourcesOf(release);
  await removeHalfMade(release);
  const building = join(IMAGES, `building-${release}-${randomUUID()}`);
  progress?.(`making the base of Debian ${release} (once; about two minutes)`, 0);
  // The mounts and processes of this work are in their own namespaces, which always end with it.
  const isolated = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child=KILL', '--'];
  const settings = (await aptSettings()).map((line) => `--aptopt=${line}`);
  const words = [
    ...['mmdebstrap', '--mode=root', '--variant=important', `--include=${PACKAGES.join(',')}`],
    // The package lists stay, so that apt works on a machine. Syncing each file would take longer than everything else.
    ...['--skip=cleanup/apt', '--dpkgopt=force-unsafe-io', '--aptopt=Acquire::Languages "none"', ...settings],
    `--customize-hook="$CUSTOMIZE" "$1"`,
    ...[CODE_NAMES[release], building, ...sources],
  ];
  try {
    await runProgram('unshare', [...isolated, ...words], {
      environment: {
        ...process.env,
        LC_ALL: 'C.UTF-8',
        CUSTOMIZE,
        BASE_FILES: FILES,
        ROLE_PACKAGES: rolePackages.join(' '),
      },
      // unshare passes no signal on, except that its own death ends the others.
      stopWith: 'SIGKILL',
      limitMs: BUILD_LIMIT_MS,
      onLine: (line) => reportLine(line, progress),
      ...(signal === undefined ? {} : { signal }),
    });
    await rename(building, root);
  } catch (error) {
    throw new Error(
      `The base of Debian ${release} could not be made. Check that apt-get update works on this host, then try again.`,
      { cause: error },
    );
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  progress?.(`the base of Debian ${release} is ready`, 1);
}

/** mmdebstrap reports its progress in lines that begin with `I: `. */
function reportLine(line: string, progress: Progress | undefined): void {
  const steps: Readonly<Record<string, number>> = {
    'running apt-get update': 0.1,
    'downloading packages with apt': 0.2,
    'installing essential packages': 0.4,
    'installing remaining packages': 0.6,
    'running --customize-hook': 0.85,
  };
  for (const [step, done] of Object.entries(steps)) {
    if (line.startsWith(`I: ${step}`)) progress?.(line.slice(3), done);
  }
}

/** The caller has the lock of the release, so no other process is making one now. */
async function removeHalfMade(release: DebianRelease): Promise<void> {
  for (const name of await readdir(IMAGES)) {
    if (name.startsWith(`building-${release}-`)) await rm(join(IMAGES, name), { recursive: true, force: true });
  }
}

/** A digest of all inputs of the base except the packages' versions. Those are renewed by hand, with the cache. */
async function keyOf(release: DebianRelease, rolePackages: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify({ release, arch: process.arch, packages: PACKAGES, rolePackages: [...rolePackages].sort() }),
  );
  hash.update(await readFile(CUSTOMIZE));
  const files = await readdir(FILES, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  for (const path of paths.sort()) hash.update(`${relative(FILES, path)}\0`).update(await readFile(path));
  return hash.digest('hex').slice(0, 12);
}

/**
 * Ansible's apt fetches lists that look old, and no machine can fetch anything. So this makes the present lists look
 * new.
 */
async function sayListsAreFresh(root: string): Promise<void> {
  const now = new Date();
  for (const path of ['var/lib/apt/periodic/update-success-stamp', 'var/lib/apt/lists']) {
    await utimes(join(root, path), now, now);
  }
}

if (import.meta.main) {
  const release: DebianRelease = process.argv[2] === '13' ? 13 : 12;
  console.log(await baseRootFileSystem(release, { progress: (line) => console.error(line) }));
}

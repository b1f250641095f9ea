// SPDX-License-Identifier: Apache-2.0
/** The Node of an executable: the version in the lock file, which also has the digest of its bytes. */
import { randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha512Of } from '../tools/digest.ts';
import { runProgram } from '../tools/program.ts';
import type { BuildProgress, NodeArchitecture } from './target.ts';

const FETCH_LIMIT_MS = 600_000;

export interface NodeBinary {
  readonly path: string;
  readonly version: string;
}

interface Locked {
  readonly version: string;
  /** `sha512-<base64>` of the package's archive. */
  readonly integrity: string;
}

/**
 * npm installs only the package of this machine's architecture. For the other one, npm fetches the package once. It is
 * checked against the lock file and kept in `.cache`.
 */
export async function nodeBinary(
  root: string,
  architecture: NodeArchitecture,
  progress?: BuildProgress,
): Promise<NodeBinary> {
  const name = `node-linux-${architecture}`;
  const { version, integrity } = await lockedPackage(root, name);
  const installed = join(root, 'node_modules', name);
  if ((await versionOf(installed)) === version) return { path: join(installed, 'bin/node'), version };
  const kept = join(root, '.cache', `${name}-${version}`);
  if ((await versionOf(kept)) !== version) {
    progress?.(`Fetching ${name} ${version} with npm`);
    await fetchPackage(root, `${name}@${version}`, integrity, kept);
  }
  return { path: join(kept, 'bin/node'), version };
}

async function lockedPackage(root: string, name: string): Promise<Locked> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages?: Readonly<Record<string, Partial<Locked>>>;
  };
  const { version, integrity } = lock.packages?.[`node_modules/${name}`] ?? {};
  if (!version || !integrity) throw new Error(`package-lock.json has no version and integrity of ${name}.`);
  return { version, integrity };
}

async function versionOf(folder: string): Promise<string | undefined> {
  try {
    await access(join(folder, 'bin/node'));
    return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

async function fetchPackage(root: string, specifier: string, integrity: string, folder: string): Promise<void> {
  const partial = join(root, '.cache', `.${randomUUID()}`);
  await mkdir(partial, { recursive: true });
  try {
    // npm's own cache would keep these 50 MB a second time, in the user's home directory.
    const words = ['pack', specifier, '--json', '--pack-destination', partial, '--cache', join(partial, 'npm')];
    const told = await runProgram('npm', words, { directory: root, limitMs: FETCH_LIMIT_MS });
    const [packed] = JSON.parse(told) as readonly { readonly filename: string }[];
    if (!packed) throw new Error(`npm pack ${specifier} made no archive.`);
    const archive = join(partial, packed.filename);
    await holdAgainst(integrity, archive, specifier);
    await runProgram('tar', ['-xzf', archive, '-C', partial]);
    // If another call was faster, its folder stays: it was checked against the same digest.
    await rename(join(partial, 'package'), folder).catch(async (error: unknown) => {
      if ((await versionOf(folder)) === undefined) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Rejects unless the file has this digest. */
export async function holdAgainst(integrity: string, file: string, what: string): Promise<void> {
  const found = `sha512-${await sha512Of(file, 'base64')}`;
  if (found !== integrity) {
    throw new Error(
      `${what} is not what package-lock.json vouches for: it has ${found}, the lock file ${integrity}. Do not use it; find out where npm gets it from.`,
    );
  }
}

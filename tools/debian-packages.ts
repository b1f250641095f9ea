// SPDX-License-Identifier: Apache-2.0
/** Installs Debian packages where that is possible: as root on Debian or Ubuntu. */
import { mkdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { holdLock } from './file-lock.ts';
import { runProgram } from './program.ts';

const CACHE = resolve(import.meta.dirname, '../.cache');
const INSTALL_LIMIT_MS = 600_000;

/** Whether this system is Debian, or one like it. */
export async function isDebian(): Promise<boolean> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(text);
}

/** The command that does the same by hand. */
export function aptCommand(packages: readonly string[]): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Rejects with what apt-get said. If two calls run in this checkout, the second waits, because `apt-get update` does
 * not wait.
 */
export async function installPackages(packages: readonly string[], signal?: AbortSignal): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await using _lock = await holdLock(resolve(CACHE, 'apt.lock'), signal);
  const options = {
    environment: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    limitMs: INSTALL_LIMIT_MS,
    ...(signal === undefined ? {} : { signal }),
  };
  const quiet = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  await runProgram('apt-get', [...quiet, 'update'], options);
  await runProgram('apt-get', [...quiet, 'install', '-y', '--no-install-recommends', ...packages], options);
}

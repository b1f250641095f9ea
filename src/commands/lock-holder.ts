// SPDX-License-Identifier: Apache-2.0
/**
 * The process that holds the node's lock. The lock itself is the kernel's (src/lock.ts) and does not name its holder,
 * so this file beside it does. With it, a person's command can end a run that only waits. Such a run may be a bootstrap
 * that waits for this person's decision.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { readIfThere } from '../zookeeper/durable-file.ts';
import { parsePidFile, runningMs } from '../zookeeper/process-identity.ts';

/**
 * The holder writes this file. The file may stay behind without harm, since it also names the start of the process and
 * the boot.
 */
export async function recordHolder(lockFile: string): Promise<void> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  await writeFile(lockFile, `${stat.trim()}\n${await readFile('/proc/sys/kernel/random/boot_id', 'utf8')}`, {
    mode: 0o600,
  });
}

/**
 * Asks the holder to stop; every step can be interrupted and repeated. Does nothing if the holder is unknown or gone.
 */
export async function interruptHolder(lockFile: string): Promise<void> {
  const text = await readIfThere(lockFile);
  const holder = text === undefined ? undefined : parsePidFile(text);
  if (holder && (await runningMs(holder)) !== undefined) process.kill(holder.pid, 'SIGTERM');
}

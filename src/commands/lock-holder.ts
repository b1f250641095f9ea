// SPDX-License-Identifier: Apache-2.0
/**
 * Who holds the node's lock. The lock itself is the kernel's (src/lock.ts) and says nothing; this file beside it lets a
 * person's command end a run that only waits, be it a bootstrap that waits for the very decision the person brings.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { readIfThere } from '../zookeeper/durable-file.ts';
import { parsePidFile, runningMs } from '../zookeeper/process-identity.ts';

/** Written by the holder; it may stay behind, since a process is known by its start and the boot as well. */
export async function recordHolder(lockFile: string): Promise<void> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  await writeFile(lockFile, `${stat.trim()}\n${await readFile('/proc/sys/kernel/random/boot_id', 'utf8')}`, {
    mode: 0o600,
  });
}

/** Asks the holder to stop; every step can be interrupted and repeated. Nothing to do when it is not known or gone. */
export async function interruptHolder(lockFile: string): Promise<void> {
  const text = await readIfThere(lockFile);
  const holder = text === undefined ? undefined : parsePidFile(text);
  if (holder && (await runningMs(holder)) !== undefined) process.kill(holder.pid, 'SIGTERM');
}

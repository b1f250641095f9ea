// SPDX-License-Identifier: Apache-2.0
/**
 * A container's record on disk while it runs. When its daemon is gone, a later process uses the record to end the
 * container.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcesses, type LinuxProcess, runs, signalProcess } from '../hypervisor/processes.ts';
import { type ControlGroups, removeControlGroups, setFrozen } from './control-groups.ts';
import { unmountAll } from './layers.ts';

export interface ContainerRecord {
  /** systemd-nspawn, the first process of the namespace with all processes of the container. */
  readonly process: LinuxProcess;
  readonly groups: ControlGroups;
}

const RECORD = 'container.json';

export function writeContainerRecord(directory: string, record: ContainerRecord): void {
  const path = join(directory, RECORD);
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Undefined when this directory has no container that runs or was left behind. */
export function readContainerRecord(directory: string): ContainerRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, RECORD), 'utf8')) as ContainerRecord;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export function removeContainerRecord(directory: string): void {
  rmSync(join(directory, RECORD), { force: true });
}

/** Ends the containers that a daemon left under this directory, and removes the mounts there. The disks stay. */
export async function sweepContainers(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  for (const path of recordsUnder(directory)) {
    const { process, groups } = JSON.parse(readFileSync(path, 'utf8')) as ContainerRecord;
    signalProcess(process, 'SIGKILL');
    // A frozen process dies only when it runs again.
    if (runs(process)) await setFrozen(groups, false).catch(() => false);
    await endProcesses([process], 0);
    await removeControlGroups(groups);
    rmSync(path, { force: true });
  }
  await unmountAll(directory);
}

/** At most two directories down: the lab's directory of machines has one directory for each container. */
function recordsUnder(directory: string, depth = 2): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  if (entries.some((entry) => entry.name === RECORD)) return [join(directory, RECORD)];
  if (depth === 0) return [];
  return entries.flatMap((entry) => (entry.isDirectory() ? recordsUnder(join(directory, entry.name), depth - 1) : []));
}

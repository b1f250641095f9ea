// SPDX-License-Identifier: Apache-2.0
/**
 * A machine's control groups, one in each hierarchy that is needed here. They limit its memory, freeze it, and contain
 * its systemd. Works with version 1, version 2 and both together (cgroups(7)).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ControlGroups {
  /** Absolute paths. */
  readonly directories: readonly string[];
  readonly memory?: string;
  readonly freezer?: { readonly directory: string; readonly version: 1 | 2 };
}

interface Hierarchy {
  readonly mountPoint: string;
  readonly version: 1 | 2;
  readonly options: readonly string[];
}

const PARENT = 'zookeeper-lab';
const FREEZE_LIMIT_MS = 5_000;

/**
 * Whether a machine's systemd can use version 2, which is preferred even where version 1 exists too. Only version 2
 * tells systemd that the last process of a unit has ended. Without it, a stop can take its whole time limit.
 */
export function hasVersionTwo(): boolean {
  return hierarchies().some((hierarchy) => hierarchy.version === 2);
}

export function makeControlGroups(name: string): ControlGroups {
  const own = ownGroups();
  const directories: string[] = [];
  let memory: string | undefined;
  let freezer: ControlGroups['freezer'];
  for (const { mountPoint, version, options } of hierarchies()) {
    const has = (controller: string): boolean => options.includes(controller);
    if (version === 1 && !has('name=systemd') && !has('freezer') && !has('memory')) continue;
    // Version 1 counts memory for the parent as well. Below its own group, the lab can't use more than its own limit.
    const parent = version === 1 && has('memory') ? join(mountPoint, own.get('memory') ?? '/') : mountPoint;
    const directory = join(parent, PARENT, name);
    mkdirSync(directory, { recursive: true });
    directories.push(directory);
    if (version === 2) passOn(mountPoint);
    if (version === 1 ? has('memory') : existsSync(join(directory, 'memory.max'))) memory = directory;
    if (version === 1 ? has('freezer') : freezer === undefined && existsSync(join(directory, 'cgroup.freeze'))) {
      freezer = { directory, version };
    }
  }
  return { directories, ...(memory === undefined ? {} : { memory }), ...(freezer === undefined ? {} : { freezer }) };
}

/** The files to which a process writes its pid to join. `leaf` is a group below, made when it is missing. */
export function joinFiles(groups: ControlGroups, leaf?: string): readonly string[] {
  return groups.directories.map((directory) => {
    if (leaf === undefined) return join(directory, 'cgroup.procs');
    mkdirSync(join(directory, leaf), { recursive: true });
    return join(directory, leaf, 'cgroup.procs');
  });
}

/** False where this system can't limit memory. */
export function limitMemory(groups: ControlGroups, memoryMiB: number): boolean {
  if (groups.memory === undefined) return false;
  const versionOne = join(groups.memory, 'memory.limit_in_bytes');
  writeFileSync(existsSync(versionOne) ? versionOne : join(groups.memory, 'memory.max'), String(memoryMiB * 1_048_576));
  return true;
}

/** False where there is no freezer. */
export async function setFrozen(groups: ControlGroups, frozen: boolean): Promise<boolean> {
  const { freezer } = groups;
  if (freezer === undefined) return false;
  const { directory, version } = freezer;
  const deadline = performance.now() + FREEZE_LIMIT_MS;
  if (version === 2) writeFileSync(join(directory, 'cgroup.freeze'), frozen ? '1' : '0');
  for (;;) {
    // In version 1 the state is written repeatedly, as its documentation asks while the state is FREEZING.
    if (version === 1) writeFileSync(join(directory, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED');
    if (isFrozen(directory, version) === frozen) return true;
    if (performance.now() > deadline) {
      throw new Error(`${directory} is not ${frozen ? 'frozen' : 'thawed'} after ${FREEZE_LIMIT_MS / 1000} s.`);
    }
    await sleep(10);
  }
}

/** Removes the groups, and those that the machine's systemd made below. All processes must have ended. */
export async function removeControlGroups(groups: ControlGroups, limitMs = 5_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  let left = groups.directories;
  for (;;) {
    left = left.filter((directory) => !removeGroup(directory));
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`These control groups still hold processes: ${left.join(', ')}.`);
    await sleep(20);
  }
}

function isFrozen(directory: string, version: 1 | 2): boolean {
  if (version === 1) return readFileSync(join(directory, 'freezer.state'), 'utf8').trim() === 'FROZEN';
  return /^frozen 1$/m.test(readFileSync(join(directory, 'cgroup.events'), 'utf8'));
}

function removeGroup(directory: string): boolean {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeGroup(join(directory, entry.name))) return false;
    }
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory);
  }
}

/**
 * Version 2 shows a controller in a group only where the group above passes it on. Controllers that can't be passed on
 * are ignored.
 */
function passOn(mountPoint: string): void {
  for (const directory of [mountPoint, join(mountPoint, PARENT)]) {
    try {
      const there = readFileSync(join(directory, 'cgroup.controllers'), 'utf8').split(/\s+/);
      if (there.includes('memory')) writeFileSync(join(directory, 'cgroup.subtree_control'), '+memory');
    } catch {
      return;
    }
  }
}

function hierarchies(): readonly Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, mountPoint, type, options] = line.split(' ');
    if (mountPoint === undefined || options === undefined) continue;
    if (type === 'cgroup' || type === 'cgroup2') {
      found.push({ mountPoint, version: type === 'cgroup' ? 1 : 2, options: options.split(',') });
    }
  }
  return found;
}

/** This process's own group for each controller of version 1, from /proc/self/cgroup: `4:memory:/path`. */
function ownGroups(): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) groups.set(controller, path);
  }
  return groups;
}

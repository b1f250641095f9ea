// SPDX-License-Identifier: Apache-2.0
/**
 * Processes as Linux shows them in /proc. A pid alone is not enough, because Linux uses it again. So a process is its
 * pid *and* its start time (field 22 of /proc/<pid>/stat, in clock ticks since boot).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LinuxProcess {
  readonly pid: number;
  readonly startTime: string;
}

interface Stat {
  readonly state: string;
  readonly group: number;
  readonly startTime: string;
}

/** Undefined when there is no such process. */
function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in parentheses may contain anything, even spaces and parentheses. The fields start after the last
  // parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const startTime = fields[19];
  if (state === undefined || group === undefined || startTime === undefined) return undefined;
  return { state, group: Number(group), startTime };
}

export function processOf(pid: number): LinuxProcess | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, startTime: stat.startTime };
}

/** A zombie no longer runs: it only waits for its parent to read its exit status. */
export function runs(process: LinuxProcess): boolean {
  const stat = statOf(process.pid);
  return stat !== undefined && stat.startTime === process.startTime && stat.state !== 'Z' && stat.state !== 'X';
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The running processes of a process group. */
export function groupMembers(group: number): LinuxProcess[] {
  const members: LinuxProcess[] = [];
  for (const pid of allPids()) {
    const stat = statOf(pid);
    if (stat !== undefined && stat.group === group && stat.state !== 'Z' && stat.state !== 'X') {
      members.push({ pid, startTime: stat.startTime });
    }
  }
  return members;
}

/**
 * The running processes with exactly this variable in their environment. Processes of other users can't be read and are
 * left out.
 */
export function processesWithEnvironment(name: string, value: string): LinuxProcess[] {
  const wanted = `${name}=${value}`;
  const found: LinuxProcess[] = [];
  for (const pid of allPids()) {
    if (pid === process.pid) continue;
    let environment: string;
    try {
      environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    } catch {
      continue;
    }
    const identity = environment.split('\0').includes(wanted) ? processOf(pid) : undefined;
    if (identity !== undefined && runs(identity)) found.push(identity);
  }
  return found;
}

export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** Sends the signal if this is still the same process; false when it is gone. */
export function signalProcess(target: LinuxProcess, signal: NodeJS.Signals): boolean {
  if (!runs(target)) return false;
  try {
    process.kill(target.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Sends the signal to the whole group that this process leads or led; false when the group is empty. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Kills every process of the group and returns when all are gone. A group outlives its leader only while it has
 * members.
 */
export async function killGroup(group: number, limitMs = 10_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (groupMembers(group).length === 0) return;
    signalGroup(group, 'SIGKILL');
    if (performance.now() > deadline) {
      throw new Error(
        `Processes of group ${group} are still there ${limitMs} ms after SIGKILL; see ps -eo pid,pgid,stat,cmd.`,
      );
    }
    await sleep(5);
  }
}

/** Ends these processes: SIGTERM, and after `graceMs` SIGKILL. Returns when all are gone. */
export async function endProcesses(targets: readonly LinuxProcess[], graceMs: number): Promise<void> {
  for (const target of targets) signalProcess(target, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  const killAt = performance.now() + graceMs;
  const deadline = killAt + 10_000;
  for (;;) {
    const left = targets.filter(runs);
    if (left.length === 0) return;
    const now = performance.now();
    if (now >= killAt) for (const target of left) signalProcess(target, 'SIGKILL');
    if (now > deadline) {
      throw new Error(
        `Process ${left.map((target) => target.pid).join(', ')} is still there ten seconds after SIGKILL.`,
      );
    }
    await sleep(10);
  }
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Which process a number means. Numbers are used again. So a process is known by its number, the time of its start and
 * the boot of the machine (proc(5): fields 1, 3 and 22 of /proc/<pid>/stat).
 */
import { readFileSync } from 'node:fs';
import { isCode } from './durable-file.ts';

/** USER_HZ, which the kernel shows to programs as 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
const DEAD_STATES: readonly string[] = ['Z', 'X', 'x'];

export interface ProcessIdentity {
  readonly pid: number;
  /** Ticks between the boot and the start. */
  readonly startTicks: number;
  readonly bootId: string;
}

/** The text of a pid file: a line of /proc/<pid>/stat, then one with the boot's id. Undefined when it is incomplete. */
export function parsePidFile(text: string): ProcessIdentity | undefined {
  const [stat = '', bootId = ''] = text.split('\n');
  const { pid, startTicks } = parseStat(stat);
  return Number.isSafeInteger(pid) && Number.isSafeInteger(startTicks) && bootId !== '' && text.endsWith('\n')
    ? { pid, startTicks, bootId }
    : undefined;
}

/** For how long the process has run. Undefined when it is gone; a zombie is gone. */
export async function runningMs(identity: ProcessIdentity): Promise<number | undefined> {
  if (bootId() !== identity.bootId) {
    return undefined;
  }
  try {
    const { state, startTicks } = parseStat(readFileSync(`/proc/${identity.pid}/stat`, 'utf8'));
    if (startTicks !== identity.startTicks || DEAD_STATES.includes(state)) {
      return undefined;
    }
  } catch (error) {
    // The process may end after the file was opened and before it was read: ESRCH.
    if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) {
      return undefined;
    }
    throw error;
  }
  const upSeconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return Math.max(0, Math.round((upSeconds - identity.startTicks / TICKS_PER_SECOND) * 1_000));
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * The name in parentheses may contain anything, even parentheses and spaces. So fields count from the last parenthesis.
 */
function parseStat(line: string): { pid: number; state: string; startTicks: number } {
  const rest = line
    .slice(line.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  return { pid: Number.parseInt(line, 10), state: rest[0] ?? '', startTicks: Number(rest[19]) };
}

// SPDX-License-Identifier: Apache-2.0
/**
 * What a process has done since its start: proc(5), the fields utime and stime of /proc/<pid>/stat, and /proc/<pid>/io.
 */
import { readFileSync } from 'node:fs';
import type { Work } from '../ports.ts';

/** USER_HZ: 100 on every architecture that Node runs on. */
const MS_PER_TICK = 10;

/** Undefined when there is no such process. A value that can't be read counts as nothing done. */
export function workOf(pid: number): Work | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses may contain anything, so fields count from the last parenthesis.
  const rest = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const cpuMs = (Number(rest[11]) + Number(rest[12])) * MS_PER_TICK;
  const io = textOf(`/proc/${pid}/io`) ?? '';
  const bytes = [...io.matchAll(/^[rw]char: (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  return Number.isFinite(cpuMs) ? { cpuMs, bytes } : undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

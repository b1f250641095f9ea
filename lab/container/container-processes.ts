// SPDX-License-Identifier: Apache-2.0
/** The processes of a container as the host sees them in /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { commandLineOf } from '../hypervisor/processes.ts';

export interface ContainerProcess {
  /** The pid on the host. */
  readonly pid: number;
  readonly command: readonly string[];
}

export function childrenOf(parent: number): readonly number[] {
  return allPids().filter((pid) => statusField(pid, 'PPid') === String(parent));
}

/** The first process of systemd-nspawn's namespace, once it has become systemd. */
export function firstProcessBelow(nspawn: number): number | undefined {
  return childrenOf(nspawn).find((pid) => {
    const numbers = statusField(pid, 'NSpid')?.split(/\s+/) ?? [];
    return numbers.length > 2 && numbers.at(-1) === '1' && /\/systemd$/.test(link(`/proc/${pid}/exe`) ?? '');
  });
}

/** All processes in this process's namespace, without those that have ended. */
export function processesBeside(first: number): readonly ContainerProcess[] {
  const namespace = link(`/proc/${first}/ns/pid`);
  if (namespace === undefined) return [];
  return allPids()
    .filter((pid) => link(`/proc/${pid}/ns/pid`) === namespace && !statusField(pid, 'State')?.startsWith('Z'))
    .map((pid) => ({ pid, command: commandLineOf(pid) }));
}

function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function statusField(pid: number, name: string): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8')
      .split('\n')
      .find((candidate) => candidate.startsWith(`${name}:`));
    return line?.slice(name.length + 1).trim();
  } catch {
    return undefined;
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

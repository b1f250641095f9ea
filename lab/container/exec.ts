// SPDX-License-Identifier: Apache-2.0
/** A command in the namespaces of a machine. */
import { spawn } from 'node:child_process';
import { signalGroup } from '../hypervisor/processes.ts';

export interface ExecOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

export interface ExecResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** At most the first 16 million characters of each. */
  readonly stdout: string;
  readonly stderr: string;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const OUTPUT_LIMIT = 16_000_000;

/**
 * Joins the groups before it enters, so that the command belongs to the machine: it freezes and ends with it. Like all
 * processes under systemd-nspawn, the command has no right to change the host.
 */
const JOIN_AND_ENTER = `set -eu
for procs in $GROUP_FILES; do echo $$ >"$procs"; done
exec setpriv --bounding-set -sys_time,-sys_module,-sys_rawio,-syslog -- \\
  nsenter --target "$MACHINE_PID" --mount --uts --ipc --net --pid --cgroup --root --wd -- env -i "$@"
`;

export function execIn(
  machinePid: number,
  groupFiles: readonly string[],
  command: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ExecResult>();
  const environment = Object.entries({ PATH, HOME: '/root', ...options.environment });
  const words = environment.map(([name, value]) => `${name}=${value}`);
  const child = spawn('sh', ['-c', JOIN_AND_ENTER, 'sh', ...words, ...command], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, GROUP_FILES: groupFiles.join(' '), MACHINE_PID: String(machinePid) },
  });
  const collected = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      if (collected[stream].length < OUTPUT_LIMIT) collected[stream] += text;
      options.onOutput?.(text, stream);
    });
  }
  // nsenter runs the command in a separate process, so this kills both through their group.
  const abort = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  child.on('error', reject);
  child.on('close', (code, signal) => {
    options.signal?.removeEventListener('abort', abort);
    resolve({ code, signal, ...collected });
  });
  if (options.signal?.aborted) abort();
  return promise;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Ends what a lab has left running, with or without its daemon: the daemon, then every machine's group by the file that
 * names it, then whatever carries the lab's mark in its environment. Each process is recognised by pid and start time,
 * or by the mark; none is ever ended by its name.
 */

import { recordedMachineProcess } from '../hypervisor/process-machine.ts';
import { endProcesses, killGroup, type LinuxProcess, processesWithEnvironment, runs } from '../hypervisor/processes.ts';
import { LAB_VARIABLE, type StateDirectory } from './state-directory.ts';

/** A daemon that ends by itself switches its machines off in order; then nothing is left to do here. */
const DAEMON_GRACE_MS = 15_000;
const SWEEPS = 5;

/** Returns how many processes it had to end. */
export async function sweep(state: StateDirectory): Promise<number> {
  let ended = 0;
  const daemon = state.readDaemon();
  if (daemon !== undefined && runs(daemon)) {
    await endProcesses([daemon], DAEMON_GRACE_MS);
    ended += 1;
  }
  for (const directory of state.machineDirectories()) {
    const machine = recordedMachineProcess(directory);
    if (machine !== undefined && runs(machine)) {
      await killGroup(machine.pid);
      ended += 1;
    }
  }
  ended += await sweepMarked(state);
  // Their processes end with the daemon; what a crashed one leaves is cleared away here.
  const lab = state.containersOf();
  if (lab !== undefined) {
    const [{ sweepContainers }, { removeNetwork }] = await Promise.all([
      import('../container/container-record.ts'),
      import('../container/network.ts'),
    ]);
    await sweepContainers(state.machines);
    await removeNetwork(lab);
  }
  return ended;
}

async function sweepMarked(state: StateDirectory): Promise<number> {
  let ended = 0;
  // More than once, since a process may have started another one while it was looked for.
  for (let round = 0; round < SWEEPS; round++) {
    const left: LinuxProcess[] = processesWithEnvironment(LAB_VARIABLE, state.path);
    if (left.length === 0) break;
    await endProcesses(left, 0);
    ended += left.length;
  }
  return ended;
}

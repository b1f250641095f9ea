// SPDX-License-Identifier: Apache-2.0
/**
 * Ends what a lab has left running, with or without its daemon. First it ends the daemon, then every machine's group,
 * which a file names. Then it ends all processes with the lab's mark in their environment. It recognises a process by
 * pid and start time, or by the mark. It never ends one by its name.
 */

import { recordedMachineProcess } from '../hypervisor/process-machine.ts';
import { endProcesses, killGroup, type LinuxProcess, processesWithEnvironment, runs } from '../hypervisor/processes.ts';
import { LAB_VARIABLE, type StateDirectory } from './state-directory.ts';

/** A daemon that ends by itself switches its machines off in order. Then there is nothing left to do here. */
const DAEMON_GRACE_MS = 15_000;
const SWEEPS = 5;

/** Returns the number of processes that it had to end. */
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
  // The processes in containers end with the daemon. This removes what a crashed daemon leaves.
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
  // Several rounds, since a process may have started another one during the search.
  for (let round = 0; round < SWEEPS; round++) {
    const left: LinuxProcess[] = processesWithEnvironment(LAB_VARIABLE, state.path);
    if (left.length === 0) break;
    await endProcesses(left, 0);
    ended += left.length;
  }
  return ended;
}

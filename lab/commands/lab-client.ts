// SPDX-License-Identifier: Apache-2.0
/** The connection from the command line to a running lab. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { callControl, type Frame } from '../daemon/control-socket.ts';
import type { DaemonPlan } from '../daemon/daemon.ts';
import { LAB_VARIABLE, labNames, StateDirectory } from '../daemon/state-directory.ts';
import { sweep } from '../daemon/sweep.ts';
import type { Verb, Verbs } from '../daemon/verbs.ts';
import { type LinuxProcess, processOf, runs } from '../hypervisor/processes.ts';

const DAEMON = fileURLToPath(new URL('../daemon/daemon.ts', import.meta.url));
const SOCKET_LIMIT_MS = 20_000;
const POLL_MS = 20;

/** A mistake of the person: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export async function callLab<V extends Verb>(
  name: string,
  verb: V,
  args: Verbs[V][0],
  options: { readonly hear?: (frame: Frame) => void; readonly signal?: AbortSignal } = {},
): Promise<Verbs[V][1]> {
  const state = StateDirectory.ofLab(name);
  const daemon = state.readDaemon();
  if (daemon === undefined || !runs(daemon)) throw new UsageError(noLab(name, daemon !== undefined));
  const value = await callControl(state.path, state.socketName, { verb, arguments: args }, options);
  return value as Verbs[V][1];
}

function noLab(name: string, crashed: boolean): string {
  if (crashed) {
    return `The lab "${name}" has ended by itself. ./lab.sh down clears it away, ./lab.sh up starts a new one.`;
  }
  const others = labNames().filter((other) => other !== name);
  const hint = others.length === 0 ? '' : ` There is: ${others.join(', ')} (--name).`;
  return `No lab "${name}" is up; start one with ./lab.sh up.${hint}`;
}

/** Starts the daemon in a session of its own. First removes what a crashed daemon of that name has left. */
export async function startDaemon(plan: DaemonPlan): Promise<LinuxProcess> {
  const state = StateDirectory.ofLab(plan.name);
  const existing = state.readDaemon();
  if (existing !== undefined && runs(existing)) {
    throw new UsageError(`The lab "${plan.name}" is up already; see ./lab.sh status, or end it with ./lab.sh down.`);
  }
  await sweep(state);
  state.remove();
  state.make();
  const words = [process.execPath, DAEMON, JSON.stringify(plan)];
  const [program = '', ...args] = needsNetwork(plan) ? await inNetwork(state, plan, words) : words;
  const log = openSync(state.log, 'a');
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, [LAB_VARIABLE]: state.path },
  });
  closeSync(log);
  child.unref();
  const identity = child.pid === undefined ? undefined : processOf(child.pid);
  if (identity === undefined) throw new Error('The process of the lab could not be started.');
  await untilItListens(state, identity);
  return identity;
}

/** Machines that share no address with others: containers, and those to which an Elastic IP leads. */
function needsNetwork({ image, mode }: DaemonPlan): boolean {
  return image !== undefined || mode === 'elastic-ip';
}

/** Makes the lab's network, and returns the command that runs the words in it. */
async function inNetwork(
  state: StateDirectory,
  plan: DaemonPlan,
  words: readonly string[],
): Promise<readonly string[]> {
  const { makeNetwork } = await import('../container/network.ts');
  // This comes first: after any failure `down` then knows what to look for.
  state.markContainers(plan.name);
  const { namespace } = await makeNetwork(plan.name, plan);
  return entering(namespace, words);
}

/** Runs a program in a network namespace. It keeps its view of the file system, unlike with ip netns exec. */
export function entering(namespace: string, words: readonly string[]): readonly string[] {
  return ['nsenter', `--net=/run/netns/${namespace}`, '--', ...words];
}

async function untilItListens(state: StateDirectory, daemon: LinuxProcess): Promise<void> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  const { existsSync } = await import('node:fs');
  const deadline = performance.now() + SOCKET_LIMIT_MS;
  while (!existsSync(`${state.path}/${state.socketName}`)) {
    if (!runs(daemon)) throw new Error(`The lab ended at its start; ${state.log} tells why.`);
    if (performance.now() > deadline) throw new Error(`The lab does not listen; ${state.log} tells why.`);
    await sleep(POLL_MS);
  }
}

/** Ends the lab and removes its directory. Returns the number of processes that were ended. Can be called again. */
export async function endLab(name: string): Promise<number> {
  const state = StateDirectory.ofLab(name);
  const ended = await sweep(state);
  state.remove();
  return ended;
}

/** Ends the lab only if it belongs to this daemon. If another `up` took the name first, its lab stays. */
export async function endOwnLab(name: string, daemon: LinuxProcess): Promise<void> {
  const record = StateDirectory.ofLab(name).readDaemon();
  if (record === undefined || (record.pid === daemon.pid && record.startTime === daemon.startTime)) await endLab(name);
}

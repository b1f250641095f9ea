// SPDX-License-Identifier: Apache-2.0
/**
 * The background process of a lab: `node daemon.ts '<DaemonPlan as JSON>'`. It opens the control socket at once, so
 * that its starter can follow the start. It ends on SIGTERM, SIGINT or `down`, with everything that belongs to it.
 */
import { appendFileSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IdentityMode } from '../../cf/template-options.ts';
import { processOf } from '../hypervisor/processes.ts';
import { agentCommand } from './agent-program.ts';
import type { ImageParts } from './container-ground.ts';
import { type ControlRequest, type Frame, serveControl } from './control-socket.ts';
import type { Lab } from './running-lab.ts';
import { startLab } from './start-lab.ts';
import { type DaemonRecord, StateDirectory } from './state-directory.ts';
import { runVerb } from './verbs.ts';

export interface DaemonPlan {
  readonly name: string;
  readonly nodes: number;
  readonly productionTiming: boolean;
  /** The nodes keep names. */
  readonly zone?: boolean;
  readonly tickSeconds?: number | 'never';
  /** Replaces the agent's command, which is the bundled source; for tests. */
  readonly agentCommand?: readonly string[];
  /** The machines boot an image that is baked from these parts. This process is then in the lab's network namespace. */
  readonly image?: ImageParts;
  /** How nodes come by their ids and addresses. With Elastic IPs this process is in the lab's network namespace. */
  readonly mode?: IdentityMode;
  /** The lab's network forgets connections that are idle for so long; with `image` only, and never when left out. */
  readonly idleTimeoutSeconds?: number;
}

const FAILED_START_GRACE_MS = 1_000;

const plan = JSON.parse(process.argv[2] ?? '') as DaemonPlan;
const state = StateDirectory.ofLab(plan.name);
const stopping = new AbortController();
const progressLines: string[] = [];
let started = false;
const listeners = new Set<(line: string) => void>();

function log(line: string): void {
  appendFileSync(state.log, `${new Date().toISOString()} ${line}\n`);
}

function progress(line: string): void {
  progressLines.push(line);
  for (const listener of listeners) listener(line);
  log(line);
}

/** Only one daemon can write the file. A second `up` of the same name at the same moment ends here. */
function takeName(): void {
  const itself = processOf(process.pid);
  if (itself === undefined) throw new Error('This process is not in /proc; the lab needs Linux.');
  const record: DaemonRecord = { ...itself, name: plan.name, startedAt: new Date().toISOString() };
  const own = join(state.path, `daemon.json.${process.pid}`);
  writeFileSync(own, JSON.stringify(record), { mode: 0o600 });
  try {
    linkSync(own, join(state.path, 'daemon.json'));
  } finally {
    rmSync(own);
  }
}

async function start(): Promise<Lab> {
  const command = plan.agentCommand ?? (plan.image === undefined ? await bundled() : []);
  return startLab({
    name: plan.name,
    state,
    nodes: plan.nodes,
    productionTiming: plan.productionTiming,
    zone: plan.zone ?? false,
    ...(plan.tickSeconds === undefined ? {} : { tickSeconds: plan.tickSeconds }),
    agentCommand: command,
    ...(plan.image === undefined ? {} : { image: plan.image }),
    ...(plan.mode === undefined ? {} : { mode: plan.mode }),
    deployed: 'script',
    progress,
    signal: stopping.signal,
  });
}

function bundled(): Promise<readonly string[]> {
  progress('bundling the agent');
  return agentCommand();
}

/** Passes on every line since the start began, and every later line. Returns the function that ends this. */
function follow(hear: (line: string) => void): () => void {
  progressLines.forEach(hear);
  listeners.add(hear);
  return () => listeners.delete(hear);
}

async function answer(
  { verb, arguments: args }: ControlRequest,
  emit: (frame: Frame) => void,
  signal: AbortSignal,
): Promise<unknown> {
  const hear = (line: string): void => emit({ kind: 'progress', line });
  // A caller of `healthy` also gets the lines of the deployment, which lasts until every node has signalled.
  const hearsAll = verb === 'healthy';
  const unfollow = hearsAll || !started ? follow(hear) : () => {};
  try {
    const lab = await starting;
    if (!hearsAll) unfollow();
    return await runVerb(lab, verb, args, emit, signal);
  } finally {
    unfollow();
  }
}

state.make();
takeName();
const starting = start();
starting.then(
  () => {
    started = true;
  },
  (error: unknown) => {
    log(`The lab did not start: ${error instanceof Error ? error.stack : error}`);
    // Callers that wait for the start get the failure first.
    setTimeout(() => void end(), FAILED_START_GRACE_MS);
  },
);
let ended = false;

async function end(): Promise<void> {
  if (ended) return;
  ended = true;
  stopping.abort(new Error('The lab is told to end.'));
  try {
    const lab = await starting.catch(() => undefined);
    await lab?.[Symbol.asyncDispose]();
    rmSync(join(state.path, 'daemon.json'), { force: true });
    log('ended');
    process.exit(0);
  } catch (error) {
    // `down` finds the rest by itself.
    log(`The end was not clean: ${String(error)}`);
    process.exit(1);
  }
}

process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
process.on('uncaughtException', (error) => {
  log(`The lab failed: ${error.stack}`);
  void end();
});

await serveControl(state.path, state.socketName, answer);

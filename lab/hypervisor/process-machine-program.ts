// SPDX-License-Identifier: Apache-2.0
/**
 * One machine of the lab. It is the first process of its own session, so its process group contains the whole machine:
 * this process, the agent's runs, the ZooKeeper server. One signal reaches all of them.
 *
 * It does what systemd and cron do on a real node: `bootstrap` once at boot, `recovery` every few seconds. Ticks may
 * overlap, as with cron; the agent's own lock keeps them apart. It boots only when told to, so this process starts
 * while the instance is still pending.
 *
 * When the daemon is gone, it ends with everything in its group, so a lab that crashed leaves no servers. It loads only
 * Node's own modules, because the start of an ensemble waits for this file.
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import type { BootPlan, MachineEvent, MachinePlan, MachineRequest } from './machine-messages.ts';

/** Cron would start more. But when a paused lab is resumed, its ticks must not overload it. */
const TICKS_AT_ONCE_LIMIT = 3;

const plan = JSON.parse(process.argv[2] ?? '') as MachinePlan;
const [agentProgram, ...agentArguments] = plan.agentCommand;
if (agentProgram === undefined) throw new Error('The plan of the machine names no agent.');
const program = agentProgram;
const agentLog = openSync(`${plan.directory}/log/agent.log`, 'a');
const runs = new Map<number, ReturnType<typeof spawn>>();
let ticking = 0;

function say(event: MachineEvent): void {
  if (process.connected) process.send?.(event);
}

function startUnattended(command: string, ended: (code: number | null) => void): void {
  const child = spawn(program, [...agentArguments, command], {
    cwd: plan.directory,
    stdio: ['ignore', agentLog, agentLog],
  });
  let over = false;
  const end = (code: number | null): void => {
    if (!over) ended(code);
    over = true;
  };
  child.on('error', () => end(null));
  child.on('exit', end);
}

function tick(): void {
  if (ticking >= TICKS_AT_ONCE_LIMIT) return;
  ticking += 1;
  startUnattended('recovery', () => {
    ticking -= 1;
  });
}

function runAgent(request: Extract<MachineRequest, { kind: 'run-agent' }>): void {
  const { run } = request;
  const child = spawn(program, [...agentArguments, ...request.arguments], {
    cwd: plan.directory,
    env: { ...process.env, ...request.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  runs.set(run, child);
  child.stdout.setEncoding('utf8').on('data', (text: string) => say({ kind: 'output', run, stream: 'stdout', text }));
  child.stderr.setEncoding('utf8').on('data', (text: string) => say({ kind: 'output', run, stream: 'stderr', text }));
  child.on('error', (error) => say({ kind: 'output', run, stream: 'stderr', text: `${error.message}\n` }));
  // 'close' comes after the last output. A server that the agent starts has its own log file and keeps no pipe open.
  child.on('close', (code, signal) => {
    runs.delete(run);
    say({ kind: 'exit', run, code, signal });
  });
}

function boot({ bootstrap, tickSeconds }: BootPlan): void {
  if (bootstrap) startUnattended('bootstrap', (code) => say({ kind: 'bootstrapped', code }));
  if (tickSeconds === 'never') return;
  const periodMs = tickSeconds * 1000;
  // The crons of the machines have different phases, taken from the instances' ids. No tick comes in the first moments.
  const spread = (Number.parseInt(plan.instance.slice(-4), 16) || 0) / 0x1_0000;
  const phaseMs = (periodMs * (1 + spread)) / 2;
  setTimeout(() => {
    tick();
    setInterval(tick, periodMs);
  }, phaseMs);
}

process.on('message', (request: MachineRequest) => {
  if (request.kind === 'boot') boot(request);
  else if (request.kind === 'run-agent') runAgent(request);
  else runs.get(request.run)?.kill(request.signal);
});
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));

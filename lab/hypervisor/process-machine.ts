// SPDX-License-Identifier: Apache-2.0
/** A machine that is a process group with a directory: boots it, runs the agent on it, pauses, kills and reboots it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { LabNetwork } from '../container/network.ts';
import { asideIn, idIn, lastSentence } from './agent-log.ts';
import type { AgentRun, AgentRunOptions, Killable, Machine, MachineState } from './machine.ts';
import type { BootPlan, MachineEvent, MachinePlan, MachineRequest } from './machine-messages.ts';
import {
  commandLineOf,
  groupMembers,
  killGroup,
  type LinuxProcess,
  processOf,
  signalGroup,
  signalProcess,
} from './processes.ts';

interface ProcessMachineOptions {
  readonly instance: string;
  readonly directory: string;
  /** The bundle of process-machine-program.ts. */
  readonly program: string;
  readonly agentCommand: readonly string[];
  /** Called at each boot. */
  readonly bootPlan: () => BootPlan;
  /** The contents of agent.env, which cloud-init writes from the user data. */
  readonly agentEnv: string;
  /** With this, all of the machine is in a network namespace of its own, at this address. */
  readonly place?: { readonly network: LabNetwork; readonly address: string };
  /** The whole environment of the machine's processes. */
  readonly environment: Readonly<Record<string, string>>;
}

interface PendingRun {
  stdout: string;
  stderr: string;
  readonly onOutput: AgentRunOptions['onOutput'];
  finish(run: AgentRun): void;
  fail(error: Error): void;
}

const DIRECTORIES = ['data', 'conf', 'run', 'log'];

export class ProcessMachine implements Machine {
  readonly instance: string;
  readonly directory: string;
  readonly #options: ProcessMachineOptions;
  readonly #runs = new Map<number, PendingRun>();
  #child: ChildProcess | undefined;
  /** The path of its network namespace, once it has one. */
  #namespace: string | undefined;
  #group: number | undefined;
  #booted = false;
  #paused = false;
  #lastRun = 0;
  #bootstrapped: Promise<number | null> = Promise.resolve(null);

  constructor(options: ProcessMachineOptions) {
    this.#options = options;
    this.instance = options.instance;
    this.directory = options.directory;
  }

  get state(): MachineState {
    if (!this.#booted) return 'off';
    return this.#paused ? 'paused' : 'running';
  }

  get bootstrapped(): Promise<number | null> {
    return this.#bootstrapped;
  }

  /** Starts the machine's own process, which waits for the order to boot. */
  async prepare(): Promise<void> {
    const { place } = this.#options;
    if (place !== undefined) this.#namespace ??= await place.network.attach(this.instance, place.address);
    this.#prepare();
  }

  #prepare(): void {
    if (this.#group !== undefined) return;
    const { directory, agentEnv } = this.#options;
    for (const name of DIRECTORIES) mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, 'agent.env'), agentEnv, { mode: 0o600 });
    // systemd's tmpfiles does this at boot: /run is empty again.
    rmSync(join(directory, 'run'), { recursive: true, force: true });
    mkdirSync(join(directory, 'run'), { mode: 0o700 });
    const child = this.#spawn();
    const { pid } = child;
    const started = pid === undefined ? undefined : processOf(pid);
    if (started === undefined) throw new Error(`The process of machine ${this.instance} could not be started.`);
    // With this file, `down` finds the group even when the daemon that started it is gone.
    writeFileSync(join(directory, 'run', 'machine.json'), JSON.stringify(started));
    this.#child = child;
    this.#group = started.pid;
    this.#listen(child);
  }

  async boot(): Promise<void> {
    if (this.#booted) throw new Error(`Machine ${this.instance} is on already.`);
    await this.prepare();
    const request: MachineRequest = { kind: 'boot', ...this.#options.bootPlan() };
    this.#child?.send(request);
    this.#booted = true;
    this.#paused = false;
  }

  #spawn(): ChildProcess {
    const { instance, directory, program, agentCommand, environment } = this.#options;
    const plan: MachinePlan = { instance, directory, agentCommand };
    const log = openSync(join(directory, 'log', 'machine.log'), 'a');
    try {
      const words = [process.execPath, program, JSON.stringify(plan)];
      const entering = this.#namespace === undefined ? [] : ['nsenter', `--net=${this.#namespace}`, '--'];
      const [command = '', ...rest] = [...entering, ...words];
      return spawn(command, rest, {
        cwd: directory,
        detached: true,
        env: environment,
        stdio: ['ignore', log, log, 'ipc'],
      });
    } finally {
      closeSync(log);
    }
  }

  #listen(child: ChildProcess): void {
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    promise.catch(() => undefined);
    this.#bootstrapped = promise;
    child.on('message', (event: MachineEvent) => {
      if (event.kind === 'bootstrapped') resolve(event.code);
      else this.#hear(event);
    });
    child.on('error', () => undefined);
    child.once('exit', () => {
      const gone = new Error(`Machine ${this.instance} went off.`);
      reject(gone);
      for (const run of this.#runs.values()) run.fail(gone);
      this.#runs.clear();
    });
  }

  #hear(event: Exclude<MachineEvent, { kind: 'bootstrapped' }>): void {
    const run = this.#runs.get(event.run);
    if (run === undefined) return;
    if (event.kind === 'output') {
      run[event.stream] += event.text;
      run.onOutput?.(event.stream, event.text);
      return;
    }
    this.#runs.delete(event.run);
    run.finish({ code: event.code, signal: event.signal, stdout: run.stdout, stderr: run.stderr });
  }

  async runAgent(args: readonly string[], options: AgentRunOptions = {}): Promise<AgentRun> {
    options.signal?.throwIfAborted();
    const child = this.#child;
    if (child === undefined || !child.connected) {
      throw new Error(`Machine ${this.instance} is off; nothing runs on it.`);
    }
    const run = ++this.#lastRun;
    const { promise, resolve, reject } = Promise.withResolvers<AgentRun>();
    this.#runs.set(run, { stdout: '', stderr: '', onOutput: options.onOutput, finish: resolve, fail: reject });
    const send = (request: MachineRequest): boolean => child.connected && child.send(request);
    const abort = (): void => void send({ kind: 'signal-run', run, signal: 'SIGTERM' });
    options.signal?.addEventListener('abort', abort, { once: true });
    send({ kind: 'run-agent', run, arguments: args, environment: options.environment ?? {} });
    try {
      return await promise;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  /** Sends SIGSTOP to everything of the machine. */
  async pause(): Promise<void> {
    this.#signalAll('SIGSTOP');
    this.#paused = true;
  }

  async resume(): Promise<void> {
    this.#signalAll('SIGCONT');
    this.#paused = false;
  }

  #signalAll(signal: NodeJS.Signals): void {
    if (!this.#booted || this.#group === undefined || !signalGroup(this.#group, signal)) {
      throw new Error(`Machine ${this.instance} is off.`);
    }
  }

  kill(what: Killable): readonly LinuxProcess[] {
    const [zookeeper, agent] = this.#programs();
    const targets = what === 'zookeeper' ? zookeeper : what === 'agent' ? agent : [...agent, ...zookeeper];
    return targets.filter((target) => signalProcess(target, 'SIGKILL'));
  }

  zookeeperProcesses(): readonly LinuxProcess[] {
    return this.#programs()[0];
  }

  #programs(): readonly [zookeeper: LinuxProcess[], agent: LinuxProcess[]] {
    const zookeeper: LinuxProcess[] = [];
    const agent: LinuxProcess[] = [];
    for (const member of this.#group === undefined ? [] : groupMembers(this.#group)) {
      const command = commandLineOf(member.pid);
      if (member.pid === this.#group) continue;
      if (isServer(command)) zookeeper.push(member);
      else if (this.#options.agentCommand.every((word, index) => command[index] === word)) agent.push(member);
    }
    return [zookeeper, agent];
  }

  id(): Promise<number | undefined> {
    return idIn(join(this.directory, 'data'));
  }

  aside(): Promise<readonly string[]> {
    return asideIn(join(this.directory, 'data'));
  }

  said(): Promise<string | undefined> {
    return lastSentence(join(this.directory, 'log', 'agent.log'));
  }

  /**
   * Nothing on this machine would shut down in order. The server survives a power cut, and the agent starts again
   * anyway.
   */
  shutDown(): Promise<void> {
    return this.powerOff();
  }

  /** Sends SIGKILL to everything of the machine. */
  async powerOff(): Promise<void> {
    const group = this.#group;
    const child = this.#child;
    if (group === undefined) return;
    const exited = child === undefined ? undefined : exitOf(child);
    await killGroup(group);
    await exited;
    this.#group = undefined;
    this.#child = undefined;
    this.#booted = false;
    this.#paused = false;
    rmSync(join(this.directory, 'run', 'machine.json'), { force: true });
  }

  async remove(): Promise<void> {
    await this.powerOff();
    if (this.#namespace === undefined) return;
    this.#namespace = undefined;
    await this.#options.place?.network.detach(this.instance);
  }

  async reboot(): Promise<void> {
    await this.powerOff();
    await this.boot();
  }
}

/**
 * Resolves when it has ended. `once` of node:events would reject at an error: the order to boot may find the process
 * gone while it is being switched off.
 */
function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

/** The machine process that is recorded in a directory, if one was booted there and not switched off since. */
export function recordedMachineProcess(directory: string): LinuxProcess | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'run', 'machine.json'), 'utf8')) as LinuxProcess;
  } catch {
    return undefined;
  }
}

/** A shell stays beside a server to note its end. It has the server's arguments too, but is not a server. */
function isServer([program = '', ...args]: readonly string[]): boolean {
  return basename(program) !== 'sh' && args.some((word) => word.startsWith('org.apache.zookeeper.server.'));
}

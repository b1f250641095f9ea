// SPDX-License-Identifier: Apache-2.0
/** A machine that boots the root file system of its instance's image, with systemd, in a container. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, type ContainerProcess } from '../container/container.ts';
import type { LabNetwork } from '../container/network.ts';
import { asideIn, idIn } from './agent-log.ts';
import { BOOTSTRAP_UNIT, ImageLog } from './image-log.ts';
import type { AgentRun, AgentRunOptions, Killable, Machine, MachineState } from './machine.ts';
import { type LinuxProcess, processOf, signalProcess } from './processes.ts';

interface ContainerMachineOptions {
  readonly lab: string;
  readonly instance: string;
  readonly directory: string;
  readonly address: string;
  /** The layers of the image, topmost first. */
  readonly layers: readonly string[];
  readonly memoryMib: number;
  /** The size of its own disk. Without it, the disk is as large as the host's. */
  readonly diskMib?: number;
  readonly network: LabNetwork;
}

const AGENT = '/usr/local/bin/zk-agent';
/** The executable and its other names, as cron and the units call them. */
const AGENT_NAMES = new Set(['zk-agent', 'zk-bootstrap', 'zk-recovery', 'zk-remove-terminated']);
const DATA_DIRECTORY = 'var/lib/zookeeper';
const SHUT_DOWN_LIMIT_MS = 30_000;
const UNIT_POLL_MS = 1_000;

export class ContainerMachine implements Machine {
  readonly instance: string;
  readonly directory: string;
  readonly #options: ContainerMachineOptions;
  readonly #log: ImageLog;
  #container: Container | undefined;
  #bootstrapped: Promise<number | null> | undefined;
  #boots = 0;

  constructor(options: ContainerMachineOptions) {
    this.#options = options;
    this.instance = options.instance;
    this.directory = options.directory;
    this.#log = new ImageLog(() => this.rootDirectory);
  }

  get state(): MachineState {
    return this.#container?.state ?? 'off';
  }

  /** The disk as the machine sees it. While the machine is off: its changes to the image. */
  get rootDirectory(): string {
    return this.#container?.rootDirectory ?? join(this.directory, 'upper');
  }

  /** The machine's changes to its image. They are a layer once it is off. */
  get upperDirectory(): string {
    return join(this.directory, 'upper');
  }

  get layers(): readonly string[] {
    return this.#options.layers;
  }

  /** Polled once a second from the first read on, until the unit has ended. */
  get bootstrapped(): Promise<number | null> {
    this.#bootstrapped ??= this.#untilBootstrapped(this.#boots);
    return this.#bootstrapped;
  }

  async prepare(): Promise<void> {
    if (this.#container !== undefined) return;
    const { lab, instance, directory, address, layers, memoryMib, diskMib, network } = this.#options;
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const networkNamespace = await network.attach(instance, address);
    this.#container = new Container({
      name: `zk-${lab}-${instance}`,
      directory,
      layers,
      networkNamespace,
      hostName: `ip-${address.replaceAll('.', '-')}`,
      environmentLimits: { memoryMiB: memoryMib, ...(diskMib === undefined ? {} : { diskMiB: diskMib }) },
    });
  }

  async boot(): Promise<void> {
    await this.prepare();
    this.#boots += 1;
    this.#bootstrapped = undefined;
    await this.#container?.boot();
  }

  async shutDown(): Promise<void> {
    await this.#container?.shutDown(SHUT_DOWN_LIMIT_MS);
  }

  async powerOff(): Promise<void> {
    await this.#container?.powerOff();
  }

  async remove(): Promise<void> {
    await this.powerOff();
    this.#container = undefined;
    await this.#options.network.detach(this.instance);
  }

  pause(): Promise<void> {
    return this.#on().pause();
  }

  resume(): Promise<void> {
    return this.#on().resume();
  }

  kill(what: Killable): readonly LinuxProcess[] {
    const kinds = what === 'both' ? [isAgent, isZookeeper] : [what === 'agent' ? isAgent : isZookeeper];
    const targets = kinds.flatMap((isMeant) => this.#processes(isMeant));
    return targets.filter((target) => signalProcess(target, 'SIGKILL'));
  }

  zookeeperProcesses(): readonly LinuxProcess[] {
    return this.#processes(isZookeeper);
  }

  #processes(isMeant: (process: ContainerProcess) => boolean): readonly LinuxProcess[] {
    return (this.#container?.processes() ?? []).filter(isMeant).flatMap(({ pid }) => processOf(pid) ?? []);
  }

  async runAgent(args: readonly string[], options: AgentRunOptions = {}): Promise<AgentRun> {
    const { environment, signal, onOutput } = options;
    return this.#on().exec([AGENT, ...args], {
      ...(environment === undefined ? {} : { environment }),
      ...(signal === undefined ? {} : { signal }),
      ...(onOutput === undefined ? {} : { onOutput: (text, stream) => onOutput(stream, text) }),
    });
  }

  id(): Promise<number | undefined> {
    return idIn(join(this.rootDirectory, DATA_DIRECTORY));
  }

  aside(): Promise<readonly string[]> {
    return asideIn(join(this.rootDirectory, DATA_DIRECTORY));
  }

  said(): Promise<string | undefined> {
    return this.#log.lastSentence();
  }

  #on(): Container {
    if (this.#container === undefined || this.#container.state === 'off') {
      throw new Error(`Machine ${this.instance} is off.`);
    }
    return this.#container;
  }

  async #untilBootstrapped(boot: number): Promise<number | null> {
    for (;;) {
      if (this.#boots !== boot || this.state === 'off') throw new Error(`Machine ${this.instance} went off.`);
      const ended = this.state === 'paused' ? undefined : await this.#bootstrapResult();
      if (ended !== undefined) return ended.code;
      await sleep(UNIT_POLL_MS);
    }
  }

  /** Undefined while the unit has not ended in this boot. Where this unit does not exist, there is no code. */
  async #bootstrapResult(): Promise<{ readonly code: number | null } | undefined> {
    const properties = ['LoadState', 'ActiveState', 'ExecMainExitTimestampMonotonic', 'ExecMainStatus'];
    const command = ['systemctl', 'show', BOOTSTRAP_UNIT, `--property=${properties.join(',')}`];
    // The machine's systemd may not listen yet, or no longer.
    const { code, stdout } = await this.#on().exec(command);
    if (code !== 0) return undefined;
    const shown = new Map(stdout.split('\n').map((line) => line.split('=') as [string, string]));
    if (shown.get('LoadState') === 'not-found') return { code: null };
    if (shown.get('ActiveState') === 'activating') return undefined;
    if (Number(shown.get('ExecMainExitTimestampMonotonic') ?? 0) === 0) return undefined;
    return { code: Number(shown.get('ExecMainStatus')) };
  }
}

function isZookeeper({ command }: ContainerProcess): boolean {
  return command.some((word) => word.startsWith('org.apache.zookeeper.server.'));
}

function isAgent({ command }: ContainerProcess): boolean {
  return AGENT_NAMES.has(command[0]?.split('/').at(-1) ?? '');
}

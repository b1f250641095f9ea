// SPDX-License-Identifier: Apache-2.0
/**
 * A machine that systemd-nspawn boots from layers. It has its own disk, namespaces and control groups. Everything in it
 * runs below one process, which dies with the process that booted it. So a killed daemon leaves no machine. The host
 * sees none of its mounts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LinuxProcess, processOf, runs, signalProcess } from '../hypervisor/processes.ts';
import { makeBoundedDisk, mountPointOf } from './bounded-disk.ts';
import { ConsoleLog } from './console-log.ts';
import { type ContainerProcess, childrenOf, firstProcessBelow, processesBeside } from './container-processes.ts';
import { removeContainerRecord, writeContainerRecord } from './container-record.ts';
import {
  type ControlGroups,
  hasVersionTwo,
  joinFiles,
  limitMemory,
  makeControlGroups,
  removeControlGroups,
  setFrozen,
} from './control-groups.ts';
import { type ExecOptions, type ExecResult, execIn } from './exec.ts';
import { type Disk, overlayOptions } from './layers.ts';

export type { ContainerProcess } from './container-processes.ts';

export interface ContainerOptions {
  /** Unique on this host; letters, digits and hyphens. */
  readonly name: string;
  /** The machine's own directory, with the upper directory of its disk, its console and its record. */
  readonly directory: string;
  /** Topmost first, the base last. */
  readonly layers: readonly string[];
  /** A path, as the network's attach returns it. */
  readonly networkNamespace: string;
  readonly hostName: string;
  /** Without a size, the disk is as large as the one that has its directory. */
  readonly environmentLimits?: { readonly memoryMiB?: number; readonly diskMiB?: number };
  /**
   * Called with a sentence why, when the machine went off without an order from here. A reboot inside the machine is
   * handled here.
   */
  readonly onOff?: (why: string) => void;
}

type ContainerState = 'off' | 'running' | 'paused';

interface Running {
  readonly outer: ChildProcess;
  readonly nspawn: LinuxProcess;
  readonly first: LinuxProcess;
  readonly groups: ControlGroups;
  readonly ended: Promise<void>;
}

const BOOT_LIMIT_MS = 60_000;
const END_LIMIT_MS = 20_000;
/** With --keep-unit, systemd-nspawn does not reboot the machine itself. It tells its caller with this code. */
const REBOOT_CODE = 133;
/** systemd(1): SIGRTMIN+4 powers off in order. glibc's SIGRTMIN is 34. */
const POWER_OFF_SIGNAL = 38;
const EXEC_GROUP = 'exec';

export class Container {
  readonly options: ContainerOptions;
  readonly #console: ConsoleLog;
  #running: Running | undefined;
  #starting: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  #paused = false;
  #stopped: readonly LinuxProcess[] = [];
  #toldToEnd = false;

  constructor(options: ContainerOptions) {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(options.name)) throw new Error(`"${options.name}" can't name a container.`);
    this.options = options;
    this.#console = new ConsoleLog(join(options.directory, 'console.log'));
  }

  get state(): ContainerState {
    if (this.#running === undefined) return 'off';
    return this.#paused ? 'paused' : 'running';
  }

  /** While the machine runs, its disk as the machine sees it. While it is off, its changes: the upper directory. */
  get rootDirectory(): string {
    return this.#running === undefined ? this.upperDirectory : `/proc/${this.#running.first.pid}/root`;
  }

  get upperDirectory(): string {
    return this.disk.upper;
  }

  get disk(): Disk {
    const { directory, layers, environmentLimits } = this.options;
    const own = environmentLimits?.diskMiB === undefined ? directory : mountPointOf(directory);
    return { layers, upper: join(own, 'upper'), work: join(own, 'work') };
  }

  get consoleLog(): string {
    return this.#console.path;
  }

  /** Resolves when the machine's systemd runs, long before the boot is complete. */
  async boot(): Promise<void> {
    await this.#ending;
    if (this.#running !== undefined || this.#starting !== undefined) {
      throw new Error(`Machine ${this.options.name} runs already.`);
    }
    this.#toldToEnd = false;
    this.#starting = this.#start();
    try {
      await this.#starting;
    } finally {
      this.#starting = undefined;
    }
  }

  /** A power cut: everything is killed at once. What was written stays in the upper directory. */
  async powerOff(): Promise<void> {
    this.#toldToEnd = true;
    await this.#starting?.catch(() => {});
    const running = this.#running;
    if (running === undefined) return;
    this.#console.close();
    signalProcess(running.nspawn, 'SIGKILL');
    // A frozen or stopped process dies when it runs again, and does nothing else before.
    if (this.#paused) await this.#thaw(running);
    await withLimit(running.ended, END_LIMIT_MS, `Machine ${this.options.name} is not off after SIGKILL`);
  }

  /** Asks the machine's systemd to power off, as EC2's stop does. After `limitMs` the power is cut. */
  async shutDown(limitMs: number): Promise<void> {
    await this.#starting?.catch(() => {});
    this.#toldToEnd = true;
    const running = this.#running;
    if (running === undefined) return;
    if (this.#paused) return this.powerOff();
    if (runs(running.first)) process.kill(running.first.pid, POWER_OFF_SIGNAL);
    await withLimit(running.ended, limitMs, '').catch(() => this.powerOff());
  }

  /** Stops every process where it is: with the freezer, or with SIGSTOP where there is no freezer. */
  async pause(): Promise<void> {
    const running = this.#mustRun();
    if (this.#paused) return;
    if (!(await setFrozen(running.groups, true))) {
      this.#stopped = this.processes().flatMap(({ pid }) => processOf(pid) ?? []);
      for (const process of this.#stopped) signalProcess(process, 'SIGSTOP');
    }
    this.#paused = true;
  }

  async resume(): Promise<void> {
    if (!this.#paused) return;
    await this.#thaw(this.#mustRun());
  }

  /** Runs a command as root in all of the machine's namespaces. Its environment has only these variables and a PATH. */
  async exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { first, groups } = this.#mustRun();
    if (this.#paused) throw new Error(`Machine ${this.options.name} is paused; resume it first.`);
    return execIn(first.pid, joinFiles(groups, EXEC_GROUP), command, options);
  }

  /** All processes of the machine; none while it is off. */
  processes(): readonly ContainerProcess[] {
    return this.#running === undefined ? [] : processesBeside(this.#running.first.pid);
  }

  #mustRun(): Running {
    if (this.#running === undefined) throw new Error(`Machine ${this.options.name} is off.`);
    return this.#running;
  }

  async #thaw(running: Running): Promise<void> {
    if (!(await setFrozen(running.groups, false))) {
      for (const process of this.#stopped) signalProcess(process, 'SIGCONT');
      this.#stopped = [];
    }
    this.#paused = false;
  }

  async #start(): Promise<void> {
    const { directory, name, environmentLimits } = this.options;
    const disk = this.disk;
    const root = join(directory, 'root');
    for (const path of [disk.upper, disk.work, root]) mkdirSync(path, { recursive: true, mode: 0o755 });
    const diskMiB = environmentLimits?.diskMiB;
    const bounded = diskMiB === undefined ? {} : await makeBoundedDisk(directory, diskMiB);
    this.#console.open();
    const groups = makeControlGroups(name);
    if (environmentLimits?.memoryMiB !== undefined) limitMemory(groups, environmentLimits.memoryMiB);
    const outer = spawn(join(import.meta.dirname, 'machine.sh'), ['join'], {
      // The machine is not in the terminal's process group. Keys such as Ctrl-C are for the daemon, which ends its
      // machines itself.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.#environment(groups, root), ...bounded },
    });
    const exit = new Promise<number | null>((resolve, reject) => {
      outer.once('error', reject);
      outer.once('exit', resolve);
    });
    for (const stream of [outer.stdout, outer.stderr]) stream.on('data', (chunk: Buffer) => this.#console.write(chunk));
    const found = await this.#untilFirstProcess(outer, exit).catch(async (error: unknown) => {
      await exit.catch(() => null);
      await this.#removeGroups(groups);
      throw error;
    });
    const ended = exit.then((code) => this.#whenEnded(code));
    this.#running = { outer, ...found, groups, ended };
    writeContainerRecord(directory, { process: found.nspawn, groups });
  }

  #environment(groups: ControlGroups, root: string): NodeJS.ProcessEnv {
    const { name, hostName, networkNamespace } = this.options;
    const memoryMiB = this.options.environmentLimits?.memoryMiB;
    return {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      GROUP_FILES: joinFiles(groups).join(' '),
      DAEMON: String(process.pid),
      DISK: overlayOptions(this.disk),
      ROOT: root,
      NETWORK: networkNamespace,
      MACHINE: name,
      HOST_NAME: hostName,
      SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: hasVersionTwo() ? '1' : '0',
      // The limits of the group are not visible inside it, so a variable tells Java how much memory the machine has.
      PARAMETERS: memoryMiB === undefined ? '' : `systemd.setenv=JDK_JAVA_OPTIONS=-XX:MaxRAM=${memoryMiB}m`,
    };
  }

  async #untilFirstProcess(
    outer: ChildProcess,
    exit: Promise<number | null>,
  ): Promise<{ readonly nspawn: LinuxProcess; readonly first: LinuxProcess }> {
    let code: number | null | undefined;
    exit.then(
      (value) => {
        code = value;
      },
      () => {
        code = null;
      },
    );
    const deadline = performance.now() + BOOT_LIMIT_MS;
    while (performance.now() < deadline && code === undefined) {
      const nspawn = outer.pid === undefined ? undefined : childrenOf(outer.pid)[0];
      const first = nspawn === undefined ? undefined : firstProcessBelow(nspawn);
      const identities = [nspawn, first].map((pid) => (pid === undefined ? undefined : processOf(pid)));
      const [nspawnIdentity, firstIdentity] = identities;
      if (nspawnIdentity !== undefined && firstIdentity !== undefined) {
        return { nspawn: nspawnIdentity, first: firstIdentity };
      }
      await sleep(20);
    }
    outer.kill('SIGKILL');
    const why =
      code === undefined ? `its systemd does not run after ${BOOT_LIMIT_MS / 1000} s` : `it ended with ${code}`;
    throw new Error(`Machine ${this.options.name} could not be booted: ${why}.\n${this.#consoleTail()}`);
  }

  async #whenEnded(code: number | null): Promise<void> {
    const groups = this.#running?.groups;
    this.#running = undefined;
    this.#paused = false;
    removeContainerRecord(this.options.directory);
    this.#ending = groups === undefined ? undefined : this.#removeGroups(groups);
    await this.#ending;
    if (this.#toldToEnd) return;
    const off = (why: string): void => this.options.onOff?.(`Machine ${this.options.name} ${why}`);
    if (code === 0) off('has powered itself off.');
    else if (code !== REBOOT_CODE) off(`has crashed: systemd-nspawn ended with ${code}.`);
    else await this.boot().catch((error: unknown) => off(`did not come back from a reboot: ${error}`));
  }

  /** An empty group that remains does no harm: the next boot uses it again. */
  async #removeGroups(groups: ControlGroups): Promise<void> {
    await removeControlGroups(groups).catch((error: unknown) => this.#console.write(Buffer.from(`${error}\n`)));
  }

  #consoleTail(): string {
    try {
      return readFileSync(this.#console.path, 'utf8').split('\n').slice(-15).join('\n');
    } catch {
      return '';
    }
  }
}

async function withLimit(wait: Promise<void>, limitMs: number, what: string): Promise<void> {
  const cancel = new AbortController();
  const limit = sleep(limitMs, undefined, { signal: cancel.signal }).then(() => {
    throw new Error(`${what} within ${limitMs / 1000} s.`);
  });
  try {
    await Promise.race([wait, limit]);
  } finally {
    cancel.abort();
    limit.catch(() => {});
  }
}

// SPDX-License-Identifier: Apache-2.0
/** What an instance runs on. Two kinds: a process group in a directory, and a container that boots an image. */
import type { LinuxProcess } from './processes.ts';

export interface AgentRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface AgentRunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
  /** Ends the run with SIGTERM. */
  readonly signal?: AbortSignal;
}

export type Killable = 'zookeeper' | 'agent' | 'both';

export type MachineState = 'running' | 'paused' | 'off';

export interface Machine {
  readonly instance: string;
  /** Its own directory in the lab's state directory. It stays when the machine is gone. */
  readonly directory: string;
  readonly state: MachineState;
  /** The exit code of the bootstrap in this boot, once it has ended. Rejects when the machine goes off before. */
  readonly bootstrapped: Promise<number | null>;
  /** Prepares for the boot, while an instance is pending. */
  prepare(): Promise<void>;
  /** Boots. What is on the disk from an earlier boot stays. Rejects when the machine is on already. */
  boot(): Promise<void>;
  /**
   * Shuts down in order, and cuts the power when that takes too long. Returns when the machine is off. The disk stays.
   */
  shutDown(): Promise<void>;
  /** Cuts the power, also of a paused machine. Returns when everything of the machine is gone. The disk stays. */
  powerOff(): Promise<void>;
  /** Cuts the power for good, since the instance is gone. Releases everything that it has besides its directory. */
  remove(): Promise<void>;
  /** Stops all its processes. Like a hung host, the machine neither answers nor dies. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Kills -9 the ZooKeeper server, the agent's runs, or both. Returns the killed processes. The machine itself stays
   * on.
   */
  kill(what: Killable): readonly LinuxProcess[];
  /** The running ZooKeeper servers (one, when all is well) of the machine. */
  zookeeperProcesses(): readonly LinuxProcess[];
  /** Runs the agent on the machine with these arguments. Rejects when the machine is off or goes off. */
  runAgent(args: readonly string[], options?: AgentRunOptions): Promise<AgentRun>;
  /** The ZooKeeper id on its disk, if it has one. */
  id(): Promise<number | undefined>;
  /** The names of the data that is set aside on its disk. */
  aside(): Promise<readonly string[]>;
  /** The last sentence of its agent's log. */
  said(): Promise<string | undefined>;
}

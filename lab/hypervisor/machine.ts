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
  /** Its own in the lab's state directory; it stays when the machine is gone. */
  readonly directory: string;
  readonly state: MachineState;
  /** The exit code of the bootstrap of this boot, once it has ended. Rejects when the machine goes off before. */
  readonly bootstrapped: Promise<number | null>;
  /** Gets ready to be booted: what happens while an instance is pending. */
  prepare(): Promise<void>;
  /** Boots; what is on the disk from an earlier boot stays. Rejects when it is on already. */
  boot(): Promise<void>;
  /** Shuts down in order, and pulls the plug when that takes too long; returns when it is off. The disk stays. */
  shutDown(): Promise<void>;
  /** Pulls the plug, paused or not; returns when everything of the machine is gone. The disk stays. */
  powerOff(): Promise<void>;
  /** Pulls the plug for good, as the instance is gone: what it has besides its directory is given back. */
  remove(): Promise<void>;
  /** Stops everything of it: it neither answers nor dies, as a hung host. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Kills -9 the ZooKeeper server, the agent's runs, or both; returns what was killed. The machine itself stays on. */
  kill(what: Killable): readonly LinuxProcess[];
  /** The running ZooKeeper servers (one, when all is well) of the machine. */
  zookeeperProcesses(): readonly LinuxProcess[];
  /** Runs the agent on the machine with these arguments. Rejects when the machine is off or goes off. */
  runAgent(args: readonly string[], options?: AgentRunOptions): Promise<AgentRun>;
  /** The ZooKeeper id on its disk, if it has one. */
  id(): Promise<number | undefined>;
  /** The last sentence of its agent's log. */
  said(): Promise<string | undefined>;
}

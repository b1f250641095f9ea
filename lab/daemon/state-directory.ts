// SPDX-License-Identifier: Apache-2.0
/** The directory with which a lab can be found again: `.cache/labs/<name>/`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LinuxProcess } from '../hypervisor/processes.ts';

const LABS = resolve(import.meta.dirname, '../../.cache/labs');

/**
 * Every process of a lab has its directory in this variable. It is the last way in which `down` can find the process.
 */
export const LAB_VARIABLE = 'ZOOKEEPER_LAB';

const NAME = /^[a-z][a-z0-9-]{0,29}$/;

export interface DaemonRecord extends LinuxProcess {
  readonly name: string;
  readonly cluster?: string;
  readonly startedAt: string;
}

export class StateDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static ofLab(name: string): StateDirectory {
    return new StateDirectory(join(LABS, checkedName(name)));
  }

  get machines(): string {
    return join(this.path, 'machines');
  }

  get log(): string {
    return join(this.path, 'lab.log');
  }

  /** The private key of the key pair of the instances. */
  get privateKey(): string {
    return join(this.path, 'lab.pem');
  }

  get socketName(): string {
    return 'control.sock';
  }

  make(): void {
    mkdirSync(this.machines, { recursive: true, mode: 0o700 });
  }

  readDaemon(): DaemonRecord | undefined {
    try {
      return JSON.parse(readFileSync(join(this.path, 'daemon.json'), 'utf8')) as DaemonRecord;
    } catch {
      return undefined;
    }
  }

  /** Records that the machines are containers in the network of the lab with this name. */
  markContainers(lab: string): void {
    writeFileSync(join(this.path, 'containers'), lab);
  }

  /** The name of the lab in whose network the machines are; undefined when they are processes. */
  containersOf(): string | undefined {
    try {
      return readFileSync(join(this.path, 'containers'), 'utf8');
    } catch {
      return undefined;
    }
  }

  machineDirectories(): readonly string[] {
    try {
      return readdirSync(this.machines).map((name) => join(this.machines, name));
    } catch {
      return [];
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Throws for a name that is not valid in a cluster's id, a bucket's name or a path. */
export function checkedName(name: string): string {
  if (!NAME.test(name)) {
    throw new Error(`A lab's name is a small letter, then up to 29 small letters, digits and hyphens; not "${name}".`);
  }
  return name;
}

export function labNames(): readonly string[] {
  try {
    return readdirSync(LABS).filter((name) => NAME.test(name));
  } catch {
    return [];
  }
}

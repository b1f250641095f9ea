// SPDX-License-Identifier: Apache-2.0
/** One change that the agent makes to its disk, and what can be seen of the disk afterwards. */
import { join } from 'node:path';
import type { DiskFacts } from '../../src/model/disk.ts';
import type { NodeDisk } from '../../src/ports.ts';
import { LAB_TICK } from '../../src/timings.ts';
import type { nodeDisk } from '../../src/zookeeper/node-disk.ts';
import type { superSecret } from '../../src/zookeeper/super-secret.ts';
import type { DiskState, FileState } from './unsynced-disk.ts';

/** The disk code, or a copy of it with a mutation. */
export interface DiskCode {
  readonly nodeDisk: typeof nodeDisk;
  readonly superSecret: typeof superSecret;
}

/** Every write of the port. A method that is new is taken for a write until it stands among those that only read. */
export type DiskWrite = Exclude<keyof NodeDisk, 'read' | 'isFenced' | 'hasOtherSettings'>;

export interface DiskChange {
  readonly name: string;
  /** What is done to the disk before, by calls of the agent; the data of a server is there unless `empty`. */
  readonly before?: (disk: NodeDisk, root: string) => Promise<void>;
  readonly empty?: boolean;
  readonly change: (disk: NodeDisk, code: DiskCode, root: string) => Promise<unknown>;
  /** Whether the change is seen to be done; it is so once it has resolved, for ever. */
  readonly isDone: (seen: Seen) => boolean;
  /** The next change clears away what this one left half, unless it may run beside another. */
  readonly clearsAway?: false;
  /** What holds as well while it is not done; nothing but what was there before, unless told otherwise. */
  readonly holds?: (seen: Seen, before: Seen) => void;
  /** What of the disk before is still there at every moment, done or not. */
  readonly keeps?: (seen: Seen, before: Seen) => void;
}

export interface Seen {
  readonly facts: DiskFacts;
  readonly files: DiskState;
}

export const STAMP = { cluster: 'orders-4f1c2a90', lineage: 1, id: 3 };

export function diskIn(code: DiskCode, root: string): NodeDisk {
  const [dataDir, confDir] = [join(root, 'data'), join(root, 'conf')];
  return code.nodeDisk({
    dataDir,
    confDir,
    idFile: join(dataDir, 'myid'),
    dynamicFile: join(confDir, 'zoo.cfg.dynamic'),
    cluster: STAMP.cluster,
    tick: LAB_TICK,
    sysfs: join(root, 'sys'),
  });
}

export function isSame(
  file: Pick<FileState, 'bytes'>,
  other: { readonly owner: string } | FileState | undefined,
): boolean {
  return other !== undefined && 'bytes' in other && other.bytes.equals(file.bytes);
}

export function textOf(files: DiskState, path: string): string | undefined {
  const file = files.get(path);
  return file !== undefined && 'bytes' in file ? file.bytes.toString() : undefined;
}

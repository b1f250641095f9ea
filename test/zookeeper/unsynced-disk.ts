// SPDX-License-Identifier: Apache-2.0
/**
 * What a disk holds and what of it a power cut may take back, told of each change:
 *
 * - What a file holds, its owner and its times, until the file is synced: lost, it is as it was synced last, or empty;
 *   a part of it may be there.
 * - A name, by creation, rename or removal, until its directory is synced; of a rename, until both are. A rename is
 *   lost whole.
 *
 * Each may be lost by itself: some file systems keep an order, none promises to.
 */
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface FileState {
  readonly bytes: Buffer;
  readonly mtimeMs: number;
  readonly owner: string;
}

/** What lies below the directory, by path from it. */
export type DiskState = ReadonlyMap<string, FileState | { readonly owner: string }>;

/** Of what a process made and did not hand over. */
export const NOT_HANDED_OVER = 'whoever wrote it';

interface File {
  now: FileState;
  synced: FileState;
}

interface Folder {
  owner: string;
  syncedOwner: string;
  /** As on the disk when the journal began. */
  readonly names: ReadonlyMap<string, Inode>;
}

export type Inode = File | Folder;
type Names = Map<Folder, Map<string, Inode>>;

interface NameChange {
  readonly unsynced: Set<Folder>;
  readonly apply: (names: Names) => void;
}

const NEW_FILE: FileState = { bytes: Buffer.alloc(0), mtimeMs: 0, owner: NOT_HANDED_OVER };

export class UnsyncedDisk {
  readonly #root: string;
  readonly #rootFolder: Folder;
  readonly #changes: NameChange[] = [];
  readonly #inodes = new Set<Inode>();

  /** All that is there counts as synced. */
  constructor(root: string) {
    this.#root = root;
    this.#rootFolder = this.#scan(root) as Folder;
  }

  /** What the disk may hold after a power cut at this moment: all kept, all lost, and each thing lost or kept alone. */
  afterPowerCut(): DiskState[] {
    const { all, inodes } = this.#unsynced();
    const lost = [all.filter((thing) => !inodes.includes(thing as Inode)), inodes];
    for (const [index, one] of all.entries()) {
      lost.push(
        [one],
        all.filter((other) => other !== one),
        all.slice(index),
      );
    }
    const states = lost.map((things) => this.#stateWithout(new Set(things), 0));
    const half = inodes.length > 0 ? [this.#stateWithout(new Set(inodes), 0.5)] : [];
    return [this.allKept(), this.allLost(), ...states, ...half];
  }

  allKept(): DiskState {
    return this.#stateWithout(new Set(), 0);
  }

  allLost(): DiskState {
    return this.#stateWithout(new Set(this.#unsynced().all), 0);
  }

  #unsynced(): { all: readonly (NameChange | Inode)[]; inodes: readonly Inode[] } {
    const inodes = [...this.#inodes].filter(isUnsynced);
    return { all: [...this.#changes.filter((change) => change.unsynced.size > 0), ...inodes], inodes };
  }

  #stateWithout(lost: ReadonlySet<NameChange | Inode>, share: number): DiskState {
    const names: Names = new Map();
    for (const change of this.#changes) {
      if (!lost.has(change)) change.apply(names);
    }
    const state = new Map<string, FileState | { owner: string }>();
    const add = (folder: Folder, path: string): void => {
      for (const [name, inode] of namesOf(names, folder)) {
        const at = path === '' ? name : `${path}/${name}`;
        if (state.has(at)) continue;
        if ('names' in inode) {
          state.set(at, { owner: lost.has(inode) ? inode.syncedOwner : inode.owner });
          add(inode, at);
        } else {
          state.set(at, lost.has(inode) ? torn(inode, share) : inode.now);
        }
      }
    };
    add(this.#rootFolder, '');
    return state;
  }

  #scan(path: string): Inode {
    const stat = fs.statSync(path);
    const owner = `${stat.uid}:${stat.gid}`;
    let inode: Inode;
    if (stat.isDirectory()) {
      const names = fs.readdirSync(path).map((name) => [name, this.#scan(join(path, name))] as const);
      inode = { owner, syncedOwner: owner, names: new Map(names) };
    } else {
      const now = { bytes: fs.readFileSync(path), mtimeMs: stat.mtimeMs, owner };
      inode = { now, synced: now };
    }
    this.#inodes.add(inode);
    return inode;
  }

  #visible(): Names {
    const names: Names = new Map();
    for (const change of this.#changes) change.apply(names);
    return names;
  }

  find(path: string): Inode | undefined {
    const names = this.#visible();
    let inode: Inode | undefined = this.#rootFolder;
    for (const name of path.slice(this.#root.length).split('/').filter(Boolean)) {
      if (inode === undefined || !('names' in inode)) return undefined;
      inode = namesOf(names, inode).get(name);
    }
    return inode;
  }

  #folder(path: string): Folder {
    const inode = this.find(path);
    if (inode === undefined || !('names' in inode)) throw new Error(`${path} is no folder of the journal.`);
    return inode;
  }

  #change(folders: readonly Folder[], apply: (names: Names) => void): void {
    this.#changes.push({ unsynced: new Set(folders), apply });
  }

  link(path: string, inode: Inode): void {
    const folder = this.#folder(dirname(path));
    this.#inodes.add(inode);
    this.#change([folder], (names) => namesOf(names, folder).set(basename(path), inode));
  }

  unlink(path: string): void {
    const folder = this.#folder(dirname(path));
    const inode = this.find(path);
    if (inode === undefined) return;
    if ('names' in inode) {
      for (const name of [...namesOf(this.#visible(), inode).keys()]) this.unlink(join(path, name));
    }
    this.#change([folder], (names) => unset(namesOf(names, folder), basename(path), inode));
  }

  rename(from: string, to: string): void {
    const [source, target, inode] = [this.#folder(dirname(from)), this.#folder(dirname(to)), this.find(from)];
    if (inode === undefined) throw new Error(`${from} is not in the journal.`);
    this.#change([source, target], (names) => {
      unset(namesOf(names, source), basename(from), inode);
      namesOf(names, target).set(basename(to), inode);
    });
  }

  sync(inode: Inode): void {
    if (!('names' in inode)) {
      inode.synced = inode.now;
      return;
    }
    inode.syncedOwner = inode.owner;
    for (const change of this.#changes) change.unsynced.delete(inode);
  }

  /** The file's bytes and times are what the real one has now; it is made where it is new. */
  fill(path: string): void {
    if (this.find(path) === undefined) this.link(path, { now: NEW_FILE, synced: NEW_FILE });
    this.note(this.find(path) as File, path);
  }

  note(file: File, realPath: string): void {
    file.now = { ...file.now, bytes: fs.readFileSync(realPath), mtimeMs: fs.statSync(realPath).mtimeMs };
  }
}

export function give(inode: Inode, owner: string): void {
  if ('names' in inode) inode.owner = owner;
  else inode.now = { ...inode.now, owner };
}

function namesOf(names: Names, folder: Folder): Map<string, Inode> {
  const known = names.get(folder) ?? new Map(folder.names);
  names.set(folder, known);
  return known;
}

function unset(names: Map<string, Inode>, name: string, inode: Inode): void {
  if (names.get(name) === inode) names.delete(name);
}

function isUnsynced(inode: Inode): boolean {
  return 'names' in inode ? inode.owner !== inode.syncedOwner : inode.now !== inode.synced;
}

function torn({ now, synced }: File, share: number): FileState {
  if (share === 0) return synced;
  return { ...now, bytes: now.bytes.subarray(0, Math.floor(now.bytes.length * share)) };
}

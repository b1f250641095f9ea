// SPDX-License-Identifier: Apache-2.0
/**
 * A file system that loses what was not synced. The calls run on a real directory, beside a journal of what a power cut
 * may take back:
 *
 * - What a file holds, its owner and its times, until the file is synced: lost, it is as it was synced last, or empty; a
 *   part of it may be there.
 * - A name, by creation, rename or removal, until its directory is synced; of a rename, until both are. A rename is lost
 *   whole.
 *
 * Each may be lost by itself: some file systems keep an order, none promises to. (Functions are replaced for the whole
 * process: one at a time.)
 */
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Crash } from './crashing-file-system.ts';

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

type Inode = File | Folder;
type Names = Map<Folder, Map<string, Inode>>;

interface NameChange {
  readonly unsynced: Set<Folder>;
  readonly apply: (names: Names) => void;
}

const NEW_FILE: FileState = { bytes: Buffer.alloc(0), mtimeMs: 0, owner: NOT_HANDED_OVER };
const CHANGING = ['open', 'mkdir', 'rename', 'rm', 'copyFile', 'link'] as const;
const NOT_MODELLED = [
  'writeFile',
  'appendFile',
  'unlink',
  'rmdir',
  'truncate',
  'chmod',
  'chown',
  'utimes',
  'cp',
] as const;
const OF_HANDLES = ['writeFile', 'write', 'truncate', 'chmod', 'chown', 'utimes', 'sync'] as const;

type Call = (...args: readonly never[]) => Promise<unknown>;

export class PowerCutJournal {
  readonly #root: string;
  readonly #rootFolder: Folder;
  readonly #changes: NameChange[] = [];
  readonly #inodes = new Set<Inode>();
  #calls = 0;

  /** All that is there counts as synced. */
  constructor(root: string) {
    this.#root = root;
    this.#rootFolder = this.#scan(root) as Folder;
  }

  get calls(): number {
    return this.#calls;
  }

  /** `afterCall` is run before the first call and after each; with `killedAt` that call (from 1) and all later ones fail. */
  async watch(
    action: () => Promise<unknown>,
    afterCall: () => void,
    killedAt = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const first = this.#calls;
    const guarded = async (run: () => Promise<unknown>): Promise<unknown> => {
      this.#calls += 1;
      if (this.#calls - first >= killedAt) throw new Crash(`killed at call ${this.#calls - first}`);
      const result = await run();
      afterCall();
      return result;
    };
    const restore = this.#replace(guarded);
    try {
      afterCall();
      await action();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    } finally {
      restore();
    }
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

  #find(path: string): Inode | undefined {
    const names = this.#visible();
    let inode: Inode | undefined = this.#rootFolder;
    for (const name of path.slice(this.#root.length).split('/').filter(Boolean)) {
      if (inode === undefined || !('names' in inode)) return undefined;
      inode = namesOf(names, inode).get(name);
    }
    return inode;
  }

  #folder(path: string): Folder {
    const inode = this.#find(path);
    if (inode === undefined || !('names' in inode)) throw new Error(`${path} is no folder of the journal.`);
    return inode;
  }

  #change(folders: readonly Folder[], apply: (names: Names) => void): void {
    this.#changes.push({ unsynced: new Set(folders), apply });
  }

  #link(path: string, inode: Inode): void {
    const folder = this.#folder(dirname(path));
    this.#inodes.add(inode);
    this.#change([folder], (names) => namesOf(names, folder).set(basename(path), inode));
  }

  #unlink(path: string): void {
    const folder = this.#folder(dirname(path));
    const inode = this.#find(path);
    if (inode === undefined) return;
    if ('names' in inode) {
      for (const name of [...namesOf(this.#visible(), inode).keys()]) this.#unlink(join(path, name));
    }
    this.#change([folder], (names) => unset(namesOf(names, folder), basename(path), inode));
  }

  #rename(from: string, to: string): void {
    const [source, target, inode] = [this.#folder(dirname(from)), this.#folder(dirname(to)), this.#find(from)];
    if (inode === undefined) throw new Error(`${from} is not in the journal.`);
    this.#change([source, target], (names) => {
      unset(namesOf(names, source), basename(from), inode);
      namesOf(names, target).set(basename(to), inode);
    });
  }

  #sync(inode: Inode): void {
    if (!('names' in inode)) {
      inode.synced = inode.now;
      return;
    }
    inode.syncedOwner = inode.owner;
    for (const change of this.#changes) change.unsynced.delete(inode);
  }

  #replace(guarded: (run: () => Promise<unknown>) => Promise<unknown>): () => void {
    const originals = [...CHANGING, ...NOT_MODELLED].map((name) => [name, promises[name]] as const);
    const original = Object.fromEntries(originals) as unknown as Readonly<Record<string, Call>>;
    const getuid = process.getuid;
    // What root does is watched, whoever runs the test.
    process.getuid = () => 0;
    for (const name of CHANGING) {
      const inJournal = this.#journalled(name, original[name] as Call, guarded);
      const replaced = (...args: readonly never[]): Promise<unknown> =>
        String(args[0]).startsWith(this.#root)
          ? inJournal(args)
          : Reflect.apply(original[name] as Call, promises, args);
      Object.assign(promises, { [name]: replaced });
    }
    for (const name of NOT_MODELLED) {
      const refuse = async (path: unknown): Promise<never> => {
        throw new Error(`${name} of ${String(path)} is not modelled.`);
      };
      Object.assign(promises, { [name]: refuse });
    }
    syncBuiltinESMExports();
    return () => {
      Object.assign(promises, original);
      Object.assign(process, { getuid });
      syncBuiltinESMExports();
    };
  }

  #journalled(
    name: (typeof CHANGING)[number],
    original: Call,
    guarded: (run: () => Promise<unknown>) => Promise<unknown>,
  ): (args: readonly never[]) => Promise<unknown> {
    const run = (args: readonly never[]): Promise<unknown> => Reflect.apply(original, promises, args);
    return async (args) => {
      const [path, second] = args as readonly unknown[] as readonly string[];
      if (path === undefined) throw new Error(`${name} needs a path.`);
      if (name === 'open') return this.#open(path, args, run, guarded);
      return guarded(async () => {
        // Sharing blocks is up to the file system; here it never can, so that the copy is made block by block.
        if (name === 'copyFile' && (args as readonly unknown[]).length > 2) throw notSupported();
        const result = await run(args);
        if (name === 'mkdir') {
          const empty = { owner: NOT_HANDED_OVER, syncedOwner: NOT_HANDED_OVER, names: new Map<string, Inode>() };
          this.#link(path, empty);
        } else if (name === 'rm') this.#unlink(path);
        else if (name === 'rename') this.#rename(path, String(second));
        else if (name === 'link') this.#link(String(second), this.#find(path) as Inode);
        else this.#fill(String(second));
        return result;
      });
    };
  }

  async #open(
    path: string,
    args: readonly never[],
    run: (args: readonly never[]) => Promise<unknown>,
    guarded: (run: () => Promise<unknown>) => Promise<unknown>,
  ): Promise<unknown> {
    const flags: unknown = args[1];
    if (flags === 'w' || flags === 'r+') {
      const handle = await guarded(async () => {
        const opened = await run(args);
        if (flags === 'w') this.#fill(path);
        return opened;
      });
      return this.#handle(handle as promises.FileHandle, this.#find(path) as Inode, guarded);
    }
    if (flags !== 'r') throw new Error(`open with ${String(flags)} is not modelled.`);
    const inode = this.#find(path);
    const handle = (await run(args)) as promises.FileHandle;
    return inode === undefined ? handle : this.#handle(handle, inode, guarded);
  }

  /** The file's bytes and times are what the real one has now; it is made where it is new. */
  #fill(path: string): void {
    if (this.#find(path) === undefined) this.#link(path, { now: NEW_FILE, synced: NEW_FILE });
    this.#note(this.#find(path) as File, path);
  }

  #note(file: File, realPath: string): void {
    file.now = { ...file.now, bytes: fs.readFileSync(realPath), mtimeMs: fs.statSync(realPath).mtimeMs };
  }

  #handle(
    handle: promises.FileHandle,
    inode: Inode,
    guarded: (run: () => Promise<unknown>) => Promise<unknown>,
  ): promises.FileHandle {
    for (const name of OF_HANDLES) {
      const original = handle[name] as Call;
      const replaced = (...args: readonly never[]): Promise<unknown> =>
        guarded(async () => {
          // The real disk needs no sync, and keeps the owner that it can give.
          if (name === 'sync') return this.#sync(inode);
          if (name === 'chown') return give(inode, `${args[0]}:${args[1]}`);
          const result = await Reflect.apply(original, handle, args);
          if (!('names' in inode)) this.#note(inode, `/proc/self/fd/${handle.fd}`);
          return result;
        });
      Object.assign(handle, { [name]: replaced });
    }
    return handle;
  }
}

function give(inode: Inode, owner: string): void {
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

function notSupported(): Error {
  return Object.assign(new Error('operation not supported'), { code: 'ENOTSUP', syscall: 'copyfile' });
}

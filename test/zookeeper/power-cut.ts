// SPDX-License-Identifier: Apache-2.0
/**
 * A file system that loses what was not synced. The calls run on a real directory, beside a journal of what a power cut
 * may take back. (Functions are replaced for the whole process: one at a time.)
 */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Crash } from './crashing-file-system.ts';
import { type DiskState, give, type Inode, NOT_HANDED_OVER, UnsyncedDisk } from './unsynced-disk.ts';

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
  readonly #disk: UnsyncedDisk;
  #calls = 0;

  /** All that is there counts as synced. */
  constructor(root: string) {
    this.#root = root;
    this.#disk = new UnsyncedDisk(root);
  }

  get calls(): number {
    return this.#calls;
  }

  /**
   * `afterCall` is run before the first call and after each; with `killedAt` that call (from 1) and all later ones
   * fail.
   */
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

  afterPowerCut(): DiskState[] {
    return this.#disk.afterPowerCut();
  }

  allKept(): DiskState {
    return this.#disk.allKept();
  }

  allLost(): DiskState {
    return this.#disk.allLost();
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
          this.#disk.link(path, empty);
        } else if (name === 'rm') this.#disk.unlink(path);
        else if (name === 'rename') this.#disk.rename(path, String(second));
        else if (name === 'link') this.#disk.link(String(second), this.#disk.find(path) as Inode);
        else this.#disk.fill(String(second));
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
        if (flags === 'w') this.#disk.fill(path);
        return opened;
      });
      return this.#handle(handle as promises.FileHandle, this.#disk.find(path) as Inode, guarded);
    }
    if (flags !== 'r') throw new Error(`open with ${String(flags)} is not modelled.`);
    const inode = this.#disk.find(path);
    const handle = (await run(args)) as promises.FileHandle;
    return inode === undefined ? handle : this.#handle(handle, inode, guarded);
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
          if (name === 'sync') return this.#disk.sync(inode);
          if (name === 'chown') return give(inode, `${args[0]}:${args[1]}`);
          const result = await Reflect.apply(original, handle, args);
          if (!('names' in inode)) this.#disk.note(inode, `/proc/self/fd/${handle.fd}`);
          return result;
        });
      Object.assign(handle, { [name]: replaced });
    }
    return handle;
  }
}

function notSupported(): Error {
  return Object.assign(new Error('operation not supported'), { code: 'ENOTSUP', syscall: 'copyfile' });
}

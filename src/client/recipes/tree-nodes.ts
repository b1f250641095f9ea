// SPDX-License-Identifier: Apache-2.0
import type { DataAndStat } from '../operations/get.ts';
import { childOf } from './parents.ts';

/** What changed in the cache. */
export type TreeChange =
  | { readonly kind: 'added' | 'changed'; readonly path: string; readonly node: DataAndStat }
  | { readonly kind: 'removed'; readonly path: string };

/** One znode that is known to be there. */
interface TreeEntry {
  /** Undefined until it is read, and for a znode that this client may not read. */
  node: DataAndStat | undefined;
  readonly children: Set<string>;
  /** The children of which events told since the list of them was asked for: what these say is newer. */
  touched: Set<string> | undefined;
}

/** A place in the tree at the time of a read. Once the znode is deleted, the answer is for nobody. */
export interface TreePlace {
  readonly path: string;
  readonly entry: TreeEntry;
}

/**
 * The znodes that a tree cache holds. Events and answers may be told in another order than they came in, if they came
 * at once. So an answer never undoes what an event said since the question.
 */
export class TreeNodes {
  readonly root: string;
  readonly #onChange: (change: TreeChange) => void;
  readonly #entries = new Map<string, TreeEntry>();
  #size = 0;

  constructor(root: string, onChange: (change: TreeChange) => void) {
    this.root = root;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#size;
  }

  get(path: string): DataAndStat | undefined {
    return this.#entries.get(path)?.node;
  }

  children(path: string): readonly string[] | undefined {
    const entry = this.#entries.get(path);
    return entry?.node === undefined ? undefined : [...entry.children];
  }

  /** Those that were read. Entries may come and go meanwhile. */
  *held(): Generator<string, void> {
    for (const [path, { node }] of this.#entries) if (node !== undefined) yield path;
  }

  /** All that are known, read or not. */
  known(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** False if it lies below a znode that is not known: the list of children there will have it. */
  create(path: string): boolean {
    const parent = this.#parentOf(path);
    if (parent === undefined && path !== this.root) return false;
    this.#touch(path);
    parent?.children.add(nameOf(path));
    const entry = this.#entries.get(path);
    if (entry === undefined) this.#entries.set(path, { node: undefined, children: new Set(), touched: undefined });
    return true;
  }

  /** With all below. */
  delete(path: string): void {
    this.#touch(path);
    this.#parentOf(path)?.children.delete(nameOf(path));
    this.#remove(path);
  }

  /** Undefined for a znode that is not known any more. */
  place(path: string): TreePlace | undefined {
    const entry = this.#entries.get(path);
    return entry === undefined ? undefined : { path, entry };
  }

  asksForChildren({ entry }: TreePlace): void {
    entry.touched = new Set();
  }

  isStill({ path, entry }: TreePlace): boolean {
    return this.#entries.get(path) === entry;
  }

  /** Without a node: this client may not read it. */
  putNode({ path, entry }: TreePlace, node: DataAndStat | undefined): void {
    const before = entry.node;
    entry.node = node;
    if (node === undefined) {
      if (before !== undefined) this.#tellRemoved(path);
    } else if (before === undefined) {
      this.#size += 1;
      this.#onChange({ kind: 'added', path, node });
    } else if (before.stat.mzxid !== node.stat.mzxid || before.stat.czxid !== node.stat.czxid) {
      this.#onChange({ kind: 'changed', path, node });
    }
  }

  /** Returns the paths that are new. */
  putChildren({ path, entry }: TreePlace, names: readonly string[]): readonly string[] {
    const { touched = new Set() } = entry;
    entry.touched = undefined;
    const there = new Set(names);
    for (const name of entry.children) {
      if (there.has(name) || touched.has(name)) continue;
      entry.children.delete(name);
      this.#remove(childOf(path, name));
    }
    const added = names.filter((name) => !entry.children.has(name) && !touched.has(name));
    for (const name of added) {
      entry.children.add(name);
      this.#entries.set(childOf(path, name), { node: undefined, children: new Set(), touched: undefined });
    }
    return added.map((name) => childOf(path, name));
  }

  #parentOf(path: string): TreeEntry | undefined {
    if (path === this.root) return undefined;
    return this.#entries.get(path.slice(0, Math.max(1, path.lastIndexOf('/'))));
  }

  #touch(path: string): void {
    this.#parentOf(path)?.touched?.add(nameOf(path));
  }

  #remove(path: string): void {
    const entry = this.#entries.get(path);
    if (entry === undefined) return;
    for (const name of entry.children) this.#remove(childOf(path, name));
    this.#entries.delete(path);
    if (entry.node !== undefined) this.#tellRemoved(path);
  }

  #tellRemoved(path: string): void {
    this.#size -= 1;
    this.#onChange({ kind: 'removed', path });
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

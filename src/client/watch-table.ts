// SPDX-License-Identifier: Apache-2.0
import type { WatchPaths } from './operations/set-watches.ts';
import { PathMap } from './path-map.ts';
import type { WatchKind, ZnodeWatch } from './watch.ts';
import type { LastWatchEvent, WatchEvent, ZnodeEvent } from './watch-event.ts';
import { WatchNews } from './watch-news.ts';

/** Which watches hear of which event, beside `recursive` ones. */
const HEARS = {
  created: ['data', 'exist', 'persistent'],
  changed: ['data', 'exist', 'persistent'],
  deleted: ['data', 'exist', 'children', 'persistent'],
  childrenChanged: ['children', 'persistent'],
} as const satisfies Record<ZnodeEvent['kind'], readonly WatchKind[]>;

const KINDS = ['data', 'exist', 'children', 'persistent', 'recursive'] as const satisfies readonly WatchKind[];

/** Most paths have one watch of a kind. With a million of them, a list for each would cost as much as the watches. */
type WatchesOfPath = ZnodeWatch | ZnodeWatch[];

/** So many watches are told in one turn of the event loop. */
const TOLD_IN_ONE_TURN = 200;

/** The watches of a session. Servers know watches only per connection, so each connection gets all of them. */
export class WatchTable {
  readonly #watches: Readonly<Record<WatchKind, PathMap<WatchesOfPath>>> = {
    data: new PathMap(),
    exist: new PathMap(),
    children: new PathMap(),
    persistent: new PathMap(),
    recursive: new PathMap(),
  };
  readonly #news = new WatchNews();
  #isTelling = false;
  #isArmed = true;

  /** The present connection has all watches: they have been told everything up to its latest answer. */
  get isArmed(): boolean {
    return this.#isArmed;
  }

  add(watch: ZnodeWatch): void {
    watch.follow(this.#news);
    const paths = this.#watches[watch.kind];
    const there = paths.get(watch.path);
    if (Array.isArray(there)) there.push(watch);
    else paths.set(watch.path, there === undefined ? watch : [there, watch]);
  }

  remove(watch: ZnodeWatch): void {
    const paths = this.#watches[watch.kind];
    const left = listed(paths.get(watch.path)).filter((other) => other !== watch);
    if (left.length === 0) paths.delete(watch.path);
    else paths.set(watch.path, left);
  }

  has(kinds: readonly WatchKind[], path: string): boolean {
    return kinds.some((kind) => this.#watches[kind].has(path));
  }

  /** Ends the watches of these kinds on the path. */
  end(kinds: readonly WatchKind[], path: string, event: LastWatchEvent): void {
    for (const kind of kinds) for (const watch of this.#take(kind, path)) watch.finish(event);
  }

  fire(event: ZnodeEvent): void {
    for (const kind of HEARS[event.kind]) {
      if (kind === 'persistent') this.#tell(kind, event.path, event);
      else for (const watch of this.#take(kind, event.path)) finishWith(watch, event);
    }
    if (this.#watches.recursive.isEmpty) return;
    if (event.kind !== 'childrenChanged') {
      for (const path of upwards(event.path)) this.#tell('recursive', path, event);
    } else if (!this.#isArmed) {
      // Once they are armed, events of the children themselves say more.
      for (const path of upwards(event.path)) this.#tellHolders(path, event);
    }
  }

  disconnected(cause: Error): void {
    if (!this.#isArmed) return;
    this.#isArmed = false;
    this.#tellAll({ kind: 'disconnected', cause });
  }

  rearmed(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#tellAll({ kind: 'rearmed' });
  }

  endAll(event: LastWatchEvent): void {
    this.#tellAll(event);
  }

  /**
   * The paths of all watches, each batch with up to `maxBytes` of paths, `moreBytes` added to each. A watch that ends
   * meanwhile is left out if its batch is still to come.
   */
  *batches(maxBytes: number, moreBytes: number): Generator<WatchPaths, void> {
    let batch = emptyPaths();
    let bytes = 0;
    for (const [kind, path] of this.#paths()) {
      const size = 4 + moreBytes + Buffer.byteLength(path);
      if (bytes > 0 && bytes + size > maxBytes) {
        yield batch;
        batch = emptyPaths();
        bytes = 0;
      }
      batch[kind].push(path);
      bytes += size;
    }
    if (bytes > 0) yield batch;
  }

  /** What each kind is to be set for, with the znodes that the readers of recursive watches hold. */
  *#paths(): Generator<readonly [WatchKind, string], void> {
    for (const kind of KINDS) for (const path of this.#watches[kind].keys()) yield [kind, path];
    for (const watches of this.#watches.recursive.values()) {
      for (const { held } of listed(watches)) {
        if (held === undefined) continue;
        for (const path of held.present()) {
          yield ['data', path];
          yield ['children', path];
        }
        for (const path of held.missing()) yield ['exist', path];
      }
    }
  }

  #take(kind: WatchKind, path: string): readonly ZnodeWatch[] {
    const watches = this.#watches[kind].get(path);
    if (watches === undefined) return NONE;
    this.#watches[kind].delete(path);
    return listed(watches);
  }

  #tell(kind: WatchKind, path: string, event: WatchEvent): void {
    for (const watch of listed(this.#watches[kind].get(path))) watch.add(event);
  }

  #tellHolders(path: string, event: WatchEvent): void {
    for (const watch of listed(this.#watches.recursive.get(path))) if (watch.held !== undefined) watch.add(event);
  }

  /** The first watches are told at once, the others in the next turns of the event loop. */
  #tellAll(event: WatchEvent): void {
    this.#news.add(event);
    if (!this.#isTelling) this.#tellSome(this.#all(), this.#news.count);
  }

  #tellSome(rest: Iterator<ZnodeWatch, void>, count: number): void {
    this.#isTelling = true;
    for (let told = 0; told < TOLD_IN_ONE_TURN; told++) {
      const { done, value } = rest.next();
      if (done === true) {
        this.#news.forgetBelow(count);
        this.#isTelling = this.#news.count > count;
        if (this.#isTelling) setImmediate(() => this.#tellSome(this.#all(), this.#news.count));
        return;
      }
      value.hear();
    }
    setImmediate(() => this.#tellSome(rest, count));
  }

  *#all(): Generator<ZnodeWatch, void> {
    for (const kind of KINDS) for (const watches of this.#watches[kind].values()) yield* listed(watches);
  }
}

const NONE: readonly ZnodeWatch[] = [];

function listed(watches: WatchesOfPath | undefined): readonly ZnodeWatch[] {
  if (watches === undefined) return NONE;
  return Array.isArray(watches) ? watches : [watches];
}

function emptyPaths(): Record<WatchKind, string[]> {
  return { data: [], exist: [], children: [], persistent: [], recursive: [] };
}

function finishWith(watch: ZnodeWatch, event: ZnodeEvent): void {
  watch.add(event);
  watch.finish();
}

/** The path itself, and every path above it. */
function* upwards(path: string): Generator<string, void> {
  for (let end = path.length; end > 1; end = path.lastIndexOf('/', end - 1)) yield path.slice(0, end);
  yield '/';
}

// SPDX-License-Identifier: Apache-2.0
/** So many paths stand in one map; of more, the others are spread over several. */
const FEW = 1_000;
const PARTS = 256;
/** The end of a path differs most from those of others. */
const HASHED_UNITS = 8;

/**
 * A map by path for very many of them. A map of the runtime that grows copies all of its entries at once, which holds
 * up the event loop. Here only one part grows at a time.
 *
 * Entries may come and go while somebody iterates. One that comes meanwhile may be left out.
 */
export class PathMap<Value> {
  readonly #few = new Map<string, Value>();
  #parts: Map<string, Value>[] | undefined;

  /** There is no entry. */
  get isEmpty(): boolean {
    return this.#few.size === 0 && (this.#parts === undefined || this.#parts.every(({ size }) => size === 0));
  }

  get(path: string): Value | undefined {
    return this.#few.get(path) ?? this.#part(path)?.get(path);
  }

  has(path: string): boolean {
    return this.#few.has(path) || this.#part(path)?.has(path) === true;
  }

  set(path: string, value: Value): void {
    const isAmongFew = this.#few.has(path) || (this.#few.size < FEW && this.#part(path)?.has(path) !== true);
    if (isAmongFew) {
      this.#few.set(path, value);
      return;
    }
    this.#parts ??= Array.from({ length: PARTS }, () => new Map());
    this.#part(path)?.set(path, value);
  }

  delete(path: string): void {
    if (!this.#few.delete(path)) this.#part(path)?.delete(path);
  }

  *keys(): Generator<string, void> {
    yield* this.#few.keys();
    if (this.#parts !== undefined) for (const part of this.#parts) yield* part.keys();
  }

  *values(): Generator<Value, void> {
    yield* this.#few.values();
    if (this.#parts !== undefined) for (const part of this.#parts) yield* part.values();
  }

  #part(path: string): Map<string, Value> | undefined {
    if (this.#parts === undefined) return undefined;
    let hash = 0;
    for (let at = Math.max(0, path.length - HASHED_UNITS); at < path.length; at++) {
      hash = (Math.imul(hash, 31) + path.charCodeAt(at)) | 0;
    }
    return this.#parts[(hash >>> 0) % PARTS];
  }
}

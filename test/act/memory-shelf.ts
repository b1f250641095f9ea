// SPDX-License-Identifier: Apache-2.0
/**
 * Bucket and log group in memory, with what goes wrong on the way to them: an answer that is lost after the effect, and
 * a write that arrives long after its caller gave up. Conditions hold at the moment of arrival, as with S3.
 */
import { AgentError } from '../../src/errors.ts';
import type { ClaimStreams, ObjectStore } from '../../src/ports.ts';

export class Lost extends AgentError {
  constructor(what: string) {
    super('AWS_UNAVAILABLE', `The answer to ${what} was lost.`, 'Try again.');
  }
}

interface Kept {
  readonly body: string;
  readonly etag: string;
}

export class MemoryShelf {
  readonly objectsByKey = new Map<string, Kept>();
  readonly streams = new Map<string, number>();
  /** By key, how old an object is; whatever is missing is a second old. */
  readonly agesMs = new Map<string, number>();
  /** Called with every call's name before its effect; throwing keeps the effect away. */
  before: (call: string) => void = () => {};
  /** Called with every call's name after its effect; throwing loses the answer. */
  after: (call: string) => void = () => {};
  #late: ((write: () => void) => void) | undefined;
  #etags = 0;

  /** The next write does not arrive until the returned function is called, and its caller hears nothing. */
  holdNextWrite(): () => void {
    let arrive = (): void => {
      throw new Error('No write was held.');
    };
    this.#late = (write) => {
      arrive = write;
    };
    return () => arrive();
  }

  bodies(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...this.objectsByKey].map(([key, { body }]) => [key, JSON.parse(body)]));
  }

  put(key: string, value: unknown): void {
    this.objectsByKey.set(key, { body: JSON.stringify(value), etag: `e${++this.#etags}` });
  }

  #ageMs(key: string): number {
    return this.agesMs.get(key) ?? 1_000;
  }

  #write<T>(call: string, write: () => T): T {
    this.before(call);
    const late = this.#late;
    if (late) {
      this.#late = undefined;
      late(() => void write());
      throw new Lost(call);
    }
    const result = write();
    this.after(call);
    return result;
  }

  #read<T>(call: string, read: () => T): T {
    this.before(call);
    const result = read();
    this.after(call);
    return result;
  }

  readonly objects: ObjectStore = {
    get: async (key) =>
      this.#read(`get ${key}`, () => {
        const kept = this.objectsByKey.get(key);
        return kept && { key, ...kept, ageMs: this.#ageMs(key) };
      }),
    list: async (prefix) =>
      this.#read(`list ${prefix}`, () =>
        [...this.objectsByKey]
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, { etag }]) => ({ key, etag, ageMs: this.#ageMs(key) })),
      ),
    createOnce: async (key, body) =>
      this.#write(`create ${key}`, () => {
        if (this.objectsByKey.has(key)) return 'exists';
        this.objectsByKey.set(key, { body, etag: `e${++this.#etags}` });
        return 'created';
      }),
    replace: async (key, body, etag) =>
      this.#write(`replace ${key}`, () => {
        if (this.objectsByKey.get(key)?.etag !== etag) return 'conflict';
        this.objectsByKey.set(key, { body, etag: `e${++this.#etags}` });
        return 'written';
      }),
  };

  readonly claimStreams: ClaimStreams = {
    create: async (name) => {
      const existed = this.streams.has(name);
      try {
        this.#write(`stream ${name}`, () => this.streams.set(name, this.streams.get(name) ?? 0));
      } catch (error) {
        // The adapter tries again after a lost answer, and then finds a stream that may be its own.
        if (error instanceof Lost && this.streams.has(name)) return 'unsure';
        throw error;
      }
      return existed ? 'exists' : 'created';
    },
    list: async () => this.#read('streams', () => [...this.streams].map(([name, ageMs]) => ({ name, ageMs }))),
  };
}

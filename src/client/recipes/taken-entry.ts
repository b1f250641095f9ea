// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { MaybeAppliedError, NotOwnerError, ServerError } from '../errors.ts';
import type { DataAndStat } from '../operations/get.ts';
import type { CallOptions } from '../request.ts';
import type { TransactionPart } from '../transaction.ts';
import { CallLimit } from './call-limit.ts';
import type { EntryPlaces } from './entry-places.ts';
import { freshRead } from './fresh-read.ts';
import { withKnownOutcome } from './known-outcome.ts';

/** What a taken entry is made of. */
export interface TakenParts {
  readonly client: ZookeeperClient;
  readonly places: EntryPlaces;
  /** By which the queue knows it, for good. */
  readonly name: string;
  readonly data: Uint8Array;
  /** The version of the entry's data, which each taking and each rewrite raises. */
  readonly version: number;
  /** What stands in the owner's znode. */
  readonly ownerId: string;
  readonly fencing: bigint;
  /** Called once, when the entry is no longer this client's. */
  readonly onOver: (name: string) => void;
}

/** The znodes of an entry, and one more that a write asked for. */
interface EntryTraces {
  readonly entry: DataAndStat | undefined;
  readonly owner: DataAndStat | undefined;
  readonly more: DataAndStat | undefined;
}

/** One write of the owner. */
interface OwnersWrite {
  /** The entry is taken no longer after it. */
  readonly isLast: boolean;
  /** A znode that shows, beside those of the entry, whether it was applied. */
  readonly shownBy?: string;
  parts(version: number): readonly TransactionPart[];
  /** It was applied, as the traces show after a lost answer. */
  isApplied(traces: EntryTraces, version: number | undefined): boolean;
}

/**
 * An entry of a queue that this client has taken. Each write of it carries the version of the entry's data, which the
 * next taking raises: what a former owner sends changes nothing, and ends with NOT_OWNER. An answer that is lost is
 * found out by reading. A call that ends with MAYBE_APPLIED, by its limit or its signal, may be made again: it looks
 * first.
 *
 * When the session is lost, the entry is free again in the same moment, with the data of the last rewrite. Then
 * `signal` aborts as soon as this client knows; until then, another client may already have the entry.
 */
export class TakenEntry implements AsyncDisposable {
  readonly name: string;
  /** Grows with each taking of any entry: a store that keeps the largest one can refuse former owners. */
  readonly fencing: bigint;
  readonly #parts: TakenParts;
  readonly #lost = new AbortController();
  #data: Uint8Array;
  #version: number;
  /** A write before may have been applied. */
  #isInDoubt = false;
  #isOver = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: TakenParts) {
    this.name = parts.name;
    this.fencing = parts.fencing;
    this.#parts = parts;
    this.#data = parts.data;
    this.#version = parts.version;
  }

  /** The entry's data, as it was put or last rewritten. */
  get data(): Uint8Array {
    return this.#data;
  }

  /**
   * Aborts when the entry is taken from this client: its session has ended, or somebody has deleted the owner's znode.
   */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Finished, released, or lost. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Replaces the entry's data. The next owner finds it, if this one dies. */
  async rewrite(data: Uint8Array, call: CallOptions = {}): Promise<void> {
    const path = this.#parts.places.entry(this.name);
    await this.#inTurn(call, {
      isLast: false,
      parts: (version) => [{ kind: 'set', path, data, version }],
      isApplied: ({ entry }, version) => version !== undefined && entry?.stat.version === version + 1,
    });
    this.#data = data;
  }

  /** Gives the entry back, with its data. It keeps its place by its number. */
  async release(call: CallOptions = {}): Promise<void> {
    const { places } = this.#parts;
    if (this.#isOver) return;
    await this.#inTurn(call, {
      isLast: true,
      parts: (version) => [
        { kind: 'check', path: places.entry(this.name), version },
        { kind: 'delete', path: places.owner(this.name) },
      ],
      isApplied: (traces) => !this.#isMine(traces),
    });
  }

  /** Takes the entry out of the queue, and writes more in the same transaction. */
  protected finish(
    call: CallOptions,
    more: readonly TransactionPart[],
    shown: { readonly by?: string; isApplied(traces: EntryTraces): boolean },
  ): Promise<void> {
    const { places } = this.#parts;
    return this.#inTurn(call, {
      isLast: true,
      ...(shown.by === undefined ? {} : { shownBy: shown.by }),
      parts: (version) => [
        { kind: 'delete', path: places.entry(this.name), version },
        { kind: 'delete', path: places.owner(this.name) },
        ...more,
      ],
      isApplied: shown.isApplied,
    });
  }

  /**
   * Looks whether the entry is still this client's; without an answer it is taken to be.
   *
   * @internal
   */
  verify(): Promise<void> {
    return this.#afterOthers(async () => {
      if (this.#isOver) return;
      const traces = await this.#look(undefined, new CallLimit({})).catch(() => undefined);
      if (traces !== undefined && !this.#isMine(traces)) this.lose(undefined);
    });
  }

  /**
   * The entry is no longer this client's.
   *
   * @internal
   */
  lose(cause: unknown): void {
    this.#end(new NotOwnerError(`the entry ${this.name}`, cause));
  }

  /** Gives the entry back unless it is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** One write after the other, since each needs the version that the one before has made. */
  async #inTurn(call: CallOptions, write: OwnersWrite): Promise<void> {
    const limit = new CallLimit(call);
    await this.#afterOthers(async () => {
      this.#throwIfOver();
      await this.#write(limit, write);
      if (write.isLast) this.#end(undefined);
    });
  }

  #afterOthers(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act, act);
    this.#turn = turn;
    return turn;
  }

  async #write(limit: CallLimit, write: OwnersWrite): Promise<void> {
    const { client } = this.#parts;
    if (this.#isInDoubt && (await this.#isDoneBefore(write, limit))) return;
    const version = this.#version;
    const look = async () => {
      const traces = await this.#look(write.shownBy, limit);
      if (write.isApplied(traces, version)) return () => {};
      if (this.#isMine(traces) && traces.entry?.stat.version === version) return undefined;
      return () => this.#throwLost(undefined);
    };
    try {
      await withKnownOutcome(async () => void (await client.multi(write.parts(version), limit.next())), look, limit);
      this.#version = version + 1;
    } catch (error) {
      if (error instanceof MaybeAppliedError) this.#isInDoubt = true;
      const isRefused = error instanceof ServerError && REFUSALS.has(error.code);
      if (isRefused) this.#throwLost(error);
      throw error;
    }
  }

  /** Ends the doubt. True if the write that is asked for now was the one in doubt, and was applied. */
  async #isDoneBefore(write: OwnersWrite, limit: CallLimit): Promise<boolean> {
    const traces = await this.#look(write.shownBy, limit);
    this.#isInDoubt = false;
    if (write.isApplied(traces, undefined)) return true;
    if (!this.#isMine(traces) || traces.entry === undefined) this.#throwLost(undefined);
    else this.#version = traces.entry.stat.version;
    return false;
  }

  async #look(more: string | undefined, limit: CallLimit): Promise<EntryTraces> {
    const { client, places } = this.#parts;
    const paths = [places.entry(this.name), places.owner(this.name), ...(more === undefined ? [] : [more])];
    const [entry, owner, shown] = await freshRead(client, paths, limit);
    return { entry, owner, more: shown };
  }

  #isMine({ owner }: EntryTraces): boolean {
    return owner !== undefined && Buffer.from(owner.data).toString() === this.#parts.ownerId;
  }

  #throwLost(cause: unknown): never {
    this.lose(cause);
    throw new NotOwnerError(`the entry ${this.name}`, cause);
  }

  #throwIfOver(): void {
    if (!this.#isOver) return;
    throw new NotOwnerError(`the entry ${this.name}`, this.#lost.signal.reason);
  }

  #end(loss: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (loss !== undefined) this.#lost.abort(loss);
    this.#parts.onOver(this.name);
  }
}

/** What servers answer to a former owner. */
const REFUSALS: ReadonlySet<string> = new Set(['NO_NODE', 'BAD_VERSION', 'NODE_EXISTS']);

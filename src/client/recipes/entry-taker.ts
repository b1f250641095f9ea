// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ZookeeperClient } from '../client.ts';
import { limitProblem } from '../limit.ts';
import type { CallOptions } from '../request.ts';
import { retry } from '../retry.ts';
import { CALL_LIMIT_MS, CallLimit } from './call-limit.ts';
import type { EntryPlaces } from './entry-places.ts';
import { type EntryOrder, EntryView, type NamedEntry } from './entry-view.ts';
import { retriedRead } from './retried-read.ts';
import { OUTCOME_LIMIT_MS, takeEntry } from './take-entry.ts';
import type { TakenEntry, TakenParts } from './taken-entry.ts';
import { WaitTimeoutError, within } from './wait-limit.ts';

/** An entry that others took, and that still seems to wait, is left alone for so long. */
const TOO_LATE_PAUSE_MS = 20;

/** What a queue has to say about its entries. */
interface TakenKind<Entry extends NamedEntry, Taken extends TakenEntry> {
  readonly places: EntryPlaces;
  readonly order: EntryOrder<Entry>;
  /** Makes the znodes of the queue. */
  make(): Promise<void>;
  taken(parts: TakenParts, entry: Entry): Taken;
}

/** Takes the entries of a queue, in their order, for any number of calls at once. */
export class EntryTaker<Entry extends NamedEntry, Taken extends TakenEntry> {
  readonly #client: ZookeeperClient;
  readonly #kind: TakenKind<Entry, Taken>;
  readonly #taken = new Map<string, Taken>();
  /** Takings that nobody waits for any more: what they take is given back. */
  readonly #abandoned = new Set<Promise<void>>();
  #view: EntryView<Entry> | undefined;
  #closed: Error | undefined;

  constructor(client: ZookeeperClient, kind: TakenKind<Entry, Taken>) {
    this.#client = client;
    this.#kind = kind;
  }

  /** Waits for an entry until the limit, 30 s if not given; with a limit of zero it takes what is there now. */
  async take(call: CallOptions): Promise<Taken | undefined> {
    const { signal, timeoutMs = CALL_LIMIT_MS } = call;
    const problem = limitProblem('timeoutMs', timeoutMs, 0);
    if (problem !== undefined) throw problem;
    if (this.#closed !== undefined) throw this.#closed;
    const limitMs = timeoutMs > 0 ? timeoutMs : CALL_LIMIT_MS;
    const wait = { timeoutMs: limitMs, ...(signal === undefined ? {} : { signal }) };
    let late: Promise<Taken | undefined> | undefined;
    try {
      return await within('take', wait, (stop) => {
        late = this.#takeFirst(stop, timeoutMs > 0);
        return late;
      });
    } catch (error) {
      if (late !== undefined) this.#abandon(late);
      if (error instanceof WaitTimeoutError) return undefined;
      throw error;
    }
  }

  /** Gives back what was taken and is not over, within a minute. Never rejects. */
  async close(cause: Error): Promise<void> {
    this.#closed ??= cause;
    this.#view?.close(this.#closed);
    await Promise.all([...this.#taken.values()].map((taken) => taken.release().catch(() => {})));
    await within('close', { timeoutMs: CALL_LIMIT_MS }, () => Promise.all(this.#abandoned)).catch(() => {});
  }

  async #takeFirst(stop: AbortSignal, waits: boolean): Promise<Taken | undefined> {
    await this.#kind.make();
    if (this.#closed !== undefined) throw this.#closed;
    const view = this.#openView();
    // After it this connection has been told of all that is there now.
    const { root } = this.#kind.places;
    if (!waits) await retriedRead('take', new CallLimit({}), (call) => this.#client.sync(root, call));
    await nextTurn();
    while (!stop.aborted) {
      const entry = view.reserve();
      if (entry === undefined) {
        if (view.endCause !== undefined) throw view.endCause;
        if (!waits && view.isCurrent) return undefined;
        await view.change(stop);
        continue;
      }
      const taken = await this.#takeThis(view, entry);
      if (taken === undefined) continue;
      if (this.#closed === undefined) return taken;
      this.#abandon(Promise.resolve(taken));
      throw this.#closed;
    }
    return undefined;
  }

  async #takeThis(view: EntryView<Entry>, entry: Entry): Promise<Taken | undefined> {
    const { places } = this.#kind;
    const onOver = (name: string) => void this.#taken.delete(name);
    try {
      const parts = await takeEntry(this.#client, places, entry.name);
      if (parts === undefined) {
        // Somebody has it, or had it: the event that says so is on its way, if the view has not seen it.
        setTimeout(() => view.unreserve(entry.name), TOO_LATE_PAUSE_MS);
        return undefined;
      }
      const taken = this.#kind.taken({ ...parts, onOver }, entry);
      this.#taken.set(taken.name, taken);
      return taken;
    } catch (error) {
      view.unreserve(entry.name);
      throw error;
    }
  }

  #openView(): EntryView<Entry> {
    if (this.#view !== undefined && this.#view.endCause === undefined) return this.#view;
    this.#view = new EntryView(this.#client, this.#kind.places, this.#kind.order, {
      ownerGone: (name) => void this.#taken.get(name)?.verify(),
      ownersRead: (owned) => {
        for (const taken of this.#taken.values()) if (!owned.has(taken.name)) void taken.verify();
      },
      ended: (cause) => {
        if (this.#client.status.kind !== 'expired' && this.#client.status.kind !== 'closed') return;
        for (const taken of [...this.#taken.values()]) taken.lose(cause);
      },
    });
    return this.#view;
  }

  /** The entry that comes too late would be nobody's while the session lives. */
  #abandon(taking: Promise<Taken | undefined>): void {
    const policy = { ignoreMaybeApplied: true, maxDelayMs: 5_000, deadlineMs: OUTCOME_LIMIT_MS };
    const given = taking.then((taken) => taken && retry(() => taken.release(), policy)).catch(() => {});
    this.#abandoned.add(given);
    void given.then(() => this.#abandoned.delete(given));
  }
}

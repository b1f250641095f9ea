// SPDX-License-Identifier: Apache-2.0
import type { ZookeeperClient } from '../client.ts';
import { MaybeAppliedError, NotOwnerError, ServerError } from '../errors.ts';
import type { CallOptions } from '../request.ts';
import type { TransactionPart } from '../transaction.ts';
import { CallLimit } from './call-limit.ts';
import type { JobLayout } from './job-layout.ts';
import type { JobName } from './job-name.ts';
import { type JobTraces, jobTraces } from './job-traces.ts';
import { withKnownOutcome } from './known-outcome.ts';

/** What a taken job is made of. */
interface OwnedJobParts {
  readonly client: ZookeeperClient;
  readonly layout: JobLayout;
  readonly name: JobName;
  readonly data: Uint8Array;
  /** The version of the job's data, which each taking and each rewrite raises. */
  readonly version: number;
  /** What stands in the owner's znode. */
  readonly ownerId: string;
  readonly fencing: bigint;
  /** Called once, when the job is no longer this client's. */
  readonly onOver: (job: OwnedJob) => void;
}

/** One write of the owner. */
interface OwnersWrite {
  /** The job is over with it. */
  readonly isLast: boolean;
  parts(version: number): readonly TransactionPart[];
  /** It was applied, as the traces show after a lost answer. */
  isApplied(traces: JobTraces, version: number | undefined): boolean;
}

/**
 * A job that this client has taken. Each write of it carries the version of the job's data, which the next taking
 * raises: what a former owner sends changes nothing, and ends with NOT_OWNER. An answer that is lost is found out by
 * reading. A call that ends with MAYBE_APPLIED, by its limit or its signal, may be made again: it looks first.
 *
 * When the session is lost, the job is unowned again in the same moment, with the data of the last rewrite. Then
 * `signal` aborts as soon as this client knows; until then, another client may already have the job.
 */
export class OwnedJob implements AsyncDisposable {
  readonly name: string;
  readonly dataset: string;
  readonly group: string;
  readonly priority: number;
  readonly sequence: number;
  /** Grows with each taking of any job: a store that keeps the largest one can refuse former owners. */
  readonly fencing: bigint;
  readonly #parts: OwnedJobParts;
  readonly #lost = new AbortController();
  #data: Uint8Array;
  #version: number;
  /** A write before may have been applied. */
  #isInDoubt = false;
  #isOver = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: OwnedJobParts) {
    const { name, dataset, group, priority, sequence } = parts.name;
    this.name = name;
    this.dataset = dataset;
    this.group = group;
    this.priority = priority;
    this.sequence = sequence;
    this.fencing = parts.fencing;
    this.#parts = parts;
    this.#data = parts.data;
    this.#version = parts.version;
  }

  /** The job's state, as it was put or last rewritten. */
  get data(): Uint8Array {
    return this.#data;
  }

  /** Aborts when the job is taken from this client: its session has ended, or somebody has deleted the owner's znode. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Done, released, or lost. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Replaces the job's state. The next owner finds it, if this one dies. */
  async rewrite(data: Uint8Array, call: CallOptions = {}): Promise<void> {
    const path = this.#parts.layout.job(this.name);
    await this.#inTurn(call, {
      isLast: false,
      parts: (version) => [{ kind: 'set', path, data, version }],
      isApplied: ({ job }, version) => version !== undefined && job?.stat.version === version + 1,
    });
    this.#data = data;
  }

  /** The job is done, for good. It is kept under `done` with the result; that is its last state if none is given. */
  async done(result?: Uint8Array, call: CallOptions = {}): Promise<void> {
    const { layout } = this.#parts;
    const data = result ?? this.#data;
    await this.#inTurn(call, {
      isLast: true,
      parts: (version) => [
        { kind: 'delete', path: layout.job(this.name), version },
        { kind: 'delete', path: layout.owner(this.name) },
        { kind: 'create', path: layout.doneJob(this.name), data },
      ],
      isApplied: ({ done }) => done !== undefined && Buffer.compare(done.data, data) === 0,
    });
  }

  /** Gives the job back, with its state. It keeps its place by its number. */
  async release(call: CallOptions = {}): Promise<void> {
    const { layout } = this.#parts;
    if (this.#isOver) return;
    await this.#inTurn(call, {
      isLast: true,
      parts: (version) => [
        { kind: 'check', path: layout.job(this.name), version },
        { kind: 'delete', path: layout.owner(this.name) },
      ],
      isApplied: (traces) => !this.#isMine(traces),
    });
  }

  /** Looks whether the job is still this client's; without an answer it is taken to be. */
  verify(): Promise<void> {
    return this.#afterOthers(async () => {
      if (this.#isOver) return;
      const traces = await this.#look(new CallLimit({})).catch(() => undefined);
      if (traces !== undefined && !this.#isMine(traces)) this.lose(undefined);
    });
  }

  /** The job is no longer this client's. */
  lose(cause: unknown): void {
    this.#end(new NotOwnerError(`the job ${this.name}`, cause));
  }

  /** Gives the job back unless it is over. */
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
      const traces = await this.#look(limit);
      if (write.isApplied(traces, version)) return () => {};
      if (this.#isMine(traces) && traces.job?.stat.version === version) return undefined;
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
    const traces = await this.#look(limit);
    this.#isInDoubt = false;
    if (write.isApplied(traces, undefined)) return true;
    if (!this.#isMine(traces) || traces.job === undefined) this.#throwLost(undefined);
    else this.#version = traces.job.stat.version;
    return false;
  }

  #look(limit: CallLimit): Promise<JobTraces> {
    const { client, layout } = this.#parts;
    return jobTraces(client, layout, this.name, limit);
  }

  #isMine({ owner }: JobTraces): boolean {
    return owner !== undefined && Buffer.from(owner.data).toString() === this.#parts.ownerId;
  }

  #throwLost(cause: unknown): never {
    this.lose(cause);
    throw new NotOwnerError(`the job ${this.name}`, cause);
  }

  #throwIfOver(): void {
    if (!this.#isOver) return;
    throw new NotOwnerError(`the job ${this.name}`, this.#lost.signal.reason);
  }

  #end(loss: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (loss !== undefined) this.#lost.abort(loss);
    this.#parts.onOver(this);
  }
}

/** What servers answer to a former owner. */
const REFUSALS: ReadonlySet<string> = new Set(['NO_NODE', 'BAD_VERSION', 'NODE_EXISTS']);

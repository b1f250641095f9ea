// SPDX-License-Identifier: Apache-2.0
import type { Acl } from '../acl.ts';
import type { ZookeeperClient } from '../client.ts';
import { ClientClosedError, ZookeeperError } from '../errors.ts';
import { limitProblem } from '../limit.ts';
import { pathProblem } from '../path.ts';
import type { CallOptions } from '../request.ts';
import { CallLimit } from './call-limit.ts';
import { EntryTaker } from './entry-taker.ts';
import { freshRead } from './fresh-read.ts';
import { JobLayout } from './job-layout.ts';
import { compareJobs, type JobName, type JobTarget, jobTargetProblem, parseJobName } from './job-name.ts';
import { putJob } from './job-put.ts';
import { withKnownOutcome } from './known-outcome.ts';
import { MadeZnodes } from './made-znodes.ts';
import { OwnedJob } from './owned-job.ts';
import { retriedRead } from './retried-read.ts';

/** How the znodes of a job queue are made. */
export interface JobQueueOptions {
  /** The ACL of all znodes of the queue; open to all if not given. */
  readonly acl?: Acl;
}

/** A job to be done. Its priority is 100 if not given. */
export interface NewJob extends Omit<JobTarget, 'priority'> {
  /** From 0; jobs of a larger one come first. 100 if not given. */
  readonly priority?: number;
  /** The job's first state. */
  readonly data?: Uint8Array;
}

/** Where a job is: nobody has it, a client has it, or it is done. */
export type JobState = 'unowned' | 'owned' | 'done';

/** Where a job is, and what is written in it. */
export interface JobStatus {
  /** Where it is now. */
  readonly state: JobState;
  /** The last state that an owner wrote, or the result. */
  readonly data: Uint8Array;
  /** The session of the owner. */
  readonly owner?: bigint;
}

const DEFAULT_PRIORITY = 100;
const MAX_DELETES_AT_ONCE = 100;

/**
 * A queue of jobs with the states unowned → owned → done, for any number of clients. Jobs of the highest priority come
 * first, the larger number being the higher one; among them the oldest.
 *
 * | znode | kind | data | meaning |
 * | --- | --- | --- | --- |
 * | `jobs/entry-<priority>-<dataset>:<group>-<sequence>` | persistent | the job's state | the job is not done |
 * | `owners/<the same name>` | ephemeral | an id of this one taking | the job is owned |
 * | `done/<the same name>` | persistent | the result | the job is done |
 * | `numbers/_c_<uuid>-<sequence>` | ephemeral, sequential | none | a job of this number is about to be put |
 *
 * A job in `jobs` without a znode in `owners` is unowned. So nobody has to bring back the jobs of a dead owner: its
 * znode in `owners` goes with its session, in one transaction of the servers. The name never changes, and with it the
 * place.
 *
 * - `put` takes a number, then moves it to `jobs` in one `multi`: the number is deleted, the job created. After a crash
 *   between the two there is no job, the caller has no answer, and the number goes with the session.
 * - `take` is one `multi`: the znode in `owners` is created, and the job's data set to what it was, at the version that
 *   was read. Of many takers one succeeds. After a crash before it the job is unowned; after it, the session ends, and
 *   the job is unowned again.
 * - `rewrite` is one `multi` at the version of the last one. A crash leaves the state before or after it.
 * - `done` is one `multi`: the job and its owner are deleted, the znode in `done` is created. After a crash before it
 *   the job goes to another owner, after it the job is done. So the work for a job may begin more than once, and it is
 *   done once: a former owner's version does not fit any more.
 *
 * When an answer is lost, the outcome is found out by reading after a sync, and nothing is sent again that may have
 * been applied. MAYBE_APPLIED is left for a call whose limit or signal ended it, or whose session ended: `statusOf`
 * tells.
 *
 * When the session is lost, its jobs are unowned in the same moment, and its `take` calls reject. What was put is put.
 * A call of `done` without an answer may be applied: `statusOf` of another client tells.
 */
export class JobQueue implements AsyncDisposable {
  /** Of the queue. */
  readonly path: string;
  readonly #client: ZookeeperClient;
  readonly #layout: JobLayout;
  readonly #acl: Acl | undefined;
  readonly #znodes: MadeZnodes;
  readonly #taker: EntryTaker<JobName, OwnedJob>;
  #closed: Error | undefined;

  /** The queue's znodes are made by the first call that needs them. Throws BAD_REQUEST for a bad path. */
  constructor(client: ZookeeperClient, path: string, options: JobQueueOptions = {}) {
    const problem = pathProblem(path, false);
    if (problem !== undefined) throw problem;
    this.path = path;
    this.#client = client;
    this.#layout = new JobLayout(path);
    this.#acl = options.acl;
    this.#znodes = new MadeZnodes(client, this.#layout.all, options.acl);
    this.#taker = new EntryTaker(client, {
      places: this.#layout,
      order: { parse: parseJobName, compare: compareJobs },
      make: () => this.#znodes.make(),
      taken: (parts, job) => new OwnedJob(parts, job, this.#layout),
    });
  }

  /** Puts a job, once. Resolves with its name. The limit is 30 s if none is given. */
  async put(job: NewJob, call: CallOptions = {}): Promise<string> {
    const target = { ...job, priority: job.priority ?? DEFAULT_PRIORITY };
    const problem = jobTargetProblem(target);
    if (problem !== undefined) throw problem;
    const limit = new CallLimit(call);
    await this.#make(limit);
    return putJob(this.#client, this.#layout, target, { ...this.#content, ...dataOf(job) }, limit);
  }

  /**
   * Takes the first unowned job. It waits for one until the limit, 30 s if not given, and then resolves with undefined.
   * With a limit of zero it takes what is there now. Rejects with the signal's reason, and with SESSION_EXPIRED or
   * CLIENT_CLOSED when the session or the queue has ended. A job that comes after the end of the call is given back.
   */
  take(call: CallOptions = {}): Promise<OwnedJob | undefined> {
    return this.#taker.take(call);
  }

  /** Where a job is, from its name: undefined when it never was, or was removed. It sees all writes before the call. */
  async statusOf(name: string, call: CallOptions = {}): Promise<JobStatus | undefined> {
    const problem = parseJobName(name) === undefined ? notAName(name) : pathProblem(this.#layout.entry(name), false);
    if (problem !== undefined) throw problem;
    const limit = new CallLimit(call);
    const paths = [this.#layout.entry(name), this.#layout.owner(name), this.#layout.doneJob(name)];
    const [job, owner, done] = await freshRead(this.#client, paths, limit);
    if (done !== undefined) return { state: 'done', data: done.data };
    if (job === undefined) return undefined;
    if (owner === undefined) return { state: 'unowned', data: job.data };
    return { state: 'owned', data: job.data, owner: owner.stat.ephemeralOwner };
  }

  /** How many jobs there are of each state. While jobs move, the numbers may be off by these. */
  async count(call: CallOptions = {}): Promise<Readonly<Record<JobState, number>>> {
    const limit = new CallLimit(call);
    const { entries, owners, done } = this.#layout;
    const stats = await Promise.all(
      [entries, owners, done].map((path) => retriedRead('count', limit, (each) => this.#client.exists(path, each))),
    );
    const [all = 0, owned = 0, finished = 0] = stats.map((stat) => stat?.childrenCount ?? 0);
    return { unowned: Math.max(0, all - owned), owned, done: finished };
  }

  /** Forgets jobs that are done, those with the lowest numbers first, until `keep` are left. Resolves with how many. */
  async removeDone(keep: number, call: CallOptions = {}): Promise<number> {
    const problem = limitProblem('keep', keep, 0);
    if (problem !== undefined) throw problem;
    const limit = new CallLimit(call);
    await this.#make(limit);
    const list = (each: CallOptions) => this.#client.getChildren(this.#layout.done, each);
    const { children } = await retriedRead('removeDone', limit, list);
    const jobs = children.map(parseJobName).filter((job) => job !== undefined);
    const old = jobs.sort((a, b) => a.sequence - b.sequence).slice(0, Math.max(0, jobs.length - keep));
    for (let at = 0; at < old.length; at += MAX_DELETES_AT_ONCE) {
      const batch = old.slice(at, at + MAX_DELETES_AT_ONCE);
      await Promise.all(batch.map(({ name }) => this.#forget(name, limit)));
    }
    return old.length;
  }

  /** Gives back the jobs that this queue took and that are not over. The client stays open. Never rejects. */
  async close(): Promise<void> {
    this.#closed ??= new ClientClosedError('the job queue is closed');
    await this.#taker.close(this.#closed);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #content(): { readonly acl?: Acl } {
    return this.#acl === undefined ? {} : { acl: this.#acl };
  }

  /** A deletion that was applied already is as good. */
  async #forget(name: string, limit: CallLimit): Promise<void> {
    const path = this.#layout.doneJob(name);
    const isGone = async () => {
      await this.#client.sync(path, limit.next());
      return (await this.#client.exists(path, limit.next())) === undefined ? () => {} : undefined;
    };
    try {
      await withKnownOutcome(() => this.#client.delete(path, limit.next()), isGone, limit);
    } catch (error) {
      if (!(error instanceof ZookeeperError) || error.code !== 'NO_NODE') throw error;
    }
  }

  async #make(limit: CallLimit): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    await this.#znodes.make(limit.next());
  }
}

function notAName(name: string): ZookeeperError {
  return new ZookeeperError('BAD_REQUEST', `${JSON.stringify(name)} is not the name of a job`);
}

function dataOf({ data }: NewJob): { readonly data?: Uint8Array } {
  return data === undefined ? {} : { data };
}

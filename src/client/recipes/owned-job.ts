// SPDX-License-Identifier: Apache-2.0
import type { CallOptions } from '../request.ts';
import type { JobLayout } from './job-layout.ts';
import type { JobName } from './job-name.ts';
import { TakenEntry, type TakenParts } from './taken-entry.ts';

/** A job that this client has taken. Its data is the job's state, which `rewrite` replaces. */
export class OwnedJob extends TakenEntry {
  /** What the job works on. */
  readonly dataset: string;
  /** To what the job belongs. */
  readonly group: string;
  /** Jobs of a larger one come first. */
  readonly priority: number;
  /** Counts the jobs of the queue in the order in which they were put. */
  readonly sequence: number;
  readonly #layout: JobLayout;

  constructor(parts: TakenParts, job: JobName, layout: JobLayout) {
    super(parts);
    this.dataset = job.dataset;
    this.group = job.group;
    this.priority = job.priority;
    this.sequence = job.sequence;
    this.#layout = layout;
  }

  /** The job is done, for good. It is kept under `done` with the result; that is its last state if none is given. */
  done(result?: Uint8Array, call: CallOptions = {}): Promise<void> {
    const data = result ?? this.data;
    const path = this.#layout.doneJob(this.name);
    return this.finish(call, [{ kind: 'create', path, data }], {
      by: path,
      isApplied: ({ more }) => more !== undefined && Buffer.compare(more.data, data) === 0,
    });
  }
}

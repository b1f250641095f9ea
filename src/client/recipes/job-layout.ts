// SPDX-License-Identifier: Apache-2.0
import { EntryPlaces } from './entry-places.ts';

/** The paths of a job queue: see JobQueue for what stands there. */
export class JobLayout extends EntryPlaces {
  readonly done: string;
  readonly numbers: string;

  constructor(root: string) {
    super(root, 'jobs', 'owners');
    const below = root === '/' ? '' : root;
    this.done = `${below}/done`;
    this.numbers = `${below}/numbers`;
  }

  get all(): readonly string[] {
    return [this.entries, this.owners, this.done, this.numbers];
  }

  doneJob(name: string): string {
    return `${this.done}/${name}`;
  }
}

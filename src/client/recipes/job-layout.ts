// SPDX-License-Identifier: Apache-2.0
/** The paths of a job queue: see JobQueue for what stands there. */
export class JobLayout {
  readonly root: string;
  readonly jobs: string;
  readonly owners: string;
  readonly done: string;
  readonly numbers: string;

  constructor(root: string) {
    const below = root === '/' ? '' : root;
    this.root = root;
    this.jobs = `${below}/jobs`;
    this.owners = `${below}/owners`;
    this.done = `${below}/done`;
    this.numbers = `${below}/numbers`;
  }

  get all(): readonly string[] {
    return [this.jobs, this.owners, this.done, this.numbers];
  }

  job(name: string): string {
    return `${this.jobs}/${name}`;
  }

  owner(name: string): string {
    return `${this.owners}/${name}`;
  }

  doneJob(name: string): string {
    return `${this.done}/${name}`;
  }
}

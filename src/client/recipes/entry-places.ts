// SPDX-License-Identifier: Apache-2.0

/** Where the entries of a queue stand, and the ephemeral znodes of their owners. */
export class EntryPlaces {
  readonly root: string;
  readonly entries: string;
  readonly owners: string;

  constructor(root: string, entries: string, owners: string) {
    const below = root === '/' ? '' : root;
    this.root = root;
    this.entries = `${below}/${entries}`;
    this.owners = `${below}/${owners}`;
  }

  entry(name: string): string {
    return `${this.entries}/${name}`;
  }

  owner(name: string): string {
    return `${this.owners}/${name}`;
  }
}

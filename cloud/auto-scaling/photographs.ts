// SPDX-License-Identifier: Apache-2.0
import type { Struct } from '../value.ts';
import type { Group, GroupTag } from './group.ts';
import { shownGroup, shownInstance } from './show.ts';

/** A group at one moment, in the form of both its descriptions. */
export interface Photograph {
  readonly tags: readonly GroupTag[];
  readonly group: Struct;
  readonly instances: readonly { readonly id: string; readonly shown: Struct }[];
}

const KEPT_MS = 120_000;

export function photographs(groups: Iterable<Group>): readonly Photograph[] {
  return [...groups].map((group) => ({
    tags: group.tags,
    group: shownGroup(group),
    instances: [...group.instances.values()].map((member) => ({
      id: member.instance,
      shown: shownInstance(group, member),
    })),
  }));
}

/** All groups after each change of the last minutes. Stale answers come from these. */
export class Album {
  #pages: { readonly atMs: number; readonly groups: readonly Photograph[] }[] = [];

  add(groups: Iterable<Group>): void {
    const atMs = Date.now();
    this.#pages = this.#pages.filter((_, at) => (this.#pages[at + 1]?.atMs ?? atMs) > atMs - KEPT_MS);
    this.#pages.push({ atMs, groups: photographs(groups) });
  }

  at(ms: number): readonly Photograph[] {
    return this.#pages.findLast(({ atMs }) => atMs <= ms)?.groups ?? [];
  }
}

// SPDX-License-Identifier: Apache-2.0
/**
 * A new node whose disk holds data that nobody can vouch for when it boots: it refuses it, and gives its bootstrap up.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestLab } from './lab.ts';

const LIMIT_MS = 60_000;

export class ForeignData {
  readonly #lab: TestLab;
  readonly #known: readonly string[];

  /** From now on machines that boot do nothing, until one beside the known has got the data. */
  constructor(lab: TestLab, known: readonly string[]) {
    this.#lab = lab;
    this.#known = known;
    lab.setBootPlan({ bootstrap: false, ticks: 'never' });
  }

  /** Waits for the next machine, gives it the data of the first of the known, without its stamp, and has it boot. */
  async onNextNode(): Promise<string> {
    const { instance } = await this.#lab.nodeWhere(
      'a new node is on',
      (node) => node.machine === 'running' && !this.#known.includes(node.instance),
      LIMIT_MS,
    );
    const directoryOf = (one: string): string => join(this.#lab.directoryOf(one), 'data', 'version-2');
    await cp(directoryOf(this.#known[0] ?? ''), directoryOf(instance), { recursive: true });
    this.#lab.setBootPlan({ bootstrap: true, ticks: 5 });
    await this.#lab.reboot(instance);
    return instance;
  }
}

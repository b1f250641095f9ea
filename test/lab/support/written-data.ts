// SPDX-License-Identifier: Apache-2.0
/** Numbered znodes: what was acknowledged is remembered, and must be on every server afterwards. */
import assert from 'node:assert/strict';
import { RetryPolicy, type ZookeeperClient, ZookeeperError } from '../../../src/client/index.ts';
import type { TestLab } from './lab.ts';
import { waitFor } from './wait-for.ts';

const FOLDER = '/written';
const LIMIT_MS = 60_000;
/** On a busy machine there may be an election at any time. A name is written once, so a second try does no harm. */
const THROUGH_ELECTIONS = new RetryPolicy({ deadlineMs: LIMIT_MS, ignoreMaybeApplied: true, maxDelayMs: 1_000 });

export class WrittenData {
  readonly #lab: TestLab;
  #acknowledged: string[] = [];
  /** Several may write at once; each takes names of its own. */
  readonly #underWay = new Set<string>();
  #lastName = -1;

  private constructor(lab: TestLab) {
    this.#lab = lab;
  }

  /** Makes the folder for the nodes. */
  static async start(lab: TestLab): Promise<WrittenData> {
    await using client = await lab.client();
    await client.create(FOLDER);
    return new WrittenData(lab);
  }

  get acknowledged(): readonly string[] {
    return this.#acknowledged;
  }

  /** Creates this many nodes through one of these servers (of all when left out); returns once all are acknowledged. */
  async write(count: number, addresses?: readonly string[]): Promise<void> {
    await using client = await this.#lab.client(addresses);
    const names = Array.from({ length: count }, () => `n${++this.#lastName}`);
    for (const name of names) this.#underWay.add(name);
    try {
      await Promise.all(names.map((name) => createOnce(client, name)));
      this.#acknowledged = [...this.#acknowledged, ...names];
    } finally {
      for (const name of names) this.#underWay.delete(name);
    }
  }

  /** Until this server has everything that was acknowledged: what it holds then, it must never lose. */
  async reaches(address: string): Promise<void> {
    await waitFor(async () => (await this.#missingOn(address)).length === 0, {
      limitMs: LIMIT_MS,
      why: `${address} has all that was written`,
    });
  }

  /** Every acknowledged node with its value, and nothing else, is on each of these servers by its own account. */
  async checkOn(addresses: readonly string[]): Promise<void> {
    assert.ok(addresses.length > 0 && this.#acknowledged.length > 0, 'There is something to be compared.');
    for (const address of addresses) {
      assert.deepEqual(await this.#missingOn(address), [], `What was acknowledged is on ${address}.`);
      assert.deepEqual(await this.#strangeOn(address), [], `Nothing foreign is on ${address}.`);
    }
  }

  #missingOn(address: string): Promise<readonly string[]> {
    return THROUGH_ELECTIONS.run(() => this.#missingNow(address));
  }

  async #missingNow(address: string): Promise<readonly string[]> {
    await using client = await this.#lab.client([address]);
    const wanted = this.#acknowledged;
    await client.sync(FOLDER);
    const there = new Set((await client.getChildren(FOLDER)).children);
    const missing = await Promise.all(
      wanted.map(async (name) => {
        if (!there.has(name)) return [name];
        const { data } = await client.get(`${FOLDER}/${name}`);
        return data.toString() === `value of ${name}` ? [] : [`${name} with another value`];
      }),
    );
    return missing.flat();
  }

  #strangeOn(address: string): Promise<readonly string[]> {
    return THROUGH_ELECTIONS.run(() => this.#strangeNow(address));
  }

  async #strangeNow(address: string): Promise<readonly string[]> {
    await using client = await this.#lab.client([address]);
    const { children } = await client.getChildren(FOLDER);
    const own = new Set([...this.#acknowledged, ...this.#underWay]);
    const roots = (await client.getChildren('/')).children.filter((name) => !['zookeeper', 'written'].includes(name));
    return [...children.filter((name) => !own.has(name)), ...roots];
  }
}

async function createOnce(client: ZookeeperClient, name: string): Promise<void> {
  await THROUGH_ELECTIONS.run(async (attempt) => {
    try {
      await client.create(`${FOLDER}/${name}`, { data: Buffer.from(`value of ${name}`) });
    } catch (error) {
      // Only this test makes these names, so an earlier try was applied after all.
      if (attempt === 1 || !(error instanceof ZookeeperError) || error.code !== 'NODE_EXISTS') throw error;
    }
  });
}

// SPDX-License-Identifier: Apache-2.0
/** Three servers by hand with a static config and the lab's settings: what the product's failover is held against. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerByHand, startByHand } from '../../../lab/zookeeper/by-hand.ts';
import { zookeeperHome } from '../../../lab/zookeeper/fetch.ts';
import { freeLoopbackBlock } from '../../../lab/zookeeper/loopback.ts';
import { CLIENT_PORT, type Member, memberAt } from '../../../src/model/member.ts';
import { waitFor } from './wait-for.ts';

const LIMIT_MS = 60_000;

export class StaticEnsemble implements AsyncDisposable {
  readonly #directory: string;
  readonly #members: readonly Member[];
  readonly #running = new Map<number, ServerByHand>();
  readonly #started: AsyncDisposableStack;

  private constructor(directory: string, members: readonly Member[], started: AsyncDisposableStack) {
    this.#directory = directory;
    this.#members = members;
    this.#started = started;
  }

  /** Returns once all servers serve. */
  static async start(size: number): Promise<StaticEnsemble> {
    await using started = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'zk-static-'));
    started.defer(() => rm(directory, { recursive: true, force: true }));
    const block = started.use(await freeLoopbackBlock());
    const members = Array.from({ length: size }, (_, index) =>
      memberAt(index + 1, block.address(index + 1), 'participant'),
    );
    const ensemble = new StaticEnsemble(directory, members, started.move());
    try {
      await Promise.all(members.map((member) => ensemble.#start(member, 'genesis')));
      await Promise.all([...ensemble.#running.values()].map((server) => server.untilServing()));
    } catch (error) {
      await ensemble[Symbol.asyncDispose]();
      throw error;
    }
    return ensemble;
  }

  get connectionString(): string {
    return this.#members.map((member) => `${member.address}:${CLIENT_PORT}`).join(',');
  }

  async #start(member: Member, start: 'genesis' | 'restart'): Promise<ServerByHand> {
    const { id, address } = member;
    const directory = join(this.#directory, String(id));
    const distribution = await zookeeperHome();
    const server = await startByHand({ directory, id, address, start, members: this.#members, distribution });
    this.#running.set(id, server);
    return server;
  }

  async #leader(): Promise<ServerByHand> {
    const servers = [...this.#running.values()];
    return waitFor(
      async () => {
        const answers = await Promise.all(servers.map((server) => server.ask('srvr').catch(() => '')));
        return servers.find((_, index) => answers[index]?.includes('Mode: leader'));
      },
      { limitMs: LIMIT_MS, why: 'a server by hand leads' },
    );
  }

  /** Kills the leader with -9 and starts it again at once; returns when it serves. */
  async killLeaderAndRestart(): Promise<void> {
    const leader = await this.#leader();
    await leader.kill('SIGKILL');
    const member = this.#members.find((each) => each.id === leader.id);
    if (member === undefined) throw new Error(`There is no member ${leader.id}.`);
    await (await this.#start(member, 'restart')).untilServing();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((server) => server[Symbol.asyncDispose]()));
    await this.#started.disposeAsync();
  }
}

// SPDX-License-Identifier: Apache-2.0
/** Ensembles started by hand, the floor of the benchmarks: nobody can be quicker with these servers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerByHand, startByHand } from '../lab/zookeeper/by-hand.ts';
import { zookeeperHome } from '../lab/zookeeper/fetch.ts';
import { freeLoopbackBlock, type LoopbackBlock } from '../lab/zookeeper/loopback.ts';
import { type Member, memberAt } from '../src/model/member.ts';
import type { Servers } from '../src/ports.ts';
import { LAB_TIMINGS } from '../src/timings.ts';
import { zookeeperServers } from '../src/zookeeper/servers.ts';
import { superSecret } from '../src/zookeeper/super-secret.ts';

const LIMIT_MS = 60_000;
/** Each question takes from the two cores what is measured on them. */
const POLL_MS = 25;

/** Asks until it is true; resolves with performance.now() of that moment. */
export async function until(why: string, holds: () => Promise<boolean>): Promise<number> {
  const endMs = performance.now() + LIMIT_MS;
  while (performance.now() < endMs) {
    if (await holds().catch(() => false)) return performance.now();
    await sleep(POLL_MS);
  }
  throw new Error(`After ${LIMIT_MS / 1_000} s it still does not hold that ${why}.`);
}

function serversFor(readSecret: () => Promise<string>): Servers {
  return zookeeperServers({ timings: LAB_TIMINGS, readSecret });
}

/** A majority of these addresses serves, one of them as the leader. */
export async function quorumServes(servers: Servers, addresses: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(addresses.map((address) => servers.srvr(address, AbortSignal.timeout(2_000))));
  const serving = answers.filter((answer) => answer.kind === 'serving');
  return serving.length > addresses.length / 2 && serving.some((answer) => answer.mode === 'leader');
}

export class EnsembleByHand implements AsyncDisposable {
  readonly members: readonly Member[];
  readonly servers: Servers;
  readonly #running: ServerByHand[] = [];
  readonly #block: LoopbackBlock;
  readonly #directory: string;
  readonly #options: readonly string[];

  private constructor(
    block: LoopbackBlock,
    directory: string,
    size: number,
    secret: { password: string; javaOptionsFile: string },
  ) {
    this.#block = block;
    this.#directory = directory;
    this.#options = [`@${secret.javaOptionsFile}`];
    this.members = Array.from({ length: size }, (_, index) => this.memberOf(index + 1));
    this.servers = serversFor(() => Promise.resolve(secret.password));
  }

  static async prepare(size: number): Promise<EnsembleByHand> {
    const directory = await mkdtemp(join(tmpdir(), 'zk-bench-'));
    return new EnsembleByHand(await freeLoopbackBlock(), directory, size, await superSecret(directory));
  }

  memberOf(id: number): Member {
    return memberAt(id, this.#block.address(id), 'participant');
  }

  get addresses(): readonly string[] {
    return this.members.map((member) => member.address);
  }

  /** Starts one server; `members` is its config, with a marker where it is a first start. */
  async start(
    id: number,
    start: 'genesis' | 'joiner',
    members: readonly Member[] = this.members,
  ): Promise<ServerByHand> {
    const server = await startByHand({
      directory: join(this.#directory, String(id)),
      id,
      address: this.memberOf(id).address,
      start,
      members,
      jvmOptions: this.#options,
      distribution: await zookeeperHome(),
    });
    this.#running.push(server);
    return server;
  }

  /** Starts all at once; resolves with the milliseconds until a quorum serves. */
  async startAll(): Promise<number> {
    const startedMs = performance.now();
    await Promise.all(this.members.map((member) => this.start(member.id, 'genesis')));
    return (await until('a quorum serves', () => quorumServes(this.servers, this.addresses))) - startedMs;
  }

  async kill(id: number): Promise<void> {
    await this.#running.find((server) => server.id === id)?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#running) await server[Symbol.asyncDispose]();
    await this.#block[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

// SPDX-License-Identifier: Apache-2.0
/**
 * The agent's own loop on one node of a real ensemble: its disk, its servers and its process are real, AWS is in
 * memory.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zookeeperHome } from '../../lab/zookeeper/fetch.ts';
import { type LoopOutcome, runAgent } from '../../src/loop.ts';
import type { Clock, Ports } from '../../src/ports.ts';
import { LAB_TIMINGS, type Timings } from '../../src/timings.ts';
import { parsePidFile } from '../../src/zookeeper/process-identity.ts';
import { processService } from '../../src/zookeeper/process-service.ts';
import { zookeeperServers } from '../../src/zookeeper/servers.ts';
import { MemoryNode } from '../act/memory-node.ts';
import { CLUSTER, claimOf, genesisOf, recordMember } from '../decide/parts.ts';
import type { RealEnsemble } from '../support/real-server.ts';
import { type RealNode, realNode } from './real-node.ts';

const CLOCK: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => sleep(ms, undefined, { signal }),
};
const SIGNAL = new AbortController().signal;

export interface RealAgentOptions {
  /** The words before java, such as those of a shell that sets a limit. */
  readonly before?: readonly string[];
  readonly timings: Partial<Timings>;
}

export class RealAgent implements AsyncDisposable {
  readonly node: RealNode;
  readonly address: string;
  readonly ports: Ports;
  readonly #memory: MemoryNode;
  readonly #timings: Timings;
  readonly #pidFile: string;

  private constructor(
    node: RealNode,
    address: string,
    memory: MemoryNode,
    timings: Timings,
    pidFile: string,
    ports: Ports,
  ) {
    this.node = node;
    this.address = address;
    this.#memory = memory;
    this.#timings = timings;
    this.#pidFile = pidFile;
    this.ports = ports;
  }

  /** For a voter of this ensemble whose server is off: the agent's files are written, and nothing is started. */
  static async of(ensemble: RealEnsemble, id: number, options: RealAgentOptions): Promise<RealAgent> {
    const node = await realNode(ensemble, id);
    await node.disk.writeStamp({ cluster: CLUSTER, lineage: 1, id });
    await node.disk.mark('ready');
    const address = ensemble.block.address(id);
    const memory = memoryOf(ensemble, id);
    const timings = { ...LAB_TIMINGS, ...options.timings };
    const pidFile = join(ensemble.directory, `${id}.pid`);
    const [java = 'java', ...flags] = (await zookeeperHome()).command('fast');
    const server = processService({
      command: [...(options.before ?? []), java, ...flags, join(node.confDir, 'zoo.cfg')],
      pidFile,
      logFile: join(ensemble.directory, `${id}.log`),
      whatForbids: async () => undefined,
    });
    const servers = zookeeperServers({ timings, readSecret: async () => '', localAddress: address });
    const metadata = {
      ...memory.ports.metadata,
      identity: async () => ({ ...(await memory.ports.metadata.identity(SIGNAL)), address }),
    };
    const ports = { ...memory.ports, clock: CLOCK, disk: node.disk, server, servers, metadata };
    return new RealAgent(node, address, memory, timings, pidFile, ports);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ports.server.stop(SIGNAL);
  }

  async pid(): Promise<number> {
    return parsePidFile(await readFile(this.#pidFile, 'utf8'))?.pid ?? 0;
  }

  /** Every sentence with which a look was decided, so far. */
  get said(): readonly string[] {
    return this.#memory.logged.filter(({ event }) => event === 'decided').map(({ why }) => String(why));
  }

  /** One run of `zk-agent recovery`. */
  recovery(limitMs: number, signal: AbortSignal = SIGNAL): Promise<LoopOutcome> {
    return runAgent(this.ports, { command: 'recovery', cluster: CLUSTER, timings: this.#timings, limitMs }, signal);
  }
}

/** The bucket, the claims and the group of an ensemble whose voters were its founders. */
function memoryOf({ members }: RealEnsemble, id: number): MemoryNode {
  const memory = new MemoryNode(id);
  const founders = members.map((each) => recordMember(each.id, { address: each.address }));
  memory.shelf.put('lineage/000001.json', genesisOf([], { members: founders }));
  for (const member of members) {
    memory.shelf.streams.set(`${member.id}.1`, 3_600_000);
    memory.shelf.put(`claims/${member.id}.1.json`, {
      ...(claimOf(member.id).owner as object),
      address: member.address,
    });
  }
  return memory;
}

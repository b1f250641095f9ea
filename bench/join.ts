// SPDX-License-Identifier: Apache-2.0
/** From the replacement running to voting, against a prepared config and one reconfig call by hand. */

import type { Member } from '../src/model/member.ts';
import { startLab, type TestLab } from '../test/lab/support/lab.ts';
import { EnsembleByHand, until } from './by-hand.ts';
import { type Comparison, compare } from './measure.ts';
import { CRON_SECONDS, shippedAgent } from './shipped-agent.ts';

const NODES = 3;

/** Terminates a follower of the lab; milliseconds from its replacement running to the replacement voting. */
async function product(lab: TestLab): Promise<number> {
  const follower = await lab.nodeWhere('a node follows', (node) => node.role === 'follower');
  const leader = await lab.leader();
  const before = new Set(lab.lab.hypervisor.hosts.map((host) => host.instance));
  await lab.terminate(follower.instance);
  let address = '';
  let runningMs = 0;
  await until('the replacement runs', async () => {
    const host = lab.lab.hypervisor.hosts.find((each) => !before.has(each.instance) && each.bootedAtMs !== undefined);
    address = host?.address ?? '';
    runningMs = host?.bootedAtMs ?? 0;
    return host !== undefined;
  });
  if (leader.address === undefined) throw new Error('The leader has no address.');
  const { address: leaderAddress } = leader;
  const signal = AbortSignal.timeout(60_000);
  // Asking the leader opens a session, which is a write: not before it can be true.
  await until('the replacement follows', async () => (await lab.lab.servers.srvr(address, signal)).kind === 'serving');
  const votesMs = await until('the replacement votes', async () => {
    const config = await lab.configOf(leaderAddress);
    return config.members.some((member) => member.address === address && member.role === 'participant');
  });
  await lab.healthy();
  return votesMs - runningMs;
}

class FloorByHand implements AsyncDisposable {
  readonly #ensemble: EnsembleByHand;
  #current: Member[];
  #nextId: number;

  constructor(ensemble: EnsembleByHand) {
    this.#ensemble = ensemble;
    this.#current = [...ensemble.members];
    this.#nextId = ensemble.members.length + 1;
  }

  /** Kills the oldest follower, starts a new server and swaps the two with one call as soon as it follows. */
  async replace(kill: (id: number) => Promise<void>): Promise<number> {
    const { servers } = this.#ensemble;
    const signal = AbortSignal.timeout(60_000);
    const answers = await Promise.all(this.#current.map((member) => servers.srvr(member.address, signal)));
    const victim = this.#current.find((_, index) => {
      const answer = answers[index];
      return answer?.kind === 'serving' && answer.mode === 'follower';
    });
    const leader = this.#current.find((_, index) => {
      const answer = answers[index];
      return answer?.kind === 'serving' && answer.mode === 'leader';
    });
    if (!victim || !leader) throw new Error('The ensemble by hand has no leader with a follower.');
    await kill(victim.id);
    const joiner = this.#ensemble.memberOf(this.#nextId++);
    const rest = this.#current.filter((member) => member !== victim);
    const startedMs = performance.now();
    await this.#ensemble.start(joiner.id, 'joiner', [...this.#current, { ...joiner, role: 'observer' }]);
    await until('the joiner follows', async () => (await servers.srvr(joiner.address, signal)).kind === 'serving');
    const session = await servers.open(joiner.address, { secret: true }, signal);
    try {
      const { version } = await session.config(signal);
      const answer = await session.reconfig({ joining: [joiner], leaving: [victim.id], fromVersion: version }, signal);
      if (answer !== 'ok') throw new Error(`The reconfiguration by hand answered ${answer}.`);
    } finally {
      await session.close();
    }
    const votesMs = performance.now();
    this.#current = [...rest, joiner];
    return votesMs - startedMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ensemble[Symbol.asyncDispose]();
  }
}

export async function benchJoin(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  await using lab = await startLab({ nodes: NODES, ticks: CRON_SECONDS, agentCommand: await shippedAgent(progress) });
  await lab.healthy();
  const ensemble = await EnsembleByHand.prepare(NODES);
  await using floor = new FloorByHand(ensemble);
  await ensemble.startAll();
  return await compare({
    name: 'join',
    rounds,
    warmUp: 1,
    product: 'a terminated follower, from its replacement running to the replacement voting (the dead one removed)',
    floor: 'by hand: prepared config, start, one reconfig call that swaps the two',
    target: 1.5,
    measureProduct: () => product(lab),
    measureFloor: () => floor.replace((id) => ensemble.kill(id)),
    progress,
  });
}

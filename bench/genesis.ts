// SPDX-License-Identifier: Apache-2.0
/** From the last instance running to a quorum that serves, against the same servers started by hand at once. */
import { startLab } from '../test/lab/support/lab.ts';
import { EnsembleByHand, quorumServes, until } from './by-hand.ts';
import { type Comparison, compare } from './measure.ts';
import { CRON_SECONDS, shippedAgent } from './shipped-agent.ts';

const NODES = 3;

async function product(agentCommand: readonly string[]): Promise<number> {
  await using lab = await startLab({ nodes: NODES, ticks: CRON_SECONDS, agentCommand });
  const hosts = () => lab.lab.hypervisor.hosts;
  await until(
    'all instances run',
    async () => hosts().length === NODES && hosts().every((host) => host.bootedAtMs !== undefined),
  );
  const addresses = hosts().map((host) => host.address);
  const lastMs = Math.max(...hosts().map((host) => host.bootedAtMs ?? Number.NaN));
  return (await until('a quorum serves', () => quorumServes(lab.lab.servers, addresses))) - lastMs;
}

async function floor(): Promise<number> {
  await using ensemble = await EnsembleByHand.prepare(NODES);
  return await ensemble.startAll();
}

export async function benchGenesis(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  const agentCommand = await shippedAgent(progress);
  return await compare({
    name: 'genesis',
    rounds,
    warmUp: 1,
    product: `${NODES} nodes, from the last instance running to a quorum that serves`,
    floor: `the same ${NODES} servers started by hand at once, with a static config`,
    target: 1.5,
    measureProduct: () => product(agentCommand),
    measureFloor: floor,
    progress,
  });
}

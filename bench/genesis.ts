/** From the last instance running to a quorum that serves, against the same servers started by hand at once. */
import { startLab } from '../test/lab/support/lab.ts';
import { EnsembleByHand, quorumServes, until } from './by-hand.ts';
import { type Comparison, compare } from './measure.ts';

const NODES = 3;

async function product(): Promise<number> {
  await using lab = await startLab({ nodes: NODES });
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

export function benchGenesis(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  return compare({
    name: 'genesis',
    rounds,
    warmUp: 1,
    product: `${NODES} nodes, from the last instance running to a quorum that serves`,
    floor: `the same ${NODES} servers started by hand at once, with a static config`,
    target: 1.5,
    measureProduct: product,
    measureFloor: floor,
    progress,
  });
}

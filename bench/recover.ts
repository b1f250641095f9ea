// SPDX-License-Identifier: Apache-2.0
/** From the majority terminated to serving again, against one server start; with and without the fixed wait. */
import { SuspendProcessesCommand } from '@aws-sdk/client-auto-scaling';
import type { Servers } from '../src/ports.ts';
import { LAB_TIMINGS } from '../src/timings.ts';
import { startLab } from '../test/lab/support/lab.ts';
import { EnsembleByHand, until } from './by-hand.ts';
import { type Comparison, compare, figuresOf } from './measure.ts';
import { shippedAgent } from './shipped-agent.ts';

/** The recovery is started by hand at once; nobody else boots, so that nobody else has to be heard. */
async function product(agentCommand: readonly string[]): Promise<number> {
  await using lab = await startLab({ nodes: 3, ticks: 'never', agentCommand });
  await lab.healthy();
  const survivor = (await lab.nodes()).at(-1);
  if (survivor?.address === undefined) throw new Error('There is no survivor.');
  const { instance, address } = survivor;
  await lab.lab.operator.autoScaling.send(
    new SuspendProcessesCommand({ AutoScalingGroupName: lab.lab.stack.group, ScalingProcesses: ['Launch'] }),
  );
  const others = (await lab.nodes()).filter((node) => node.instance !== instance);
  for (const node of others) await lab.terminate(node.instance);
  await until('EC2 calls the majority terminated', async () => {
    const { nodes } = await lab.status();
    return others.every((other) => nodes.find((node) => node.instance === other.instance)?.state === 'terminated');
  });
  const terminatedMs = performance.now();
  const run = lab.agent(instance, ['recovery']);
  const servesMs = await until('the survivor commits', () => commitsAlone(lab.lab.servers, address));
  const { code, stdout } = await run;
  if (code !== 0) throw new Error(`The recovery ended with ${code}: ${stdout}`);
  return servesMs - terminatedMs;
}

/** Opening a session is a write, so whoever opens one commits. */
async function commitsAlone(servers: Servers, address: string): Promise<boolean> {
  const signal = AbortSignal.timeout(5_000);
  const answer = await servers.srvr(address, signal);
  if (answer.kind !== 'serving' || answer.mode !== 'leader') return false;
  const session = await servers.open(address, { secret: false }, signal);
  const config = await session.config(signal);
  await session.close();
  return config.members.length === 1;
}

async function floor(): Promise<number> {
  await using ensemble = await EnsembleByHand.prepare(1);
  const [address = ''] = ensemble.addresses;
  const startedMs = performance.now();
  await ensemble.start(1, 'genesis');
  return (await until('the server commits', () => commitsAlone(ensemble.servers, address))) - startedMs;
}

export async function benchRecover(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  const agentCommand = await shippedAgent(progress);
  const whole: number[] = [];
  const comparison = await compare({
    name: 'recover',
    rounds,
    warmUp: 1,
    product: 'two of three terminated, from there to the survivor committing, without the fixed wait of the protocol',
    floor: 'one server start by hand, to committing',
    target: 1.5,
    measureProduct: async () => {
      const elapsedMs = await product(agentCommand);
      whole.push(elapsedMs);
      return elapsedMs - LAB_TIMINGS.recoveryQuietMs;
    },
    measureFloor: floor,
    progress,
  });
  const withWait = figuresOf(whole.slice(-rounds));
  return { ...comparison, more: { fixedWaitMs: LAB_TIMINGS.recoveryQuietMs, medianWithWaitMs: withWait.medianMs } };
}

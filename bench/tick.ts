// SPDX-License-Identifier: Apache-2.0
/** A healthy `recovery` run, bundled, against a bare `node -e 0` of the same Node. */
import { join } from 'node:path';
import { agentCommand } from '../lab/daemon/agent-program.ts';
import { CLIENT_PORT } from '../src/model/member.ts';
import { quickMonitor } from '../src/tick/quick-monitor.ts';
import { startLab } from '../test/lab/support/lab.ts';
import { until } from './by-hand.ts';
import { type Comparison, comparisonOf, round } from './measure.ts';
import { wholeRuns } from './whole-runs.ts';

/**
 * A server answers its first questions slowly, until the JVM has compiled how. Within two hours ticks ask this often.
 */
const TICKS_BEFORE = 120;
const LIMIT_MS = 5_000;

/** A node on which a tick has nothing to do. */
export interface HealthyNode {
  readonly environment: NodeJS.ProcessEnv;
  /** The calls of its agent so far. */
  awsCalls(): number;
}

export async function withHealthyNode<T>(
  use: (node: HealthyNode) => Promise<T>,
  command?: readonly string[],
): Promise<T> {
  await using lab = await startLab({ nodes: 1, ticks: 'never', ...(command ? { agentCommand: command } : {}) });
  await lab.healthy();
  const node = await lab.leader();
  // Bootstrap has its own last steps to do after the node votes, and its last look; from then on ticks are healthy.
  await until('bootstrap has ended', async () => lab.agentLog(node.instance).some(({ event }) => event === 'done'));
  const address = node.address ?? '';
  for (let asked = 0; asked < TICKS_BEFORE; asked++) await quickMonitor(address, CLIENT_PORT, LIMIT_MS);
  return await use({
    // A machine's processes have this environment and no other; the settings file holds the rest.
    environment: { PATH: process.env.PATH, ZK_AGENT_ENV_FILE: join(lab.directoryOf(node.instance), 'agent.env') },
    awsCalls: () => lab.callsOf(node.instance).length,
  });
}

export const HEALTHY_TICK = 'recovery on a healthy node (one that leads, so its followers are counted)';

/** The word that only a healthy tick says. */
export const SAYS_HEALTHY = '"healthy"';

export async function benchTick(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  const [program = process.execPath, agent = ''] = await agentCommand();
  return await withHealthyNode(async ({ environment, awsCalls }) => {
    const callsBefore = awsCalls();
    const [tick, bare] = await wholeRuns(
      [
        { words: [program, agent, 'recovery'], says: SAYS_HEALTHY },
        { words: [program, '-e', '0'], says: '' },
      ],
      {
        rounds,
        warmUp: 3,
        environment,
        progress: (number, [tickMs = 0, bareMs = 0]) =>
          progress(`tick ${number}/${rounds}: ${round(tickMs)} ms against ${round(bareMs)} ms`),
      },
    );
    const contest = { name: 'tick', product: HEALTHY_TICK, floor: 'node -e 0', target: 1.6 };
    const comparison = comparisonOf(contest, tick.elapsedMs, bare.elapsedMs);
    return { ...comparison, more: { awsCalls: awsCalls() - callsBefore } };
  });
}

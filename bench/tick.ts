/** A healthy `recovery` run, bundled, against a bare `node -e 0` of the same Node. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { agentCommand } from '../lab/daemon/agent-program.ts';
import { startLab } from '../test/lab/support/lab.ts';
import { until } from './by-hand.ts';
import { type Comparison, compare } from './measure.ts';

/** Runs it to its end; the metadata service that it asks lives in this very process, so nothing here may block. */
export async function timed(program: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, 'close');
  const elapsedMs = performance.now() - startedMs;
  const said = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said}`);
  if (args.includes('recovery') && !said.includes('"healthy"')) throw new Error(`The tick was not healthy: ${said}`);
  return elapsedMs;
}

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
  // Bootstrap has its own last steps to do after the node votes; the ticks from then on are the healthy ones.
  await until('a tick finds nothing to do', async () => {
    const { stdout } = await lab.agent(node.instance, ['recovery']);
    return stdout.includes('"healthy"');
  });
  return await use({
    // A machine's processes have this environment and no other; the settings file holds the rest.
    environment: { PATH: process.env.PATH, ZK_AGENT_ENV_FILE: join(lab.directoryOf(node.instance), 'agent.env') },
    awsCalls: () => lab.callsOf(node.instance).length,
  });
}

export async function benchTick(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  const [program = 'node', agent = ''] = await agentCommand();
  return await withHealthyNode(async ({ environment, awsCalls }) => {
    const callsBefore = awsCalls();
    const comparison = await compare({
      name: 'tick',
      rounds,
      warmUp: 3,
      product: 'zk-agent recovery on a healthy node (one that leads, so mntr is asked too)',
      floor: 'node -e 0',
      target: 1.6,
      measureProduct: () => timed(program, [agent, 'recovery'], environment),
      measureFloor: () => timed(program, ['-e', '0'], environment),
      progress,
    });
    return { ...comparison, more: { awsCalls: awsCalls() - callsBefore } };
  });
}

/** A healthy `recovery` run, bundled, against a bare `node -e 0` of the same Node. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { agentCommand } from '../lab/daemon/agent-program.ts';
import { startLab } from '../test/lab/support/lab.ts';
import { until } from './by-hand.ts';
import { type Comparison, compare } from './measure.ts';

/** Runs it to its end; the metadata service that it asks lives in this very process, so nothing here may block. */
async function timed(program: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, 'close');
  const elapsedMs = performance.now() - startedMs;
  const said = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said}`);
  if (args[0] !== '-e' && !said.includes('"healthy"')) throw new Error(`The tick was not healthy: ${said}`);
  return elapsedMs;
}

export async function benchTick(rounds: number, progress: (line: string) => void): Promise<Comparison> {
  await using lab = await startLab({ nodes: 1, ticks: 'never' });
  await lab.healthy();
  const node = await lab.leader();
  // Bootstrap has its own last steps to do after the node votes; the ticks from then on are the healthy ones.
  await until('a tick finds nothing to do', async () => {
    const { stdout } = await lab.agent(node.instance, ['recovery']);
    return stdout.includes('"healthy"');
  });
  const [program = 'node', agent = ''] = await agentCommand();
  // A machine's processes have this environment and no other; the settings file holds the rest.
  const environment = { PATH: process.env.PATH, ZK_AGENT_ENV_FILE: join(lab.directoryOf(node.instance), 'agent.env') };
  const callsBefore = lab.callsOf(node.instance).length;
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
  return { ...comparison, more: { awsCalls: lab.callsOf(node.instance).length - callsBefore } };
}

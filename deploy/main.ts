/**
 * The command line of deploy.sh, which hands over its own settings before a lone `--` and the flags after it. Exit codes
 * stand in errors.ts.
 */
import { awsClients, regionOf } from './aws.ts';
import { DEFAULT_WAITS, type DeployContext } from './context.ts';
import { type DeleteResult, deleteStack } from './delete.ts';
import { type DeployResult, deploy } from './deploy.ts';
import { DeployError, exitCodeOf } from './errors.ts';
import { flagsWin, type Order, readOrder } from './options.ts';
import { consoleTerminal, type Terminal } from './terminal.ts';

export async function main(words: readonly string[], terminal: Terminal): Promise<number> {
  const at = words.indexOf('--');
  const all = flagsWin(words.slice(0, Math.max(at, 0)), words.slice(at + 1));
  const json = all.includes('--json');
  const interrupt = new AbortController();
  const stop = (): void => {
    interrupt.abort(new DeployError('INTERRUPTED', 'Interrupted; nothing is being changed.', 'Run it again.'));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const order = readOrder(all, { print: (text) => terminal.result(text) });
    if (order.kind !== 'help') await carryOut(order, terminal, interrupt.signal);
    return 0;
  } catch (error) {
    return tell(terminal, error, json);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

async function carryOut(order: Exclude<Order, { kind: 'help' }>, terminal: Terminal, signal: AbortSignal) {
  const { profile, region, pollMs, json } = order;
  using aws = awsClients({
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
  });
  await regionOf(aws);
  const context: DeployContext = { aws, terminal, signal, waits: { ...DEFAULT_WAITS, pollMs } };
  if (order.kind === 'delete') {
    const result = await deleteStack(context, order);
    if (json) terminal.result(JSON.stringify(result));
    else summarise(terminal, result);
  } else {
    const result = await deploy(order, context);
    if (json) terminal.result(JSON.stringify(result));
    else for (const line of outputLines(result)) terminal.result(line);
  }
}

function summarise(terminal: Terminal, { action, stackName }: DeleteResult): void {
  if (action === 'deleted') terminal.line(`The stack ${stackName} is deleted.`, 'green');
}

function outputLines({ outputs }: DeployResult): readonly string[] {
  const entries = Object.entries(outputs);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

/** The exit code. */
function tell(terminal: Terminal, error: unknown, json: boolean): number {
  const told = error instanceof DeployError ? error : internal(error);
  const { code, message, next } = told;
  terminal.line(`${code}: ${message}`, 'red');
  terminal.line(next);
  if (code === 'INTERNAL' && error instanceof Error) terminal.line(error.stack ?? '', 'dim');
  if (json) terminal.result(JSON.stringify({ error: { code, message, next } }));
  return exitCodeOf(told);
}

function internal(error: unknown): DeployError {
  const message = error instanceof Error ? error.message : String(error);
  return new DeployError(
    'INTERNAL',
    message,
    'This is a mistake in the program: please report it with these lines.',
    error,
  );
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), consoleTerminal());

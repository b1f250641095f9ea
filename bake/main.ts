/**
 * The command line of build.sh, which hands over its own settings before a lone `--` and the flags after it. Exit codes
 * stand in errors.ts.
 */
import { fileURLToPath } from 'node:url';
import { awsClients, regionOf } from '../deploy/aws.ts';
import { flagsWin } from '../deploy/options.ts';
import { consoleTerminal, type Terminal } from '../deploy/terminal.ts';
import { bake } from './bake.ts';
import { builderPolicy } from './builder-policy.ts';
import { BakeError, bakeErrorOf, exitCodeOf } from './errors.ts';
import { compileAgent } from './executable.ts';
import { type Order, readOrder } from './options.ts';
import { endpointOf } from './plan.ts';

const ELSEWHERE = fileURLToPath(new URL('../.cache/bake', import.meta.url));

export async function main(words: readonly string[], terminal: Terminal): Promise<number> {
  const at = words.indexOf('--');
  const all = flagsWin(words.slice(0, Math.max(at, 0)), words.slice(at + 1));
  const json = all.includes('--json');
  const interrupt = new AbortController();
  let pressed = 0;
  const stop = (): void => {
    pressed += 1;
    if (pressed > 1) terminal.line('Still cleaning up.');
    interrupt.abort(new BakeError('INTERRUPTED', 'Interrupted.', 'No image was made. Run it again.'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    await carryOut(
      readOrder(all, (text) => terminal.result(text)),
      terminal,
      interrupt.signal,
    );
    return 0;
  } catch (error) {
    return tell(terminal, error, json);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

async function carryOut(order: Order, terminal: Terminal, signal: AbortSignal): Promise<void> {
  switch (order.kind) {
    case 'help':
      return;
    case 'policy':
      terminal.result(JSON.stringify(builderPolicy(order), undefined, 2));
      return;
    case 'agent': {
      const { executable, version } = await compileAgent(order.architecture, terminal, signal);
      terminal.result(order.json ? JSON.stringify({ executable, version }) : executable);
      return;
    }
    default:
      await bakeOrder(order, terminal, signal);
  }
}

async function bakeOrder(order: Extract<Order, { kind: 'bake' }>, terminal: Terminal, signal: AbortSignal) {
  const { profile } = order;
  using aws = awsClients({
    ...(profile === undefined ? {} : { profile }),
    ...(order.region === undefined ? {} : { region: order.region }),
  });
  const region = await regionOf(aws);
  const endpoint = endpointOf(process.env);
  const result = await bake(order, {
    aws,
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    // deploy.sh must not take another cloud's image for AWS's.
    ...(endpoint?.ofOtherCloud === true ? { output: ELSEWHERE } : {}),
    ...(profile === undefined ? {} : { profile }),
    terminal,
    signal,
  });
  if (order.json) terminal.result(JSON.stringify(result));
  else terminal.result(result.imageId ?? result.imageName);
}

/** The exit code. */
function tell(terminal: Terminal, error: unknown, json: boolean): number {
  const told = bakeErrorOf(error);
  const { code, message, next, cause } = told;
  terminal.progress();
  terminal.line(`${code}: ${message}`, 'red');
  terminal.line(next);
  if (code === 'INTERNAL' && cause instanceof Error) terminal.line(cause.stack ?? '', 'dim');
  if (json) terminal.result(JSON.stringify({ error: { code, message, next } }));
  return exitCodeOf(told);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), consoleTerminal());

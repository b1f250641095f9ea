// SPDX-License-Identifier: Apache-2.0
/**
 * The command line of deploy.sh, which passes its own settings before a lone `--` and the flags after it. The exit
 * codes are in errors.ts.
 */

import { awsClients } from '../tools/aws-clients.ts';
import { goOnWithoutReader } from '../tools/closed-pipe.ts';
import { interruption } from '../tools/interruption.ts';
import { wordsOf } from '../tools/script-settings.ts';
import { tell } from '../tools/tell.ts';
import { consoleTerminal, type Terminal } from '../tools/terminal.ts';
import { regionOf } from './aws.ts';
import { DEFAULT_WAITS, type DeployContext } from './context.ts';
import { type DeleteResult, deleteStack } from './delete.ts';
import { type DeployResult, deploy } from './deploy.ts';
import { DeployError, exitCodeOf } from './errors.ts';
import { type DeployOrder, readOrder } from './options.ts';
import { mustHaveProfile } from './profile.ts';

/** Returns the exit code. */
async function main(words: readonly string[], terminal: Terminal): Promise<number> {
  const all = wordsOf(words);
  const json = all.includes('--json');
  using interrupt = interruption(
    () => new DeployError('INTERRUPTED', 'Interrupted; nothing is being changed.', 'Run it again.'),
  );
  try {
    const order = readOrder(all, { print: (text) => terminal.result(text) });
    if (order.kind !== 'help') await carryOut(order, terminal, interrupt.signal);
    return 0;
  } catch (error) {
    const told = error instanceof DeployError ? error : internal(error);
    tell(terminal, told, json);
    return exitCodeOf(told);
  }
}

async function carryOut(order: Exclude<DeployOrder, { kind: 'help' }>, terminal: Terminal, signal: AbortSignal) {
  const { profile, region, pollMs, json } = order;
  using aws = awsClients({
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
  });
  await mustHaveProfile(profile, process.env);
  await regionOf(aws);
  const context: DeployContext = { aws, terminal, signal, waits: { ...DEFAULT_WAITS, pollMs }, nowMs: Date.now };
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

function internal(error: unknown): DeployError {
  const message = error instanceof Error ? error.message : String(error);
  return new DeployError(
    'INTERNAL',
    message,
    'This is a mistake in the program: please report it with these lines.',
    error,
  );
}

if (import.meta.main) {
  goOnWithoutReader();
  process.exitCode = await main(process.argv.slice(2), consoleTerminal());
}

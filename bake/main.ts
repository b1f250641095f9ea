// SPDX-License-Identifier: Apache-2.0
/**
 * The command line of build.sh, which passes its own settings before a lone `--` and the flags after it. The exit codes
 * are in errors.ts.
 */
import { fileURLToPath } from 'node:url';
import { regionOf } from '../deploy/aws.ts';
import { mustHaveProfile } from '../deploy/profile.ts';
import { awsClients } from '../tools/aws-clients.ts';
import { goOnWithoutReader } from '../tools/closed-pipe.ts';
import { interruption } from '../tools/interruption.ts';
import { wordsOf } from '../tools/script-settings.ts';
import { tell } from '../tools/tell.ts';
import { consoleTerminal, type Terminal } from '../tools/terminal.ts';
import { bake } from './bake.ts';
import { builderPolicy } from './builder-policy.ts';
import { BakeError, bakeErrorOf, exitCodeOf } from './errors.ts';
import { compileAgent } from './executable.ts';
import { type BakeOrder, readOrder } from './options.ts';
import { endpointOf } from './plan.ts';
import { prepare } from './prepare.ts';

const ELSEWHERE = fileURLToPath(new URL('../.cache/bake', import.meta.url));

/** Returns the exit code. */
export async function main(words: readonly string[], terminal: Terminal): Promise<number> {
  const all = wordsOf(words);
  const json = all.includes('--json');
  using interrupt = interruption(
    () => new BakeError('INTERRUPTED', 'Interrupted.', 'No image was made. Run it again.'),
    () => terminal.line('Still cleaning up.'),
  );
  try {
    await carryOut(
      readOrder(all, (text) => terminal.result(text)),
      terminal,
      interrupt.signal,
    );
    return 0;
  } catch (error) {
    const told = bakeErrorOf(error);
    tell(terminal, told, json);
    return exitCodeOf(told);
  }
}

async function carryOut(order: BakeOrder, terminal: Terminal, signal: AbortSignal): Promise<void> {
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
    case 'prepare': {
      const directory = await prepare(order.options, { terminal, signal });
      terminal.line('Prepared. Now call Packer in that directory; docs/building.md has the command.');
      terminal.result(order.json ? JSON.stringify({ directory }) : directory);
      return;
    }
    default:
      await bakeOrder(order, terminal, signal);
  }
}

async function bakeOrder(order: Extract<BakeOrder, { kind: 'bake' }>, terminal: Terminal, signal: AbortSignal) {
  const { profile } = order;
  using aws = awsClients({
    ...(profile === undefined ? {} : { profile }),
    ...(order.region === undefined ? {} : { region: order.region }),
  });
  await mustHaveProfile(profile, process.env);
  const region = await regionOf(aws);
  const endpoint = endpointOf(process.env);
  const result = await bake(order, {
    aws,
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    // deploy.sh must not use another cloud's image as one of AWS.
    ...(endpoint?.ofOtherCloud === true ? { output: ELSEWHERE } : {}),
    ...(profile === undefined ? {} : { profile }),
    terminal,
    signal,
  });
  if (order.json) terminal.result(JSON.stringify(result));
  else terminal.result(result.imageId ?? result.imageName);
}

if (import.meta.main) {
  goOnWithoutReader();
  process.exitCode = await main(process.argv.slice(2), consoleTerminal());
}

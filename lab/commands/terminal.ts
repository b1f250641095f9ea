// SPDX-License-Identifier: Apache-2.0
/** The output of the lab's commands: progress on standard error, results on standard output. */
import { styleText } from 'node:util';
import { interruption } from '../../tools/interruption.ts';
import { consoleTerminal, type Style } from '../../tools/terminal.ts';

const terminal = consoleTerminal();
const startedAt = performance.now();

/** A reader such as `head` may close the pipe early. That is not an error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** For a result; without colours when the output is not a terminal. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** A line of progress with the seconds since the command began. */
export function progress(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  terminal.line(`${styleText('dim', `${seconds}s`, { stream: process.stderr })}  ${line}`);
}

export function print(line: string): void {
  terminal.result(line);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : undefined));
}

/** Aborts with SIGINT and SIGTERM. A second signal ends the process at once. */
export function interruptSignal(): AbortSignal {
  const again = (): never => process.exit(1);
  return interruption(() => new Error('Interrupted.'), again).signal;
}

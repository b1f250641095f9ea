// SPDX-License-Identifier: Apache-2.0
/**
 * The output of the lab's commands: progress on standard error, results on standard output. Also what ends a command
 * early: Ctrl-C, a terminal that closes, and a reader that goes away.
 */
import { styleText } from 'node:util';
import { goOnWithoutReader } from '../../tools/closed-pipe.ts';
import { interruption } from '../../tools/interruption.ts';
import { consoleTerminal, type Style } from '../../tools/terminal.ts';

const USUAL_LAB = 'lab';

const terminal = consoleTerminal();
const startedAt = performance.now();
const unread = new AbortController();
let interrupted: AbortSignal | undefined;
let lab = USUAL_LAB;

goOnWithoutReader(() => unread.abort(new Error('Nobody reads any more.')));

/** From here on every command that is named to a person is about this lab. */
export function speakOf(name: string): void {
  lab = name;
}

/** `see ./lab.sh status` has to become `see ./lab.sh status --name other`. */
function named(text: string): string {
  return lab === USUAL_LAB ? text : text.replace(/(\.\/lab\.sh [a-z]+)\b(?! --name)/g, `$1 --name ${lab}`);
}

/** For a result; without colours when the output is not a terminal. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** A line of progress with the seconds since the command began. */
export function progress(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  terminal.line(`${styleText('dim', `${seconds}s`, { stream: process.stderr })}  ${named(line)}`);
}

/** The last words of a command that failed. */
export function tellFailure(text: string): void {
  terminal.line(named(text));
}

export function print(line: string): void {
  terminal.result(line);
}

export function printJson(value: unknown): void {
  print(named(JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : undefined)));
}

/**
 * Aborts with Ctrl-C, with the end of the terminal, and when nobody reads standard output any more. A further Ctrl-C
 * changes nothing: what is left to do has limits, and would leave processes behind.
 */
export function interruptSignal(): AbortSignal {
  const { signal } = interruption(
    () => new Error('Interrupted.'),
    () => progress('still ending'),
  );
  interrupted = signal;
  return AbortSignal.any([signal, unread.signal]);
}

/** Why the signal has aborted. */
export function endedEarly(): 'interrupted' | 'unread' | undefined {
  if (interrupted?.aborted === true) return 'interrupted';
  return unread.signal.aborted ? 'unread' : undefined;
}

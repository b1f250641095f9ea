// SPDX-License-Identifier: Apache-2.0
/** What the runner prints. */
import { inspect } from 'node:util';
import type { Counts } from './stages.ts';

const colours = process.stdout.isTTY === true;

function paint(code: number, text: string): string {
  return colours ? `\u001B[${code}m${text}\u001B[0m` : text;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printStage(name: string): void {
  say(`\n${paint(1, `== ${name}`)}`);
}

export function printFile(file: string, counts: Counts, ms: number): void {
  const mark = counts.failed > 0 ? paint(31, '✗') : paint(32, '✓');
  const failed = counts.failed > 0 ? `, ${counts.failed} failed` : '';
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  say(`${mark} ${file}  ${counts.passed} passed${failed}${skipped}  ${(ms / 1_000).toFixed(1)} s`);
}

/** Below its file's line. */
export function printSkipped(reason: string): void {
  say(paint(33, `  skipped: ${reason}`));
}

/** One failure in full. */
export function failure(name: string, problem: unknown): void {
  say(paint(31, `✗ ${name}`));
  const details = typeof problem === 'string' ? problem : inspect(problem, { depth: 12, colors: colours });
  say(details.replace(/^/gm, '    '));
}

/** The very last line. */
export function printTotal({ passed, failed, skipped }: Counts): void {
  say(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}

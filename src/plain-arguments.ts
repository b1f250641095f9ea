// SPDX-License-Identifier: Apache-2.0
/**
 * The command lines that the unit and cron use: a command whose only flags are settings as `--key=value`. They are read
 * without yargs, because yargs takes longer to load than a whole healthy tick takes.
 */
import { FLAG_KEYS, type Flags } from './settings-table.ts';

interface PlainOrder {
  readonly command: 'bootstrap' | 'recovery';
  readonly flags: Flags;
}

/** Undefined when there is any other word; yargs has to read such a line. */
export function plainOrder(words: readonly string[]): PlainOrder | undefined {
  const [command, ...rest] = words;
  if (command !== 'bootstrap' && command !== 'recovery') return undefined;
  const flags: Record<string, string> = {};
  for (const word of rest) {
    const match = /^--([a-z-]+)=(.*)$/.exec(word);
    const key = match?.[1]?.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    if (!key || !(key in FLAG_KEYS) || match?.[2] === undefined) return undefined;
    flags[key] = match[2];
  }
  return { command, flags };
}

// SPDX-License-Identifier: Apache-2.0
/**
 * The command lines of the unit and of cron: an order without any flag but settings as `--key=value`. They need no
 * yargs, which takes longer to load than a healthy tick takes as a whole.
 */
import { FLAG_KEYS, type Flags } from './settings-table.ts';

interface PlainOrder {
  readonly command: 'bootstrap' | 'recovery';
  readonly flags: Flags;
}

/** Undefined when there is any other word, which yargs has to read. */
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

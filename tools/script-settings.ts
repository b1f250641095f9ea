// SPDX-License-Identifier: Apache-2.0
/** The settings block of build.sh and deploy.sh. The scripts pass it before a lone `--`, and the flags after it. */

/** The words of a command line. A flag replaces the setting of the same name. */
export function wordsOf(handedOver: readonly string[]): readonly string[] {
  const at = handedOver.indexOf('--');
  return flagsWin(handedOver.slice(0, Math.max(at, 0)), handedOver.slice(at + 1));
}

/**
 * The settings, then the flags. A setting that is also given as a flag is left out. Both are lists of words such as
 * `--subnets a b c`, `--name=value` or `--no-lint`.
 */
export function flagsWin(settings: readonly string[], flags: readonly string[]): readonly string[] {
  const given = new Set(flags.filter(isFlag).map(nameOf));
  const kept: string[] = [];
  let keeps = true;
  for (const word of settings) {
    if (isFlag(word)) keeps = !given.has(nameOf(word));
    if (keeps) kept.push(word);
  }
  return [...kept, ...flags];
}

function isFlag(word: string): boolean {
  return word.startsWith('--') && word.length > 2;
}

function nameOf(flag: string): string {
  return flag.replace(/^--(no-)?/, '').replace(/=.*$/s, '');
}

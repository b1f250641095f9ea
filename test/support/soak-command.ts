// SPDX-License-Identifier: Apache-2.0
import type { Argv } from 'yargs';

interface NumberRule {
  readonly least: number;
  readonly byDefault: number;
  /** One line for the help. */
  readonly what: string;
}

/** One command of `npm run soak`, whose options are all whole numbers. */
export interface SoakCommand<Name extends string = string> {
  readonly describe: string;
  readonly example: string;
  readonly numbers: Readonly<Record<Name, NumberRule>>;
  /** Throws for numbers that do not fit together. */
  readonly check?: (numbers: Readonly<Record<Name, number>>) => void;
  /** Resolves with 0 if all was well. */
  readonly run: (numbers: Readonly<Record<Name, number>>) => Promise<number>;
}

/** Adds the command's options, with a check of each, to the parser. */
export function withNumbers(parser: Argv, { numbers, check, example }: SoakCommand): Argv {
  const rules = Object.entries(numbers);
  for (const [name, { byDefault, what }] of rules) {
    parser.option(name, { type: 'number', default: byDefault, describe: what });
  }
  return parser.example(`$0 ${example}`, '').check((answers) => {
    if (answers.help === true) return true;
    for (const [name, { least }] of rules) {
      const number = answers[name];
      if (!Number.isSafeInteger(number) || Number(number) < least) {
        throw new Error(`--${name} is a whole number from ${least}.`);
      }
    }
    check?.(answers as Readonly<Record<string, number>>);
    return true;
  }, false);
}

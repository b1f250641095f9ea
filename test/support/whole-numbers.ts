// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';

interface NumberRule {
  readonly least: number;
  readonly byDefault: number;
}

/** Options that are whole numbers, by name. Throws for an unknown one and for a wrong number. */
export function wholeNumbers<const Name extends string>(
  words: readonly string[],
  rules: Readonly<Record<Name, NumberRule>>,
): Readonly<Record<Name, number>> {
  const entries = Object.entries<NumberRule>(rules);
  const { values } = parseArgs({
    args: [...words],
    options: Object.fromEntries(entries.map(([name]) => [name, { type: 'string' as const }])),
  });
  const numbers = entries.map(([name, { least, byDefault }]) => {
    const text = values[name];
    const number = text === undefined ? byDefault : Number(text);
    if (Number.isSafeInteger(number) && number >= least) return [name, number];
    throw new Error(`--${name} is a whole number from ${least}: ${text}`);
  });
  return Object.fromEntries(numbers) as Record<Name, number>;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * The kinds of options: how yargs shows one, and how its answer is read. An empty answer counts as left out, as in
 * shells.
 */
import type { Options } from 'yargs';

interface OptionRow<Answer> {
  /** For yargs. No option is required there, and numbers are read as text, because yargs reads an empty text as 0. */
  readonly shown: Options;
  /** `answered` is the value from yargs. */
  readonly read: (answered: unknown) => Answer;
}

/** The heading in `--help`, and the sentence. */
type Told = readonly [group: string, describe: string];

function textIn(answered: unknown): string | undefined {
  // For an option that is given twice, yargs returns a list.
  const last: unknown = Array.isArray(answered) ? answered.at(-1) : answered;
  return last === undefined || last === '' ? undefined : String(last).trim();
}

/** NaN when it is not a number. */
function numberIn(answered: unknown): number | undefined {
  const text = textIn(answered);
  if (text === undefined) return undefined;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function textsIn(answered: unknown): readonly string[] {
  return (Array.isArray(answered) ? answered : []).map((one) => String(one).trim()).filter((one) => one !== '');
}

export function text(...[group, describe]: Told): OptionRow<string | undefined> {
  return { shown: { type: 'string', group, describe }, read: textIn };
}

export function textOr(standard: string, ...[group, describe]: Told): OptionRow<string> {
  const shown: Options = { type: 'string', default: standard, group, describe };
  return { shown, read: (answered) => textIn(answered) ?? standard };
}

/** Yargs refuses every other word. The first is the default. */
export function oneOf(words: readonly [string, ...string[]], ...[group, describe]: Told): OptionRow<string> {
  const [standard] = words;
  const shown: Options = { type: 'string', choices: words, default: standard, group, describe };
  return { shown, read: (answered) => textIn(answered) ?? standard };
}

export function number(...[group, describe]: Told): OptionRow<number | undefined> {
  return { shown: { type: 'string', group, describe }, read: numberIn };
}

export function numberOr(standard: number, ...[group, describe]: Told): OptionRow<number> {
  const shown: Options = { type: 'string', default: standard, group, describe };
  return { shown, read: (answered) => numberIn(answered) ?? standard };
}

/** Words, without any change. */
export function words(...[group, describe]: Told): OptionRow<readonly string[]> {
  return { shown: { type: 'array', string: true, default: [], group, describe }, read: textsIn };
}

/** Words; one word may contain several, with commas between them. */
export function list(...[group, describe]: Told): OptionRow<readonly string[]> {
  const read = (answered: unknown): readonly string[] =>
    textsIn(answered).flatMap((one) => one.split(',').filter((part) => part !== ''));
  return { shown: { type: 'array', string: true, group, describe }, read };
}

export function flag(...told: Told): OptionRow<boolean> {
  return flagOr(false, ...told);
}

/** With the default `true`, yargs takes `--no-…` for the other answer. */
export function flagOr(standard: boolean, ...[group, describe]: Told): OptionRow<boolean> {
  const shown: Options = { type: 'boolean', default: standard, group, describe };
  return { shown, read: (answered) => [answered].flat().at(-1) === true };
}

/** Options by their names on the command line. */
export type OptionRows = Readonly<Record<string, OptionRow<unknown>>>;

/** The options as given, by their names. A number that can't be read is NaN. */
export type AnswersTo<Rows extends OptionRows> = { readonly [Name in keyof Rows]: ReturnType<Rows[Name]['read']> };

/** For `yargs(words).options(shownIn(rows))`. */
export function shownIn(rows: OptionRows): Readonly<Record<string, Options>> {
  return Object.fromEntries(Object.entries(rows).map(([name, { shown }]) => [name, shown]));
}

/** The answers with their types. An option that was left out has its default, or is undefined. */
export function answersIn<Rows extends OptionRows>(
  rows: Rows,
  answered: Readonly<Record<string, unknown>>,
): AnswersTo<Rows> {
  const read = Object.entries(rows).map(([name, row]) => [name, row.read(answered[name])]);
  return Object.fromEntries(read) as AnswersTo<Rows>;
}

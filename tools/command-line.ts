// SPDX-License-Identifier: Apache-2.0
/**
 * What every command line of the project has in common: `--help` and `-h`, unknown words refused with the nearest name
 * that exists, and numbers written in digits. Wrong usage is one error of the caller's own kind.
 */
import yargs, { type Argv } from 'yargs';
import { nearest } from './nearest.ts';

const WIDTH = 120;
/** The parser has its own words for what it refuses; the sentences below are made from the English ones. */
const LANGUAGE = 'en';
const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/;

interface CommandLine {
  /** As a person types it: `./deploy.sh`. */
  readonly program: string;
  /** The words behind the program's name. */
  readonly words: readonly string[];
  /** The first lines of the help; `$0` stands for the program. */
  readonly usage: string;
  /** Makes the error for words that are not understood, from one sentence for people. */
  readonly misused: (why: string) => Error;
  /** Refuses empty words, such as those of variables that are not set. They are handed over without it. */
  readonly refusesEmpty?: boolean;
  /** Whoever reads the answers takes a list for an option that was given more than once. Without it that is refused. */
  readonly takesLists?: boolean;
}

/** What the parser knows of its options, which its types leave out. */
interface ParserOptions {
  readonly key: Readonly<Record<string, unknown>>;
  readonly number: readonly string[];
  readonly array: readonly string[];
}

interface Known {
  readonly options: () => ParserOptions;
  /** Of the commands, as far as they have been added. */
  readonly commands: readonly string[];
}

/**
 * To be completed with options and commands. To parse then throws, or rejects with, the `misused` error or a command's
 * own. After `--help` no command runs.
 */
export function commandLine(line: CommandLine): Argv {
  const { program, words, usage, misused, refusesEmpty = false, takesLists = false } = line;
  const parser = yargs([...words]);
  const known: Known = {
    options: () => (parser as unknown as { getOptions(): ParserOptions }).getOptions(),
    commands: namesOfCommands(parser),
  };
  return parser
    .scriptName(program)
    .usage(usage)
    .locale(LANGUAGE)
    .strict()
    .help()
    .alias('help', 'h')
    .version(false)
    .exitProcess(false)
    .wrap(Math.min(WIDTH, (process.stdout.isTTY && process.stdout.columns) || WIDTH))
    .check((answers) => {
      if (answers.help === true) return true;
      const { number, array } = known.options();
      for (const name of number) checkNumber(name, answers[name], words);
      for (const [name, value] of Object.entries(answers)) {
        // The parser has each option with a hyphen a second time, with a capital instead.
        if (name === '_' || name === '$0' || /[A-Z]/.test(name)) continue;
        const isRepeated = Array.isArray(value) && !takesLists && !array.includes(name);
        if (isRepeated) throw new Error(`${shown(name, words)} is given more than once.`);
        if (refusesEmpty && value === '') throw new Error(`${shown(name, words)} is empty. Is a variable not set?`);
      }
      return true;
    }, true)
    .fail((message: string | null, error) => {
      // The error of a command comes without a message.
      if (error && !message) throw error;
      throw misused(sentenceFor(message ?? '', words, known));
    });
}

/** The list grows with each command that is added. The parser forgets its own list while a command reads its words. */
function namesOfCommands(parser: Argv): readonly string[] {
  const names: string[] = [];
  const add = parser.command.bind(parser) as (...row: unknown[]) => Argv;
  const hear = (...row: unknown[]): Argv => {
    const [words, describe] = row;
    // Without a description it is not for people.
    const all = [words].flat().map(nameIn);
    if (describe !== false) names.push(...all.filter((name) => name !== '$0'));
    return add(...row);
  };
  Object.assign(parser, { command: hear });
  return names;
}

/** `terminate` for `terminate <target>`. */
function nameIn(words: unknown): string {
  return String(words).split(' ')[0] ?? '';
}

/** An option as it is typed; a word that has its place has its name alone. */
function shown(name: string, words: readonly string[]): string {
  return isOption(name, words) ? `--${name}` : name;
}

function isOption(name: string, words: readonly string[]): boolean {
  return words.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
}

function checkNumber(name: string, value: unknown, words: readonly string[]): void {
  const at = words.indexOf(`--${name}`);
  const next = at === -1 ? undefined : words[at + 1];
  // The parser takes such an option for one that was left out.
  if (at !== -1 && (next === undefined || next.startsWith('--'))) throw new Error(`--${name} needs a number.`);
  if (typeof value !== 'number') return;
  // The parser reads `0x5`, `1e3` and blanks as numbers too.
  const given = isOption(name, words) ? [next, valueBehind(`--${name}=`, words)] : words;
  const otherwise = given.some((text) => text !== undefined && Number(text) === value && !PLAIN_NUMBER.test(text));
  if (Number.isNaN(value) || otherwise) throw new Error(`${shown(name, words)} is a number, written in digits.`);
}

function valueBehind(start: string, words: readonly string[]): string | undefined {
  return words.find((word) => word.startsWith(start))?.slice(start.length);
}

function sentenceFor(message: string, words: readonly string[], known: Known): string {
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/.exec(message)?.[1]?.split(', ');
  if (unknown === undefined) return message;
  // The parser names an option a second time, with capitals instead of hyphens.
  const typed = unknown.filter((name) => dashesOf(name, words) !== '' || words.includes(name));
  const names = typed.length > 0 ? typed : unknown;
  const options = names.filter((name) => dashesOf(name, words) !== '');
  const others = names.filter((name) => dashesOf(name, words) === '');
  return [
    ...(others.length > 0 ? [unknownWords(others, words, known.commands)] : []),
    ...options.map((name) => unknownOption(name, words, known.options())),
  ].join(' ');
}

function dashesOf(name: string, words: readonly string[]): string {
  if (isOption(name, words)) return '--';
  return words.includes(`-${name}`) ? '-' : '';
}

/** The first word names the command, unless there is one already. */
function unknownWords(names: readonly string[], words: readonly string[], commands: readonly string[]): string {
  const [first = ''] = names;
  const isNamed = commands.length === 0 || words.some((word) => commands.includes(word));
  if (isNamed) return `Too many words: ${names.join(' ')}.`;
  const near = nearest(first, commands);
  return `Unknown command: ${first}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

function unknownOption(name: string, words: readonly string[], { key }: ParserOptions): string {
  const names = Object.keys(key).filter((each) => each.length > 1 && !/[A-Z]/.test(each));
  const near = nearest(name, names);
  return `Unknown option: ${dashesOf(name, words)}${name}.${near === undefined ? '' : ` Did you mean --${near}?`}`;
}

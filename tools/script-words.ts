// SPDX-License-Identifier: Apache-2.0
import type { Argv } from 'yargs';
import { goOnWithoutReader } from './closed-pipe.ts';
import { commandLine } from './command-line.ts';

const USAGE_CODE = 2;

/**
 * Reads the command line of `npm run NAME -- …`. `complete` adds the options. Ends the process with 0 after `--help`,
 * and with 2 after one sentence for words that are not understood.
 */
export async function scriptWords<Answers>(
  name: string,
  usage: string,
  complete: (parser: Argv) => Argv<Answers>,
): ReturnType<Argv<Answers>['parseAsync']> {
  goOnWithoutReader();
  const parser = commandLine({
    program: `npm run ${name} --`,
    words: process.argv.slice(2),
    usage,
    misused: (why) => new WrongWords(why),
  });
  try {
    const answers = await complete(parser).parseAsync();
    if (answers.help === true) process.exit(0);
    return answers;
  } catch (error) {
    if (!(error instanceof WrongWords)) throw error;
    process.stderr.write(`${error.message}\nSee npm run ${name} -- --help.\n`);
    process.exit(USAGE_CODE);
  }
}

class WrongWords extends Error {
  override readonly name = 'WrongWords';
}

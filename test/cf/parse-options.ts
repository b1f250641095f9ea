// SPDX-License-Identifier: Apache-2.0
/** The template's options from a command line of them alone, read as cf/main.ts and deploy.sh read it. */
import { optionTable } from '../../cf/option-table.ts';
import { templateOptions } from '../../cf/options.ts';
import type { TemplateOptions } from '../../cf/template-options.ts';
import { AgentError } from '../../src/errors.ts';
import { commandLine } from '../../tools/command-line.ts';

/** Throws BAD_ARGUMENT with a sentence for everything that is wrong. */
export function parseOptions(words: readonly string[]): TemplateOptions {
  return templateOptions(parseArguments(words));
}

/** Yargs' answers to the table; unknown words are refused. */
export function parseArguments(words: readonly string[]): Readonly<Record<string, unknown>> {
  const misused = (why: string): Error => new AgentError('BAD_ARGUMENT', why, 'Correct it.');
  return commandLine({ program: 'options', words, usage: '$0', misused, takesLists: true })
    .options(optionTable)
    .parseSync();
}

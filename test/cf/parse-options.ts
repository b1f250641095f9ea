// SPDX-License-Identifier: Apache-2.0
/** The template's options from a command line of them alone, read as cf/main.ts and deploy.sh read it. */
import yargs from 'yargs';
import { optionTable } from '../../cf/option-table.ts';
import { templateOptions } from '../../cf/options.ts';
import type { TemplateOptions } from '../../cf/template-options.ts';
import { AgentError } from '../../src/errors.ts';

/** Throws BAD_ARGUMENT with a sentence for everything that is wrong. */
export function parseOptions(words: readonly string[]): TemplateOptions {
  return templateOptions(parseArguments(words));
}

/** Yargs' answers to the table; unknown words are refused. */
export function parseArguments(words: readonly string[]): Readonly<Record<string, unknown>> {
  return yargs([...words])
    .options(optionTable)
    .strict()
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new AgentError('BAD_ARGUMENT', message, 'Correct it.');
    })
    .parseSync();
}

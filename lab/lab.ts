// SPDX-License-Identifier: Apache-2.0
/**
 * The command line of the lab; `lab.sh` prepares the machine and runs it. Exit codes: 0 done, 1 failed, 2 wrong usage,
 * 130 interrupted.
 */
import { hideBin } from 'yargs/helpers';
import { labCommandLine } from './command-line.ts';
import { UsageError } from './commands/lab-client.ts';
import { endedEarly, printJson, tellFailure } from './commands/terminal.ts';

const EXIT_CODES = { FAILED: 1, BAD_ARGUMENT: 2, INTERRUPTED: 130 } as const;

const NEXT = {
  FAILED: 'See ./lab.sh status and ./lab.sh logs.',
  BAD_ARGUMENT: 'See ./lab.sh --help.',
  INTERRUPTED: 'Run it again.',
} as const;

const words = hideBin(process.argv);
try {
  await labCommandLine(words).parseAsync();
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const usage = error instanceof UsageError || name === 'TargetError';
  const code = usage ? 'BAD_ARGUMENT' : endedEarly() === 'interrupted' ? 'INTERRUPTED' : 'FAILED';
  if (process.env.LAB_DEBUG !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  tellFailure(usage ? `${message}\n${NEXT[code]}` : message);
  if (words.includes('--json')) printJson({ error: { code, message, next: NEXT[code] } });
  process.exit(EXIT_CODES[code]);
}

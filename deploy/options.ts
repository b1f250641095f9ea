// SPDX-License-Identifier: Apache-2.0
/** The command line of deploy.sh: the template's options, and further ones of its own. */
import type { Argv } from 'yargs';
import { fits, STACK_NAME } from '../cf/limits.ts';
import {
  type AnswersTo,
  answersIn,
  flag,
  flagOr,
  numberOr,
  type OptionRows,
  shownIn,
  text,
} from '../cf/option-rows.ts';
import { optionTable } from '../cf/option-table.ts';
import { templateOptions } from '../cf/options.ts';
import { AgentError } from '../src/errors.ts';
import { commandLine } from '../tools/command-line.ts';
import type { DeleteOptions } from './delete.ts';
import type { DeployOptions } from './deploy.ts';
import { DeployError, EXIT_CODES } from './errors.ts';
import { builtImage, IMAGE_FILE } from './image-file.ts';

const DEPLOYMENT = 'Deployment:';

const ROWS = {
  'dry-run': flag(DEPLOYMENT, 'shows what would change, and stops'),
  delete: flag(DEPLOYMENT, 'deletes the stack, then asks about the data that it leaves'),
  yes: flag(DEPLOYMENT, 'answers questions; with --delete, that about the stack alone'),
  'with-data': flag(DEPLOYMENT, 'with --delete --yes: removes the data too, for good'),
  json: flag(DEPLOYMENT, 'the result as one JSON object on standard output'),
  profile: text(DEPLOYMENT, 'profile of the AWS configuration (default: the SDK’s, AWS_PROFILE)'),
  region: text(DEPLOYMENT, 'AWS region (default: the SDK’s, AWS_REGION or the profile’s)'),
  lint: flagOr(true, DEPLOYMENT, 'lets cfn-lint look at the template, if installed; --no-lint'),
  'poll-seconds': numberOr(2, DEPLOYMENT, 'between two looks at the stack, 0.05 to 60'),
} as const satisfies OptionRows;

type OwnOptions = AnswersTo<typeof ROWS>;

/** The order from the command line. */
export type DeployOrder =
  | { readonly kind: 'help' }
  | ({ readonly kind: 'deploy' } & DeployOptions & CommonDeployOptions)
  | ({ readonly kind: 'delete' } & DeleteOptions & CommonDeployOptions);

interface CommonDeployOptions {
  readonly json: boolean;
  readonly profile?: string;
  readonly region?: string;
  readonly pollMs: number;
}

interface Reading {
  /** The image when the command line names none; by default the last one that was built here. */
  readonly image?: () => string | undefined;
  /** Receives the text of `--help`. */
  readonly print?: (text: string) => void;
}

/** Throws DeployError BAD_INPUT with a sentence for each problem that can be found without AWS. */
export function readOrder(words: readonly string[], { image = builtImage, print }: Reading = {}): DeployOrder {
  const answered = answersTo(words, print);
  if (answered === undefined) return { kind: 'help' };
  const own = answersIn(ROWS, answered);
  const common = commonOptions(own, answered);
  if (own.delete) return { kind: 'delete', ...common, ...deleteOptions(own, answered) };
  if (own['with-data']) throw badInput('--with-data is for --delete alone.');
  const ami = answered.ami ?? image();
  try {
    const template = templateOptions({ ...answered, ami });
    return { kind: 'deploy', ...common, template, dryRun: own['dry-run'], yes: own.yes, lint: own.lint };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const hint = ami === undefined ? ` Without --ami the image in ${IMAGE_FILE} is taken, which build.sh writes.` : '';
    throw badInput(error.message, `${error.next}${hint}`, error);
  }
}

/** The answers from yargs; undefined after `--help`. */
function answersTo(
  words: readonly string[],
  print: ((text: string) => void) | undefined,
): Readonly<Record<string, unknown>> | undefined {
  let help: string | undefined;
  const answers = parser(words).parseSync([...words], {}, (_error, _answers, output) => {
    help = output;
  });
  if (answers.help !== true) return answers;
  print?.(help ?? '');
  return undefined;
}

function parser(words: readonly string[]): Argv {
  const codes = Object.entries(EXIT_CODES).filter(([, code]) => code > 1);
  return commandLine({
    program: './deploy.sh',
    words,
    usage: '$0 [options]\n\nCreates or updates the stack of a ZooKeeper ensemble, and shows what it does.',
    misused: badInput,
    takesLists: true,
  })
    .options(optionTable)
    .options(shownIn(ROWS))
    .example(
      '$0 --stackname orders --vpcid vpc-0a1b2c3d --subnets subnet-0a1b2c3d subnet-1a1b2c3d subnet-2a1b2c3d --ami ami-0a1b2c3d',
      'three nodes',
    )
    .example('$0 --dry-run', 'what would change, with the settings that stand in deploy.sh')
    .example('$0 --stackname orders --delete', 'the stack, then, asked once more, the data that it leaves')
    .epilogue(
      `Exit codes: 0 done, or nothing to change; 1 failed; ${codes.map(([name, code]) => `${code} ${name}`).join('; ')}.`,
    );
}

function commonOptions(own: OwnOptions, answered: Readonly<Record<string, unknown>>): CommonDeployOptions {
  for (const name of ['profile', 'region']) {
    if (Array.isArray(answered[name])) throw badInput(`--${name} is given more than once.`);
  }
  const { json, profile, region, 'poll-seconds': pollSeconds } = own;
  if (!(pollSeconds >= 0.05 && pollSeconds <= 60)) throw badInput('--poll-seconds is a number from 0.05 to 60.');
  return {
    json,
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
    pollMs: pollSeconds * 1_000,
  };
}

function deleteOptions(own: OwnOptions, answered: Readonly<Record<string, unknown>>): DeleteOptions {
  const { stackname } = answered;
  if (typeof stackname !== 'string' || stackname === '') {
    throw badInput(`--stackname is missing. ${STACK_NAME.sentence}`);
  }
  if (!fits(STACK_NAME, stackname)) throw badInput(`--stackname ${stackname}: ${STACK_NAME.sentence}`);
  return { stackName: stackname, yes: own.yes, withData: own['with-data'], dryRun: own['dry-run'] };
}

function badInput(message: string, next = 'Correct it; ./deploy.sh --help describes every option.', cause?: unknown) {
  return new DeployError('BAD_INPUT', message, next, cause);
}

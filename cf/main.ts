// SPDX-License-Identifier: Apache-2.0
/** `npm run template -- [options]`: prints the template, or a policy. Exit codes: 0 printed, 2 wrong usage. */
import { AgentError } from '../src/errors.ts';
import { goOnWithoutReader } from '../tools/closed-pipe.ts';
import { commandLine } from '../tools/command-line.ts';
import { deployerPolicy } from './deployer-policy.ts';
import { givenRolePolicy } from './given-role-policy.ts';
import { ADDRESS_STATEMENTS } from './identity/elastic-ip.ts';
import { fits, STACK_NAME, ZONE } from './limits.ts';
import { answersOf, optionTable } from './option-table.ts';
import { templateOptions, zoneOf } from './options.ts';
import { template, templateText } from './template.ts';
import type { Zone } from './template-options.ts';

const OUTPUT = 'Output:';

function parser(words: readonly string[]) {
  return commandLine({
    program: 'npm run template --',
    words,
    usage: '$0 [options]\n\nPrints the CloudFormation template that deploy.sh applies. It asks AWS nothing.',
    misused: (why) => new AgentError('BAD_ARGUMENT', why, 'See --help.'),
    takesLists: true,
  })
    .options(optionTable)
    .option('yaml', { type: 'boolean', default: false, group: OUTPUT, describe: 'YAML instead of JSON' })
    .option('deployer-policy', {
      type: 'boolean',
      default: false,
      group: OUTPUT,
      describe: 'the policy that who deploys needs instead; with --stackname for this stack alone',
    })
    .option('role-policy', {
      type: 'boolean',
      default: false,
      group: OUTPUT,
      describe:
        'the policy that a role given with --instancerole needs instead; wants --stackname, and --zone where there is one',
    })
    .example(
      '$0 --stackname orders --vpcid vpc-0a1b2c3d --subnets subnet-0a1b2c3d subnet-1a1b2c3d subnet-2a1b2c3d --ami ami-0a1b2c3d',
      'three nodes',
    )
    .example('$0 --deployer-policy --stackname orders', 'for whoever deploys the stack orders');
}

type Answers = ReturnType<ReturnType<typeof parser>['parseSync']>;

function output(answers: Answers): string {
  const { stackname, instancerole, mode, zone } = answersOf(answers);
  if (answers.deployerPolicy) {
    if (stackname !== undefined) checkStackName(stackname);
    return policyText(
      deployerPolicy({
        ...(stackname === undefined ? {} : { stackName: stackname }),
        ...(instancerole === undefined ? {} : { instanceRole: instancerole }),
      }),
    );
  }
  if (answers.rolePolicy) {
    return policyText(
      givenRolePolicy(checkStackName(stackname), {
        ...(zone === undefined ? {} : { zone: checkZone(zone) }),
        further: mode === 'elastic-ip' ? ADDRESS_STATEMENTS : [],
      }),
    );
  }
  return templateText(template(templateOptions(answers)), answers.yaml ? 'yaml' : 'json');
}

function checkStackName(name: string | undefined): string {
  if (name !== undefined && fits(STACK_NAME, name)) return name;
  throw new AgentError('BAD_ARGUMENT', `--stackname ${name ?? 'is missing'}. ${STACK_NAME.sentence}`, 'See --help.');
}

function checkZone(zone: string): Zone {
  if (fits(ZONE, zone)) return zoneOf(zone);
  throw new AgentError('BAD_ARGUMENT', `--zone ${zone}. ${ZONE.sentence}`, 'See --help.');
}

function policyText(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function main(words: readonly string[]): number {
  try {
    const answers = parser(words).parseSync();
    if (answers.help !== true) process.stdout.write(output(answers));
    return 0;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    process.stderr.write(`${error.message}\n${error.next}\n`);
    return 2;
  }
}

goOnWithoutReader();
process.exitCode = main(process.argv.slice(2));

/** `npm run template -- [options]`: prints the template. Exit codes: 0 printed, 2 wrong usage. */
import yargs from 'yargs';
import { AgentError } from '../src/errors.ts';
import { optionTable, templateOptions } from './options.ts';
import { template, templateText } from './template.ts';

const OUTPUT = 'Output:';

function main(words: readonly string[]): number {
  const parser = yargs([...words])
    .scriptName('npm run template --')
    .usage('$0 [options]\n\nPrints the CloudFormation template that deploy.sh applies. It asks AWS nothing.')
    .options(optionTable)
    .option('yaml', { type: 'boolean', default: false, group: OUTPUT, describe: 'YAML instead of JSON' })
    .example(
      '$0 --stackname orders --vpcid vpc-0a1b2c3d --subnets subnet-0a1b2c3d subnet-1a1b2c3d subnet-2a1b2c3d --ami ami-0a1b2c3d',
      'three nodes',
    )
    .strict()
    .help()
    .version(false)
    .exitProcess(false)
    .wrap(process.stdout.isTTY ? Math.min(120, process.stdout.columns) : 120)
    .fail((message, error) => {
      throw error ?? new AgentError('BAD_ARGUMENT', message, 'See --help.');
    });
  try {
    const answers = parser.parseSync();
    if (answers.help === true) return 0;
    process.stdout.write(templateText(template(templateOptions(answers)), answers.yaml ? 'yaml' : 'json'));
    return 0;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    process.stderr.write(`${error.message}\n${error.next}\n`);
    return 2;
  }
}

process.exitCode = main(process.argv.slice(2));

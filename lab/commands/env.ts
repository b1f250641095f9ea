// SPDX-License-Identifier: Apache-2.0
import type { Argv } from 'yargs';
import { callLab } from './lab-client.ts';
import { print, printJson, progress } from './terminal.ts';

/** They would win over the keys, or be sent with them. */
const IN_THE_WAY = ['AWS_PROFILE', 'AWS_SESSION_TOKEN'];

export function addEnv(cli: Argv<{ name: string }>): Argv {
  return cli.command(
    'env',
    "Print the local AWS's endpoint, region and keys, for the AWS CLI and every SDK",
    (command) =>
      command
        .option('json', { type: 'boolean', default: false, describe: 'The variables as one JSON object' })
        .example('eval "$($0 env)"', 'then: aws ec2 describe-instances'),
    async ({ name, json }) => {
      const { endpoint, region, key } = await callLab(name, 'access', {});
      const variables = {
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      };
      if (json) return printJson(variables);
      for (const [variable, value] of Object.entries(variables)) print(`export ${variable}=${inShell(value)}`);
      print(`unset ${IN_THE_WAY.join(' ')}`);
      const namespace = await callLab(name, 'namespace', {});
      if (namespace !== null) progress(`only what is started with nsenter --net=/run/netns/${namespace} reaches it`);
    },
  );
}

function inShell(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

// SPDX-License-Identifier: Apache-2.0
/** `npm run cloud`: the local AWS alone, until Ctrl-C. Prints the settings for an SDK or the AWS CLI. */
import { interruption } from '../tools/interruption.ts';
import { scriptWords } from '../tools/script-words.ts';
import { startCloud } from './cloud.ts';

const { port, region } = await scriptWords(
  'cloud',
  '$0\n\nServes a local AWS at 127.0.0.1 until Ctrl-C, and prints the environment of its clients.',
  (parser) =>
    parser
      .option('port', { type: 'number', default: 0, describe: 'of 127.0.0.1; 0 takes a free one' })
      .option('region', { type: 'string', default: 'us-east-1', describe: 'the one region that it has' })
      .check(({ port: asked }) => {
        if (Number.isInteger(asked) && asked >= 0 && asked <= 65_535) return true;
        throw new Error('--port is a whole number from 0 to 65535.');
      })
      .example('$0 --port 5000', 'always at the same port'),
);
using interrupt = interruption(() => new Error('Interrupted.'));
const { signal } = interrupt;
try {
  await using cloud = await startCloud({
    ...{ port, region, signal },
    progress: (sentence) => process.stderr.write(`${sentence}\n`),
  });
  const { accessKeyId, secretAccessKey } = cloud.newKey('operator');
  const environment = {
    AWS_ENDPOINT_URL: cloud.url,
    AWS_REGION: cloud.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  for (const [name, value] of Object.entries(environment)) process.stdout.write(`export ${name}=${value}\n`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
} catch (error) {
  if (!signal.aborted) throw error;
}

// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nearest } from '../tools/nearest.ts';
import { DeployError } from './errors.ts';

/**
 * Rejects with BAD_INPUT when a profile is asked for that stands in no file of the AWS configuration. The SDK would say
 * that there is no region, or no credentials. `environment` is as in `process.env`.
 */
export async function mustHaveProfile(profile: string | undefined, environment: NodeJS.ProcessEnv): Promise<void> {
  const wanted = profile ?? environment.AWS_PROFILE;
  if (wanted === undefined || wanted === '') return;
  const home = join(environment.HOME ?? '', '.aws');
  const files = [
    environment.AWS_CONFIG_FILE ?? join(home, 'config'),
    environment.AWS_SHARED_CREDENTIALS_FILE ?? join(home, 'credentials'),
  ];
  const known = (await Promise.all(files.map(profilesIn))).flat();
  if (known.includes(wanted)) return;
  const near = nearest(wanted, known);
  throw new DeployError(
    'BAD_INPUT',
    `There is no profile "${wanted}" in ${files.join(' or ')}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
    'Correct --profile or AWS_PROFILE; "aws configure list-profiles" names those that there are.',
  );
}

/** The names in `[profile orders]` and `[orders]`. A file that can't be read has none. */
async function profilesIn(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return [...text.matchAll(/^\s*\[\s*(?:profile\s+)?["']?([^\]"']+?)["']?\s*\]/gm)].map(([, name = '']) => name);
}

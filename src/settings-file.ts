// SPDX-License-Identifier: Apache-2.0
/** The settings file of a node. The healthy tick reads it, so nothing heavy is imported here. */
import { readFileSync } from 'node:fs';
import { parseEnvironmentFile } from './environment-file.ts';
import { AgentError } from './errors.ts';
import { IGNORED_KEYS, SETTINGS } from './settings-table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_FILE = '/etc/zookeeper-on-aws/agent.env';

/** The settings file (`ZK_AGENT_ENV_FILE` or the default, which may be missing). */
export function readSettingsFile(environment: Environment): { readonly text: string; readonly file: string } {
  const file = environment.ZK_AGENT_ENV_FILE || DEFAULT_FILE;
  try {
    return { text: readFileSync(file, 'utf8'), file };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!missing || environment.ZK_AGENT_ENV_FILE) {
      throw new AgentError(
        'BAD_SETTINGS',
        `The settings file ${file} cannot be read.`,
        'Write it, make it readable, or let ZK_AGENT_ENV_FILE name another one.',
        error,
      );
    }
  }
  return { text: '', file };
}

/** Its entries. Rejects with BAD_SETTINGS where one is no setting. */
export function entriesOf(text: string, file: string): ReadonlyMap<string, string> {
  const entries = parseEnvironmentFile(text, file);
  for (const key of entries.keys()) {
    if (!Object.hasOwn(SETTINGS, key) && !IGNORED_KEYS.has(key) && !key.startsWith('AWS_')) {
      throw new AgentError(
        'BAD_SETTINGS',
        `${file} sets ${key}, which is no setting of the agent.`,
        `Correct its name to one of ${Object.keys(SETTINGS).join(', ')}, or leave it out.`,
      );
    }
  }
  return entries;
}

/** The AWS_* entries, which are for the SDK. */
export function awsEntries(entries: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...entries].filter(([key]) => key.startsWith('AWS_')));
}

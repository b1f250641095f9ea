// SPDX-License-Identifier: Apache-2.0
/** The user data of a node: a script that writes its agent.env. Also reads the settings back from such a script. */
import { dirname } from 'node:path';
import Handlebars from 'handlebars';
import { USER_DATA_TEMPLATE } from '../src/templates/user-data.ts';

const SETTINGS_FILE = '/etc/zookeeper-on-aws/agent.env';
const SETTINGS_END = 'END_OF_SETTINGS';

/**
 * A script that writes the agent's settings. cloud-init runs it where there is one; the lab's process machines read it.
 */
export function userData(settings: Readonly<Record<string, string>>): string {
  const render = Handlebars.compile(USER_DATA_TEMPLATE, { noEscape: true, strict: true });
  return render({
    directory: dirname(SETTINGS_FILE),
    file: SETTINGS_FILE,
    end: SETTINGS_END,
    lines: settingLines(settings),
  });
}

/** The settings that such a script writes. Throws when the script writes none. */
export function settingsOfUserData(script: string): string {
  const start = script.indexOf(`<<'${SETTINGS_END}'\n`);
  const end = script.indexOf(`\n${SETTINGS_END}\n`);
  if (start < 0 || end < 0) throw new Error(`The user data of the instance does not write ${SETTINGS_FILE}.`);
  return script.slice(script.indexOf('\n', start) + 1, end + 1);
}

/** The lines of agent.env, as one text. */
export function formatSettings(settings: Readonly<Record<string, string>>): string {
  return settingLines(settings)
    .map((line) => `${line}\n`)
    .join('');
}

/** Single quotes keep every character, so a value can't contain one. */
function settingLines(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).map(([key, value]) => {
    if (/['\n\r\0]/.test(value)) throw new Error(`The setting ${key} holds a quote or a line break: ${value}`);
    return `${key}='${value}'`;
  });
}

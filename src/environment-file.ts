// SPDX-License-Identifier: Apache-2.0
/**
 * Reader of environment files, strict on purpose: it takes only what a shell, systemd (`EnvironmentFile=`) and this
 * reader understand alike, so one file can serve all three.
 *
 *   file  = *( line LF )
 *   line  = blank | "#" comment | KEY "=" value
 *   KEY   = [A-Z_][A-Z0-9_]*
 *   value = plain | "'" any but ' "'" | '"' ( any but " \ $ ` | "\" one of " \ $ ` )* '"'
 */
import { AgentError } from './errors.ts';

const LINE = /^([A-Z_][A-Z0-9_]*)=(.*)$/;
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]*$/;
const SINGLE_QUOTED = /^'([^']*)'$/;
const DOUBLE_QUOTED = /^"((?:[^"\\$`]|\\["\\$`])*)"$/;

/** Rejects with BAD_SETTINGS, which names the line but never a value: a value may be a secret. */
export function parseEnvironmentFile(text: string, file: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const refuse = (what: string) =>
      new AgentError('BAD_SETTINGS', `Line ${index + 1} of ${file} ${what}.`, `Correct that line of ${file}.`);
    const [, key, value] = LINE.exec(line) ?? [];
    if (key === undefined || value === undefined) throw refuse('is not of the form KEY=value');
    if (entries.has(key)) throw refuse(`sets ${key} a second time`);
    const plain = unquote(value);
    if (plain === undefined) throw refuse(`has a value for ${key} that needs quotes, or quotes that do not fit`);
    entries.set(key, plain);
  }
  return entries;
}

function unquote(value: string): string | undefined {
  if (PLAIN.test(value)) return value;
  const single = SINGLE_QUOTED.exec(value);
  if (single !== null) return single[1];
  return DOUBLE_QUOTED.exec(value)?.[1]?.replace(/\\(.)/g, '$1');
}

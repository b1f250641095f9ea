// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run documents`: writes into the documents what is made. From the code these are tables and the API of the
 * client; from the runbook's own headings, its contents. Each stands between `<!-- name -->` and `<!-- /name -->`. A
 * test compares the documents with this output.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOG_EVENTS } from '../src/log-events.ts';
import { allowedFor, SETTINGS, type Setting, type ValueCheck } from '../src/settings-table.ts';
import { LAB_TIMINGS, PRODUCTION_TIMINGS, type Timings } from '../src/timings.ts';
import { scriptWords } from '../tools/script-words.ts';
import { clientApiLines } from './client-api.ts';
import { contentsOf } from './contents.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** For each document and name, the lines between the marks. */
export const TABLES: Readonly<Record<string, Readonly<Record<string, () => readonly string[]>>>> = {
  'docs/client-api.md': { names: () => clientApiLines(ROOT) },
  'docs/layout.md': { events: eventRows },
  'docs/runbook.md': { contents: () => contentsOf(readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8')) },
  'docs/settings.md': { settings: settingRows, timings: timingRows },
};

function eventRows(): readonly string[] {
  return tableOf(
    ['event', 'level', 'fields', 'it is written when'],
    Object.entries(LOG_EVENTS).map(([event, { level, fields, optional, when }]) => {
      const shown = [
        ...Object.entries(fields).map(([field, kind]) => `\`${field}\` (${kind})`),
        ...Object.entries(optional).map(([field, kind]) => `sometimes \`${field}\` (${kind})`),
      ];
      return [`\`${event}\``, level, shown.join(', '), when];
    }),
  );
}

function settingRows(): readonly string[] {
  return tableOf(
    ['key', 'flag', 'what it is', 'allowed', 'default'],
    Object.entries<Setting>(SETTINGS).map(([key, setting]) => [
      `\`${key}\``,
      setting.flag === undefined
        ? ''
        : `\`--${setting.flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}\``,
      setting.sentence,
      allowed(setting),
      otherwise(setting),
    ]),
  );
}

function allowed({ check, unit }: Setting): string {
  const bound = 'atLeast' in check ? `, and at least ${check.atLeast}` : '';
  return `${allowedFor(check)}${unit === undefined ? '' : ` (${unit})`}${bound}${MORE.get(check) ?? ''}`;
}

/** Words that follow the sentence about a value in the document only. */
const MORE = new Map<ValueCheck, string>([[SETTINGS.TIMINGS.check, ' the names below in milliseconds']]);

function otherwise({ required, default: standard, without }: Setting): string {
  if (required) return 'none; it must be set';
  return standard === undefined ? (without ?? '') : `\`${standard}\``;
}

/** The sentence of each wait is the comment above it. */
function timingRows(): readonly string[] {
  const source = readFileSync(join(ROOT, 'src/timings.ts'), 'utf8');
  return tableOf(
    ['name', 'production, ms', 'lab, ms', 'what it is'],
    (Object.keys(PRODUCTION_TIMINGS) as (keyof Timings)[]).map((name) => {
      const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n  readonly ${name}:`).exec(source)?.[1];
      if (comment === undefined) throw new Error(`src/timings.ts has no comment above ${name}.`);
      const sentences = comment.replace(/\s*\n +\*? */g, ' ').trim();
      return [`\`${name}\``, String(PRODUCTION_TIMINGS[name]), String(LAB_TIMINGS[name]), sentences];
    }),
  );
}

function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)];
}

/** The document with the tables from the code. Throws when the marks of a table are missing. */
export function withTables(document: string, text: string): string {
  let result = text;
  for (const [name, rows] of Object.entries(TABLES[document] ?? {})) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [before, rest] = [result.slice(0, result.indexOf(begin)), result.slice(result.indexOf(begin))];
    if (!result.includes(begin) || !rest.includes(end)) throw new Error(`${document} has no ${begin} … ${end}.`);
    result = `${before}${begin}\n\n${rows().join('\n')}\n\n${rest.slice(rest.indexOf(end))}`;
  }
  return result;
}

if (import.meta.main) {
  await scriptWords('documents', '$0\n\nWrites what comes from the code into the documents.', (parser) =>
    parser.example('$0', 'after a change of settings, waits, log events or the client’s names'),
  );
  for (const document of Object.keys(TABLES)) {
    const path = join(ROOT, document);
    writeFileSync(path, withTables(document, readFileSync(path, 'utf8')));
  }
}

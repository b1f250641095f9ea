/**
 * `npm run documents`: writes the tables of the documents that are made from tables of the code. Each stands between
 * `<!-- name -->` and `<!-- /name -->`; a test holds what is there against what this makes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOG_EVENTS } from '../src/log-events.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** By document and name, the lines between the marks. */
export const TABLES: Readonly<Record<string, Readonly<Record<string, () => readonly string[]>>>> = {
  'docs/layout.md': { events: eventRows },
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

function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)];
}

/** The document with its tables as the code has them. Throws where the marks of one are missing. */
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
  for (const document of Object.keys(TABLES)) {
    const path = join(ROOT, document);
    writeFileSync(path, withTables(document, readFileSync(path, 'utf8')));
  }
}

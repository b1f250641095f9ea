// SPDX-License-Identifier: Apache-2.0
/** The lines of docs/client-api.md that come from the client's docstrings. */
import { SERVER_ERRORS } from '../src/client/index.ts';
import { type ApiMember, type ApiName, exportedNames } from './exported-names.ts';

/** What the package exports, from the root of the checkout. */
export const CLIENT_ENTRY = 'src/client/index.ts';

const GROUPS: readonly { readonly heading: string; readonly has: (name: ApiName) => boolean }[] = [
  {
    heading: 'Errors',
    has: ({ kind, name }) => (kind === 'class' && /Error$/.test(name)) || /^[A-Za-z_]*ERROR/i.test(name),
  },
  { heading: 'Recipes', has: ({ file }) => file.startsWith('src/client/recipes/') },
  { heading: 'The client', has: () => true },
];
/** In which the page has them: an error class of a recipe stands among the errors. */
const ORDER = ['The client', 'Errors', 'Recipes'];

/** Reads the sources in the folder, the root of a checkout. */
export function clientApiLines(root: string): readonly string[] {
  const names = exportedNames(root, CLIENT_ENTRY);
  const groups = Map.groupBy(names, (name) => GROUPS.find(({ has }) => has(name))?.heading ?? '');
  const writer = new PageWriter(names);
  return ORDER.flatMap((heading) => writer.group(heading, groups.get(heading) ?? [])).slice(0, -1);
}

class PageWriter {
  readonly #names: ReadonlySet<string>;
  readonly #codes: ReadonlySet<string>;

  constructor(names: readonly ApiName[]) {
    this.#names = new Set(names.map(({ name }) => name));
    const own = names.find(({ name }) => name === 'ZookeeperErrorCode')?.signatures.join() ?? '';
    this.#codes = new Set([
      ...[...own.matchAll(/'([A-Z_]+)'/g)].map(([, code = '']) => code),
      ...SERVER_ERRORS.map(({ code }) => code),
    ]);
  }

  group(heading: string, names: readonly ApiName[]): readonly string[] {
    const sorted = names.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
    const rows = sorted.map(({ name, kind, docstring }) => `| ${linkTo(name)} | ${kind} | ${inCell(docstring)} |`);
    return [
      `## ${heading}`,
      '',
      '| name | kind | what it is |',
      '| --- | --- | --- |',
      ...rows,
      '',
      ...sorted.flatMap((name) => this.#entry(name)),
    ];
  }

  #entry(name: ApiName): readonly string[] {
    const linked = this.#linked(name);
    return [
      `### ${name.name}`,
      '',
      '```ts',
      ...name.signatures.flatMap((signature) => signature.split('\n')),
      '```',
      '',
      ...paragraphs(name.docstring),
      '',
      ...this.#errorsIn(name),
      ...name.members.flatMap((member) => this.#member(member)),
      ...(name.name === 'SERVER_ERRORS' ? serverErrorRows() : []),
      `In [${name.file}](../${name.file}).${linked.length > 0 ? ` With ${linked.map(linkTo).join(', ')}.` : ''}`,
      '',
    ];
  }

  #member(member: ApiMember): readonly string[] {
    const [first, ...more] = member.signatures.map((signature) => `\`${signature}\``);
    const errors = /\(/.test(member.signatures[0] ?? '') ? this.#errorsIn(member) : [];
    const told = member.docstring === '' ? [] : [...paragraphs(member.docstring), '', ...errors];
    return [
      `- ${first}`,
      ...more.map((signature) => `  ${signature}`),
      '',
      ...told.map((line) => (line === '' ? '' : `  ${line}`)),
    ];
  }

  /** Those that the docstring names. */
  #errorsIn({ docstring }: ApiMember): readonly string[] {
    const named = [...docstring.matchAll(/\b(?:[A-Z]+_)+[A-Z]+\b|\b[A-Z]\w+Error\b/g)].map(([word]) => word);
    const errors = [...new Set(named)].filter((word) => this.#codes.has(word) || this.#names.has(word));
    const shown = errors.map((word) => (this.#names.has(word) ? linkTo(word) : `\`${word}\``));
    return shown.length === 0 ? [] : [`Errors: ${shown.join(', ')}`, ''];
  }

  /** The other names of the package that the signatures name. */
  #linked({ name, signatures, members }: ApiName): readonly string[] {
    const text = [...signatures, ...members.flatMap((member) => member.signatures)].join('\n');
    const words = new Set([...text.matchAll(/\b[A-Z]\w+/g)].map(([word]) => word));
    return [...words].filter((word) => word !== name && this.#names.has(word)).sort();
  }
}

function linkTo(name: string): string {
  return `[\`${name}\`](#${name.toLowerCase()})`;
}

/** Its first sentence. */
function inCell(docstring: string): string {
  const [first = ''] = docstring.split(/\n\n|\n(?=- |\|)/);
  const [sentence = ''] = first.replace(/\s+/g, ' ').split(/(?<=\.)\s/);
  return sentence.replaceAll('|', '\\|');
}

/** Each paragraph, item and row of a table on one line. */
function paragraphs(docstring: string): readonly string[] {
  return docstring.replace(/\n(?!\n|- |\|)[ \t]*(?=\S)(?<!\n\n)/g, ' ').split('\n');
}

function serverErrorRows(): readonly string[] {
  return [
    '| number | code | what happened |',
    '| --- | --- | --- |',
    ...SERVER_ERRORS.map(({ number, code, cause }) => `| ${number} | \`${code}\` | ${cause} |`),
    '',
  ];
}

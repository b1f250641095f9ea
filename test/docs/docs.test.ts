// SPDX-License-Identifier: Apache-2.0
/** The documents against the code: what they name exists, and what the code promises to document is there. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { anchorOf, headingsOf as headingsIn } from '../../build/contents.ts';
import { ERROR_CODES } from '../../src/errors.ts';
import { runProgram } from '../../tools/program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const HELP_LIMIT_MS = 60_000;

function filesIn(directory: string, ending: string): readonly string[] {
  const path = join(ROOT, directory);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(path, name));
}

const DOCUMENTS = [
  ...readdirSync(ROOT)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, name)),
  ...filesIn('docs', '.md'),
];

function text(path: string): string {
  return readFileSync(path, 'utf8');
}

function shown(path: string): string {
  return relative(ROOT, path);
}

/** A document without its fenced blocks and code spans, in which a link or a heading would be an example. */
function prose(markdown: string): string {
  return markdown.replace(/^( *)```.*?^\1```$/gms, '').replace(/`[^`\n]*`/g, (span) => span.replace(/[[\]()#]/g, ' '));
}

function headingsOf(path: string): readonly string[] {
  return headingsIn(text(path)).map((heading) => heading.text);
}

test('the runbook has one section for each error code, and none for another', () => {
  const all = headingsOf(join(ROOT, 'docs/runbook.md')).filter((heading) => /^[A-Z][A-Z_]+$/.test(heading));
  assert.deepEqual(all.toSorted(), [...ERROR_CODES].toSorted());
});

/** `Claims 4`, `Recovery 2 and 4`, `Claims 1, 4`, `Claims 1–7`: every rule that a text names. */
function rulesNamed(source: string): readonly string[] {
  const mention =
    /\b(Files|Claims|Genesis|Joining|Leaving|Recovery|Server|Disk|Advice) (\d+(?:(?:, | and |, and | to |–)\d+)*)/g;
  return [...source.matchAll(mention)].flatMap(([, chapter, list]) => {
    const numbers = (list ?? '').split(/, and | and |, /).flatMap((part) => {
      const [first, last] = part.split(/ to |–/).map(Number);
      if (first === undefined || last === undefined) return [Number(part)];
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
    return numbers.map((number) => `${chapter} ${number}`);
  });
}

test('every rule that the code or a document names stands in the protocol', () => {
  const rules = new Set(headingsOf(join(ROOT, 'docs/protocol.md')));
  const sources = ['src', 'tools', 'cloud', 'lab', 'test', 'bench', 'build'].flatMap((directory) =>
    filesIn(directory, '.ts'),
  );
  const mentions = [...sources, ...DOCUMENTS].flatMap((path) =>
    rulesNamed(text(path)).map((rule) => ({ rule, where: shown(path) })),
  );
  assert.deepEqual(
    mentions.filter(({ rule }) => !rules.has(rule)),
    [],
  );
  // A search that finds nothing would prove nothing.
  assert.ok(mentions.filter(({ where }) => where.startsWith('src/')).length > 20);
});

test('every heading of the protocol that the code quotes exists', () => {
  const headings = new Set(headingsOf(join(ROOT, 'docs/protocol.md')));
  const quotes = filesIn('src', '.ts').flatMap((path) => {
    const source = text(path).replace(/\n\s*\*\s?/g, ' ');
    return [...source.matchAll(/docs\/protocol\.md,((?:,? (?:and )?"[^"]+")+)/g)].flatMap((match) =>
      [...(match[1] ?? '').matchAll(/"([^"]+)"/g)].map((quote) => ({ heading: quote[1] ?? '', where: shown(path) })),
    );
  });
  assert.deepEqual(
    quotes.filter(({ heading }) => !headings.has(heading)),
    [],
  );
  assert.ok(quotes.length > 5);
});

test('relative links resolve, their headings included', () => {
  const broken: string[] = [];
  let links = 0;
  for (const document of DOCUMENTS) {
    for (const [, target = ''] of prose(text(document)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links += 1;
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? document : resolve(dirname(document), file);
      const found =
        existsSync(path) && (anchor === undefined || headingsOf(path).some((heading) => anchorOf(heading) === anchor));
      if (!found) broken.push(`${shown(document)}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(links > 10);
});

interface Mention {
  readonly words: readonly string[];
  readonly where: string;
}

/** The commands that documents show: code spans, and lines of blocks marked as shell, without their comments. */
function mentionsOf(program: string): readonly Mention[] {
  return DOCUMENTS.flatMap((path) => {
    const markdown = text(path);
    const blocks = [...markdown.matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].flatMap((match) =>
      (match[2] ?? '').split('\n'),
    );
    const spans = [...markdown.replace(/^( *)```.*?^\1```$/gms, '').matchAll(/`([^`\n]+)`/g)].map(
      (match) => match[1] ?? '',
    );
    return [...blocks, ...spans]
      .map((line) => line.replace(/ #.*/, '').trim())
      .filter((line) => line === program || line.startsWith(`${program} `))
      .map((line) => ({ words: line.split(/\s+/).slice(1), where: `${shown(path)}: ${line}` }));
  });
}

type Help = (words: readonly string[]) => Promise<string>;

/** What the program itself says to `--help`; each question is asked once. */
function helpOf(file: string, ...options: readonly string[]): Help {
  const answers = new Map<string, Promise<string>>();
  return (words) => {
    const key = words.join(' ');
    const answer =
      answers.get(key) ??
      runProgram(process.execPath, [...options, join(ROOT, file), ...words, '--help'], {
        directory: ROOT,
        limitMs: HELP_LIMIT_MS,
        // The agent run from its sources would keep its compiled code among them.
        environment: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
      });
    answers.set(key, answer);
    return answer;
  };
}

function has(help: string, pattern: string): boolean {
  return new RegExp(pattern, 'm').test(help);
}

/** The values that a positional may have, where the help lists them. */
function choicesOf(help: string): readonly string[] | undefined {
  const positionals = /^Positionals:\n((?: .*\n)+)/m.exec(help)?.[1] ?? '';
  const lists = [...positionals.matchAll(/\[choices: ([^\]]*)\]/g)].flatMap((match) => (match[1] ?? '').split(/,\s*/));
  return lists.length === 0 ? undefined : lists.map((choice) => choice.replace(/"/g, '').trim());
}

/** What is wrong with a command line, by the program's own help; undefined when nothing is. */
async function faultOf(program: string, help: Help, words: readonly string[]): Promise<string | undefined> {
  const [command, ...rest] = words;
  if (command === undefined || command === '--help') return undefined;
  if (command.startsWith('--')) return has(await help([]), `^ +(?:-\\w, )?${command}\\b`) ? undefined : `no ${command}`;
  const [name, ...others] = command.split('|');
  if (name === undefined || others.length > 0) return 'write one command, not several';
  if (!has(await help([]), `^ +${program.replaceAll('.', '\\.')} ${name}\\b`)) return `there is no command ${name}`;
  // What follows the target of the lab's "agent" belongs to zk-agent.
  if (program === './lab.sh' && name === 'agent') return faultOf('zk-agent', AGENT_HELP, rest.slice(1));
  // Its commands have words of their own.
  if (program === 'zk-agent' && name === 'zk') {
    return faultOf('zk-agent zk', (further) => help([name, ...further]), rest);
  }
  const own = await help([name]);
  for (const flag of rest.filter((word) => word.startsWith('--') && word !== '--help')) {
    if (!has(own, `^ +(?:-\\w, )?${flag.split('=')[0]}\\b`)) return `${name} has no flag ${flag}`;
  }
  const choices = choicesOf(own);
  const first = rest.find((word) => !word.startsWith('--'));
  if (
    choices !== undefined &&
    rest[0] === first &&
    first !== undefined &&
    name !== 'kill' &&
    !choices.includes(first)
  ) {
    return `${name} does not take ${first}`;
  }
  return undefined;
}

const AGENT_HELP = helpOf('src/main.ts');
const LAB_HELP = helpOf('lab/lab.ts');

for (const [program, help] of [
  ['zk-agent', AGENT_HELP],
  ['./lab.sh', LAB_HELP],
] as const) {
  test(`every ${program} command in the documents exists`, async () => {
    const mentions = mentionsOf(program);
    assert.ok(mentions.length > 5);
    const faults: string[] = [];
    for (const { words, where } of mentions) {
      const fault = await faultOf(program, help, words);
      if (fault !== undefined) faults.push(`${where} (${fault})`);
    }
    assert.deepEqual(faults, []);
  });
}

test('a command that does not exist is found out', async () => {
  assert.equal(await faultOf('zk-agent', AGENT_HELP, ['recover']), 'there is no command recover');
  assert.equal(await faultOf('zk-agent', AGENT_HELP, ['status', '--yaml']), 'status has no flag --yaml');
  assert.equal(await faultOf('zk-agent', AGENT_HELP, ['maintenance', 'maybe']), 'maintenance does not take maybe');
  assert.equal(await faultOf('./lab.sh', LAB_HELP, ['agent', '1', 'reborn']), 'there is no command reborn');
  assert.equal(await faultOf('./lab.sh', LAB_HELP, ['fault', 'flood']), 'fault does not take flood');
});

// SPDX-License-Identifier: Apache-2.0
/**
 * docs/layout.md against the code: what is written somewhere and is not in the document fails, and so do its examples.
 */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { test } from 'node:test';
import { TABLES, withTables } from '../../build/documents.ts';
import { CREATED_ONCE, REWRITTEN } from '../../cf/records.ts';
import { RESERVED_TAGS } from '../../cf/tags.ts';
import { ERROR_CODES } from '../../src/errors.ts';
import { LOG_EVENTS } from '../../src/log-events.ts';
import { readClaims } from '../../src/registry/claims.ts';
import { notesAmong } from '../../src/registry/dead.ts';
import { goneAmong, sayGone } from '../../src/registry/gone.ts';
import { outcomesAmong, readAnnouncements, readRecords } from '../../src/registry/lineage.ts';
import { readReports } from '../../src/registry/reports.ts';
import { agentFiles } from '../../src/zookeeper/agent-files.ts';
import { parseStamp } from '../../src/zookeeper/stamp.ts';
import { MemoryShelf } from '../act/memory-shelf.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LAYOUT = text('docs/layout.md');
const signal = new AbortController().signal;

function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The sources of the agent under these folders or names, as one text. */
function sources(...patterns: readonly string[]): string {
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }).sort().map(text)).join('\n');
}

/** From a heading of the second level to the next. */
function section(heading: string): string {
  const found = new RegExp(`^## ${heading}\\n(.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(LAYOUT)?.[1];
  assert.ok(found, `docs/layout.md has a section "${heading}".`);
  return found;
}

function codeSpans(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

/** The first cells of the rows of all tables, each code span by itself. */
function firstCells(markdown: string): readonly string[] {
  const cells = [...markdown.matchAll(/^\| (`[^|]*?) \|/gm)].map((match) => match[1] ?? '');
  return cells.flatMap(codeSpans);
}

test('the tables that are made from the code are as it has them (npm run documents)', () => {
  for (const document of Object.keys(TABLES)) assert.equal(text(document), withTables(document, text(document)));
});

/** Every path-like literal of the code that names keys, what it computes as `*`: `lineage/*.json`, `reports/`. */
function keysIn(code: string): ReadonlySet<string> {
  const literals = [...code.matchAll(/'([\w-]+\/[^'\n]*)'|`([\w-]+\/[^`\n]*)`/g)].map((match) => match[1] ?? match[2]);
  return new Set(literals.map((literal = '') => literal.replace(/\$\{[^}]*\}/g, '*')));
}

const KEY_CODE = sources('src/registry/*.ts', 'src/model/*.ts')
  .replace(/\/\*[\s\S]*?\*\//g, '')
  .replace(/^\s*\/\/.*$/gm, '');

test('every key of the bucket that the code can make stands in the document', () => {
  const documented = firstCells(section('The bucket')).map((key) => key.replace(/<[^>]*>/g, '*'));
  const made = keysIn(KEY_CODE);
  // A name that the code computes may be of several parts, such as `<id>.<generation>`.
  const formOf = (key: string) =>
    new RegExp(`^${key.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}${key.endsWith('/') ? '' : '$'}`);
  const missing = [...made].filter((key) => !documented.some((one) => formOf(key).test(one)));
  assert.deepEqual(missing, []);
  assert.ok(made.size >= 6, 'A search that finds nothing would prove nothing.');
  const folders = new Set(documented.map((key) => key.split('/')[0]));
  assert.deepEqual([...folders].sort(), [...CREATED_ONCE, ...REWRITTEN].sort());
});

interface Example {
  readonly key: string;
  readonly body: string;
}

/** A line that begins with a key as a code span, and the block of JSON under it. */
const EXAMPLES: readonly Example[] = [
  ...section('The bucket').matchAll(/^`([^`]+)`[^\n]*\n\n```json\n(.*?)\n```/gms),
].map(([, key = '', body = '']) => ({ key, body }));

test('every key has an example', () => {
  for (const key of firstCells(section('The bucket'))) {
    const form = new RegExp(`^${key.replaceAll('.', '\\.').replace(/<[^>]*>/g, '[^/]+')}$`);
    assert.ok(
      EXAMPLES.some((example) => form.test(example.key)),
      `${key} has an example.`,
    );
  }
});

test('this release understands every example of the bucket', async () => {
  const { objects, claimStreams } = new MemoryShelf();
  let withdrawals = 0;
  for (const { key, body } of EXAMPLES) {
    // The report stands twice, and a withdrawal is none.
    if (key.startsWith('reports/') && JSON.parse(body).report === undefined) withdrawals += 1;
    else assert.equal(await objects.createOnce(key, body, signal), 'created', key);
  }
  const keys = EXAMPLES.map(({ key }) => key);
  const count = (folder: string): number => new Set(keys.filter((key) => key.startsWith(folder))).size;
  const sourcesOfClaims = { listing: objects.list('', signal), self: { instance: 'i-0', ids: [] } };
  const claims = await readClaims({ objects, claimStreams }, sourcesOfClaims, signal);
  assert.equal(claims.length, count('claims/'));
  assert.deepEqual(
    claims.filter(({ owner }) => owner === undefined || owner === 'unreadable'),
    [],
  );
  const records = await readRecords(objects, signal);
  assert.equal(records.length, 2);
  assert.equal((await readAnnouncements(objects, records, signal)).length, count('lineage/000001/started/'));
  assert.equal((await outcomesAmong(objects, keys, 2, signal)).length, count('lineage/000002/outcomes/'));
  assert.equal((await goneAmong(objects, keys, 1, signal)).length, count('lineage/000001/gone/'));
  const notes = await notesAmong(objects, await objects.list('', signal), signal);
  assert.deepEqual([notes.dead.length, notes.unreadable], [count('dead/'), []]);
  const { reports, unreadable } = await readReports(objects, signal);
  assert.deepEqual([reports.length, unreadable.length, withdrawals], [1, 0, 1]);
});

const GONE = '201-at-10.0.0.9-0c54e1f7a3b98d2264f0a1c7e58b3d96';

test('what the code writes is what the examples show', async () => {
  const shelf = new MemoryShelf();
  const { createRecord, announceStart } = await import('../../src/registry/lineage.ts');
  const { noteDead } = await import('../../src/registry/dead.ts');
  const { claimId, releaseId, voidClaim } = await import('../../src/registry/claims.ts');
  const example = (key: string) => JSON.parse(EXAMPLES.find((one) => one.key === key)?.body ?? '');
  const { format: _, ...record } = example('lineage/000001.json');
  const { format: __, ...announcement } = example('lineage/000001/started/1.json');
  const { format: ___, ...owner } = example('claims/1.1.json');
  await createRecord(shelf.objects, record, signal);
  await announceStart(shelf.objects, announcement, signal);
  const { format: ____, ...word } = example(`lineage/000001/gone/${GONE}.json`);
  await sayGone(shelf.objects, word, GONE.slice(GONE.lastIndexOf('-') + 1), signal);
  await noteDead(shelf.objects, 'i-695ece4a36771a705', signal);
  await claimId(shelf, 1, 1, owner, signal);
  await voidClaim(shelf, 6, 1, signal);
  const { format: _____, ...holder } = example('claims/7.1.json');
  await claimId(shelf, 7, 1, holder, signal);
  await releaseId(shelf, 7, 2, signal);
  const written = shelf.bodies();
  assert.equal(Object.keys(written).length, 8);
  for (const [key, body] of Object.entries(written)) assert.deepEqual(body, example(key), key);
});

/**
 * Names of files and directories as the document has them: every part of a path, and its ending behind a placeholder.
 */
const DOCUMENTED_NAMES = new Set(
  codeSpans(section('A node')).flatMap((span) => [
    span,
    ...span.split('/'),
    span.replace(/^.*>/, ''),
    span.replace(/^\*/, ''),
  ]),
);

function undocumented(names: Iterable<string>): readonly string[] {
  return [...new Set(names)].filter((name) => !DOCUMENTED_NAMES.has(name)).sort();
}

test('every file that the agent keeps for itself stands in the document, every mark too', () => {
  const { mark: _, directory: __, ...files } = agentFiles('/data');
  assert.deepEqual(undocumented(Object.values(files).map((path) => path.replace('/data/', ''))), []);
  const union = /export type Mark = ([^;]*);/.exec(text('src/ports.ts'))?.[1] ?? '';
  const marks = [...union.matchAll(/'([\w-]+)'/g)].map((match) => `zk-agent/${match[1]}`);
  assert.ok(marks.length >= 5);
  assert.deepEqual(undocumented(marks), []);
});

test('every name of a file in the code of the disk stands in the document', () => {
  const code = sources(
    'src/zookeeper/*.ts',
    'src/settings*.ts',
    'src/commands/*.ts',
    'src/observe/*.ts',
    'src/tick/*.ts',
  );
  const joined = [...code.matchAll(/\bjoin\(((?:[^()\n]|\([^()\n]*\))*)\)/g)].flatMap((call) =>
    [...(call[1] ?? '').matchAll(/'([.\w-]*\w[.\w-]*)'/g)].map((match) => match[1] ?? ''),
  );
  const constants = [...code.matchAll(/^const \w+(?:: [^=\n]+)? = ('[^\n]*'|\['[^\n]*\]);$/gm)].flatMap((row) =>
    [...(row[1] ?? '').matchAll(/'(\.?[a-z][\w-]*[.-]?[\w.-]*)'/g)].map((match) => match[1] ?? ''),
  );
  const files = constants
    .filter((name) => /[.-]/.test(name) || /Epoch$/.test(name))
    .map((name) => name.replace(/\.$/, ''));
  assert.ok(joined.length > 20 && files.length > 5, 'A search that finds nothing would prove nothing.');
  assert.deepEqual(undocumented([...joined, ...files]), []);
  const endings = [...code.matchAll(/\$\{[^}]*\}(\.[a-z]+)`/g)].map((match) => match[1] ?? '');
  assert.ok(endings.includes('.unusable') && endings.includes('.half'));
  assert.deepEqual(
    endings.filter((ending) => !LAYOUT.includes(`${ending}\``)),
    [],
  );
});

test('every path of the machine that the agent or the image names stands in the document', () => {
  const code = sources('src/settings*.ts', 'ansible/roles/agent/vars/main.yml');
  const paths = [...code.matchAll(/(?<![\w}])\/(?:etc|run|var|usr)\/[\w./-]*\w/g)].map((match) => match[0]);
  assert.ok(paths.length >= 5);
  const missing = paths.filter((path) => !LAYOUT.includes(path));
  assert.deepEqual(missing, []);
  const units = globSync('ansible/roles/*/templates/etc/{systemd/system/*.service,cron.d/*}.j2', { cwd: ROOT });
  assert.ok(units.length >= 4);
  assert.deepEqual(undocumented(units.map((file) => basename(file, '.j2'))), []);
});

test('the example of a stamp is one', () => {
  const row = /`zk-agent\/stamp\.json` \| `([^`]+)`/.exec(LAYOUT)?.[1] ?? '';
  assert.equal(parseStamp(row, 'stamp.json').lineage, 2);
});

test('every stream of a log group that the image fills stands in the document', () => {
  const file = text('ansible/roles/logs/templates/etc/zookeeper/cloudwatch.json.j2');
  const streams = [...file.matchAll(/"log_stream_name": "([^"]+)"/g)].map((match) =>
    (match[1] ?? '').replace('{instance_id}', '<instance>'),
  );
  assert.ok(streams.length > 0);
  const documented = codeSpans(section('Log streams'));
  assert.deepEqual(
    streams.filter((stream) => !documented.includes(stream)),
    [],
  );
});

test('every tag that the code, the policies or the template name stands in the document, and no other', () => {
  const code = sources('src/**/*.ts', 'cf/*.ts', 'ami/current/source.pkr.hcl').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  const written = [...code.matchAll(/ec2\.tag\([^{]*\{([^}]*)\}/g)].flatMap((call) =>
    [...(call[1] ?? '').matchAll(/(\w+):/g)].map((match) => match[1] ?? ''),
  );
  assert.ok(written.length > 0);
  const permitted = [...code.matchAll(/'aws:TagKeys': \[([^\]]*)\]/g)].flatMap((list) =>
    [...(list[1] ?? '').matchAll(/'(\w+)'/g)].map((match) => match[1] ?? ''),
  );
  const named = [...code.matchAll(/'(?:tag:)?(zookeeper_\w+)'/g)].map((match) => match[1] ?? '');
  const tags = new Set([...written, ...permitted, ...named, ...RESERVED_TAGS, 'bake']);
  assert.deepEqual([...firstCells(section('Tags'))].sort(), [...tags].sort());
});

interface Row {
  readonly fields: Readonly<Record<string, string>>;
  readonly optional: Readonly<Record<string, string>>;
}

test('every event of the log has an example, with the fields that the table gives it', () => {
  const block = /An example of each:\n\n```json\n(.*?)\n```/s.exec(section('Log events'))?.[1] ?? '';
  const lines = block.split('\n').map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  assert.deepEqual([...new Set(lines.map(({ event }) => event))].sort(), Object.keys(LOG_EVENTS).sort());
  const table: Readonly<Record<string, Row>> = LOG_EVENTS;
  for (const { time, command, event, ...rest } of lines) {
    const row = table[String(event)];
    assert.ok(row && !Number.isNaN(Date.parse(String(time))), String(event));
    const missing = Object.keys(row.fields).filter((field) => !(field in rest));
    const strange = Object.keys(rest).filter((field) => !(field in row.fields) && !(field in row.optional));
    assert.deepEqual([missing, strange], [[], []], String(event));
    if ('code' in rest) assert.ok(ERROR_CODES.some((code) => code === rest.code));
    assert.ok(command === undefined || typeof command === 'string');
  }
});

test('no part of the agent imports the table of events while it runs', () => {
  const importing = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => /^import (?!type )[^;]*log-events\.ts'/m.test(text(join('src', name))));
  assert.deepEqual(importing, []);
});

// SPDX-License-Identifier: Apache-2.0
/** Operators read these at night, most of them in a second language: no sentence is long. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { textsOf } from './source-texts.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MOST_WORDS = 30;
/** Every document of the repository: what git would take, so that no folder of built or fetched files counts. */
const DOCUMENTS = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .trim()
  .split('\n');
/** In all documents together. */
const LEAST_SENTENCES = 2_000;

/** What the code says: errors and their `next`, reasons, help, log events, questions. */
const CODE = '{bake,bench,build,cf,cloud,deploy,lab,src,tools}/**/*.ts';
/** What a text computes is taken to be this long: a name or two, or the reason of something else. */
const COMPUTED_WORDS = 4;

/**
 * The sentences of a document, or the parts of one that a colon divides; a code span is one word. The table of advice
 * is made of data by the agent: each of the conditions that stand in it counts for itself.
 */
function sentencesOf(markdown: string): readonly string[] {
  const prose = markdown
    .replace(/^( *)```.*?^\1```$/gms, '')
    .replace(/<!-- advice: .*?<!-- \/advice -->/s, (table) => table.replaceAll('; and', '. And'))
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`[^`\n]*`/g, 'code');
  return prose.split('\n').flatMap((line) => line.split('|').flatMap((cell) => cell.split(/(?<=[.!?:])\s+/)));
}

function wordsIn(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
}

let found = 0;
for (const name of DOCUMENTS) {
  test(`no sentence of ${name} has more than ${MOST_WORDS} words`, () => {
    const sentences = sentencesOf(readFileSync(join(ROOT, name), 'utf8'));
    found += sentences.filter((sentence) => wordsIn(sentence) > 3).length;
    assert.deepEqual(
      sentences.filter((sentence) => wordsIn(sentence) > MOST_WORDS),
      [],
    );
  });
}

test('the documents have sentences', () => {
  assert.ok(found >= LEAST_SENTENCES, `A search that finds nothing would prove nothing: ${found}`);
});

test(`no sentence in the code has more than ${MOST_WORDS} words`, () => {
  const texts = globSync(CODE, { cwd: ROOT }).flatMap((file) =>
    textsOf(readFileSync(join(ROOT, file), 'utf8')).map(({ text, line }) => ({ text, where: `${file}:${line}` })),
  );
  assert.ok(texts.length > 1_500, 'A search that finds nothing would prove nothing.');
  const computed = ` ${'computed '.repeat(COMPUTED_WORDS)}`;
  const long = texts.flatMap(({ text, where }) =>
    text
      .split(/(?<=[.!?:;])\s+|\n/)
      .filter((sentence) => wordsIn(sentence.replaceAll('…', computed)) > MOST_WORDS)
      .map((sentence) => `${where} ${sentence}`),
  );
  assert.deepEqual(long, []);
});

// SPDX-License-Identifier: Apache-2.0
/** Comments keep within the width that the formatter holds the code to: it does not wrap comments. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import biome from '../../biome.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = '{bake,bench,build,cf,cloud,deploy,lab,src,test,tools}';
const WIDTH = biome.formatter.lineWidth;
/** The line of a comment that could be broken. */
const COMMENT = /^\s*(?:\/\*\*?|\*|\/\/) .* /;

test('no line of a comment is wider than the code may be', () => {
  const files = globSync(`${FOLDERS}/**/*.{ts,cjs,mjs}`, { cwd: ROOT });
  assert.ok(files.length > 500, 'A search that finds nothing would prove nothing.');
  const wide = files.flatMap((file) =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (line.length > WIDTH && COMMENT.test(line) ? [`${file}:${index + 1}`] : [])),
  );
  assert.deepEqual(wide, []);
});

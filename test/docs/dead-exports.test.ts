// SPDX-License-Identifier: Apache-2.0
/** Nothing is exported that nobody imports, and nothing stands in the product that tests alone need. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const PRODUCT = '{bake,bench,build,cf,cloud,deploy,lab,src,tools}';
/** What is exported there is for whoever uses the room: `src/client/index.ts` is the public API of a library. */
const DOORS = ['src/client/index.ts', 'cloud/index.ts'];
const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;
const NAMED = /\b(?:import|export)(?: type)?\s*\{([^}]*)\}\s*from '(\.[^']+)'/g;
const WHOLE = /\bimport\('(\.[^']+)'\)|\* as \w+ from '(\.[^']+)'|\bexport \* from '(\.[^']+)'/g;

interface Export {
  readonly file: string;
  readonly name: string;
}

/** File, space, name. */
function used(files: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, names = '', from = ''] of text.matchAll(NAMED)) {
      for (const part of names.split(',')) {
        const [name = ''] = part
          .trim()
          .replace(/^type /, '')
          .split(' as ');
        found.add(`${join(dirname(file), from)} ${name.trim()}`);
      }
    }
    for (const [, loaded, all, again] of text.matchAll(WHOLE)) {
      found.add(`${join(dirname(file), loaded ?? all ?? again ?? '')} *`);
    }
  }
  return found;
}

function unusedIn(importers: readonly string[], files: readonly string[]): readonly Export[] {
  const names = used(importers);
  return files.flatMap((file) => {
    if (DOORS.includes(file) || names.has(`${file} *`)) return [];
    const declared = [...readFileSync(join(ROOT, file), 'utf8').matchAll(DECLARATION)].map(([, name = '']) => name);
    return declared.filter((name) => !names.has(`${file} ${name}`)).map((name) => ({ file, name }));
  });
}

const PRODUCT_FILES = globSync(`${PRODUCT}/**/*.ts`, { cwd: ROOT }).sort();
const TEST_FILES = globSync('test/**/*.ts', { cwd: ROOT }).sort();

test('every export has an importer', () => {
  assert.ok(PRODUCT_FILES.length > 300, 'A search that finds nothing would prove nothing.');
  const dead = unusedIn([...PRODUCT_FILES, ...TEST_FILES], PRODUCT_FILES);
  assert.deepEqual(
    dead.map(({ file, name }) => `${file}: ${name}`),
    [],
  );
});

/** What tests alone call, and why it stands in the product. */
const FOR_TESTS: Readonly<Record<string, string>> = {
  'cf/lint.ts: installCfnLint':
    'deploy.sh takes the cfn-lint that a person has; tests take a pinned one, by the same file',
  'cf/lint.ts: lintFiles': 'one run of cfn-lint over all snapshots; deploy.sh has one template',
};

test('what tests alone import is needed in its own file, too', () => {
  const forTests = unusedIn(PRODUCT_FILES, PRODUCT_FILES).filter(({ file, name }) => {
    const text = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    return [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length < 2;
  });
  assert.deepEqual(forTests.map(({ file, name }) => `${file}: ${name}`).sort(), Object.keys(FOR_TESTS).sort());
});

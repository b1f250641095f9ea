// SPDX-License-Identifier: Apache-2.0
/** The examples of docs/client-recipes.md that have a `client` are taken out of the page and run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import * as library from '../../../src/client/index.ts';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import { type RealEnsemble, realEnsemble } from '../../support/real-server.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/client-recipes.md'), 'utf8');
const INDEX = readFileSync(join(ROOT, 'src/client/recipes/index.ts'), 'utf8');
/** Its examples are programs of their own, which another test runs. */
const PROGRAMS = 'Queues and caches';
const EXAMPLES = [...PAGE.matchAll(/^## ([^\n]+)\n((?:(?!^## ).*\n)*)/gm)].flatMap(([, heading = '', section = '']) =>
  heading === PROGRAMS
    ? []
    : [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => ({ heading, code })),
);

let ensemble: RealEnsemble;

before(async () => {
  ensemble = await realEnsemble(1);
});

after(() => ensemble[Symbol.asyncDispose]());

/** A module whose function is the example; what it imports of the package comes from the source. */
function moduleOf(code: string): string {
  const imports = code.match(/^import .*;$/gm) ?? [];
  const rest = code.replace(/^import .*;$/gm, '');
  const source = join(ROOT, 'src/client/index.ts');
  return `${imports.join('\n').replaceAll("'zookeeper-on-aws-client'", JSON.stringify(source))}
export async function example(client) {${rest}}\n`;
}

for (const [index, { heading, code }] of EXAMPLES.entries()) {
  test(`example ${index + 1}, of ${heading}, runs`, { timeout: 60_000 }, async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, `example-${index}.ts`);
    await writeFile(file, moduleOf(code));
    const { example } = (await import(file)) as { example(client: library.ZookeeperClient): Promise<void> };
    await using client = await library.connect({ servers: `${ensemble.server(1).address}:${CLIENT_PORT}` });
    await example(client);
  });
}

test('every recipe stands on the page', () => {
  const exported = [...INDEX.matchAll(/export \{([^}]*)\}/g)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type ') && !name.endsWith('Error'));
  assert.ok(exported.length > 1, 'A search that finds nothing would prove nothing.');
  for (const name of exported) assert.match(PAGE, new RegExp(`\\b${name}\\b`), name);
});

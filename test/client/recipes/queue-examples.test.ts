// SPDX-License-Identifier: Apache-2.0
/** Every example of docs/client-recipes.md under "Queues and caches" runs, and prints what the page says. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { CLIENT_PORT } from '../../../src/model/member.ts';
import { realEnsemble } from '../../support/real-server.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/client-recipes.md'), 'utf8');
const [SECTION = ''] = /^## Queues and caches\n.*?(?=^## |$(?![\s\S]))/ms.exec(PAGE) ?? [];
const EXAMPLES = [...SECTION.matchAll(/^```ts\n(.*?)^```\n\n```text\n(.*?)^```/gms)];
const run = promisify(execFile);

test('every example of the section has its output, and prints it', { timeout: 300_000 }, async () => {
  assert.ok(EXAMPLES.length > 0);
  assert.equal([...SECTION.matchAll(/^```ts$/gm)].length, EXAMPLES.length);
  await using ensemble = await realEnsemble(1);
  await using directory = await temporaryDirectory();
  const servers = `${ensemble.server(1).address}:${CLIENT_PORT}`;
  const outputs = await Promise.all(
    EXAMPLES.map(async ([, code = ''], at) => {
      const file = join(directory.path, `example-${at}.ts`);
      const here = code
        .replace("'zookeeper-on-aws-client'", `'${join(ROOT, 'src/client/index.ts')}'`)
        .replaceAll('zk1:2181,zk2:2181,zk3:2181', servers);
      assert.notEqual(here, code);
      await writeFile(file, here);
      return (await run(process.execPath, [file], { timeout: 180_000 })).stdout;
    }),
  );
  assert.deepEqual(
    outputs,
    EXAMPLES.map(([, , expected]) => expected),
  );
});

// SPDX-License-Identifier: Apache-2.0
/** Every source file says its license in a line at its top, as SPDX has it. */
import assert from 'node:assert/strict';
import { globSync, lstatSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = '{ami,ansible,bake,bench,build,cf,cloud,deploy,lab,src,test,tools}';
const LINE = `SPDX-License-Identifier: ${packageJson.license}`;

test('every source file has its SPDX line at the top, behind #! at most', () => {
  const files = [
    ...globSync(`${FOLDERS}/**/*.{ts,cjs,mjs,sh,hcl,yml,py}`, { cwd: ROOT }),
    ...globSync('*.sh', { cwd: ROOT }),
  ].filter((file) => !lstatSync(join(ROOT, file)).isSymbolicLink());
  assert.ok(files.length > 500, 'A search that finds nothing would prove nothing.');
  const without = files.filter((file) => {
    const [first = '', second = ''] = readFileSync(join(ROOT, file), 'utf8').split('\n', 2);
    const line = first.startsWith('#!') ? second : first;
    return line !== `// ${LINE}` && line !== `# ${LINE}`;
  });
  assert.deepEqual(without, []);
});

// SPDX-License-Identifier: Apache-2.0
/** Every source file says its license in a line at its top, as SPDX has it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, lstatSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = '{ami,ansible,bake,bench,build,cf,cloud,deploy,lab,src,test,tools}';
const LINE = `SPDX-License-Identifier: ${packageJson.license}`;

/** What a shell would run, whatever its name: its first line begins with `#!`. */
function scripts(): readonly string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
  const found = files.filter((file) => existsSync(join(ROOT, file)) && firstLine(file).startsWith('#!'));
  assert.ok(found.includes('.ci/run'), 'A search that finds nothing would prove nothing.');
  return found;
}

function firstLine(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8').split('\n', 1)[0] ?? '';
}

test('every source file has its SPDX line at the top, behind #! at most', () => {
  const files = [
    ...globSync(`${FOLDERS}/**/*.{ts,cjs,mjs,sh,hcl,yml,py,java,grit}`, { cwd: ROOT }),
    ...globSync('*.sh', { cwd: ROOT }),
    ...scripts(),
  ].filter((file) => !lstatSync(join(ROOT, file)).isSymbolicLink());
  assert.ok(files.length > 500, 'A search that finds nothing would prove nothing.');
  const without = files.filter((file) => {
    const [first = '', second = ''] = readFileSync(join(ROOT, file), 'utf8').split('\n', 2);
    const line = first.startsWith('#!') ? second : first;
    return line !== `// ${LINE}` && line !== `# ${LINE}`;
  });
  assert.deepEqual(without, []);
});

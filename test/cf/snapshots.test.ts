// SPDX-License-Identifier: Apache-2.0
/**
 * The template of each combination as a file, so that a review shows what a change does. UPDATE_SNAPSHOTS=1 rewrites.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parse } from 'yaml';
import { installCfnLint, lintFiles, lintTemplate } from '../../cf/lint.ts';
import { LARGEST_TEMPLATE_BYTES, template, templateText } from '../../cf/template.ts';
import { COMBINATIONS, optionsOf, templateOf } from './combinations.ts';

const DIRECTORY = join(import.meta.dirname, 'snapshots');
const UPDATE = process.env.UPDATE_SNAPSHOTS === '1';
const NAMES = Object.keys(COMBINATIONS);

before(async () => {
  await installCfnLint();
  if (!UPDATE) return;
  await mkdir(DIRECTORY, { recursive: true });
  for (const file of await readdir(DIRECTORY)) {
    if (!NAMES.some((name) => file === `${name}.json.snap`)) await rm(join(DIRECTORY, file));
  }
});

for (const name of NAMES) {
  test(`${name}: as in the snapshot, and small enough`, async () => {
    const text = templateText(templateOf(name), 'json');
    const file = join(DIRECTORY, `${name}.json.snap`);
    if (UPDATE) await writeFile(file, text);
    assert.equal(text, await readFile(file, 'utf8'), 'UPDATE_SNAPSHOTS=1 writes the snapshots anew');
    assert.ok(Buffer.byteLength(text) < LARGEST_TEMPLATE_BYTES);
  });

  test(`${name}: the YAML says the same`, () => {
    const made = templateOf(name);
    const text = templateText(made, 'yaml');
    assert.deepEqual(parse(text), JSON.parse(templateText(made, 'json')));
    assert.doesNotMatch(text, /^\s*[^#'"]*[&*]\w+$/m, 'CloudFormation reads no anchors');
    assert.ok(Buffer.byteLength(text) < LARGEST_TEMPLATE_BYTES);
  });
}

test('there is no snapshot without a combination', async () => {
  const files = (await readdir(DIRECTORY)).sort();
  assert.deepEqual(files, NAMES.map((name) => `${name}.json.snap`).sort());
});

test('cfn-lint finds nothing in any of them', async () => {
  const files = NAMES.map((name) => join(DIRECTORY, `${name}.json.snap`));
  assert.deepEqual(await lintFiles(files), { installed: true, findings: [] });
});

test('cfn-lint finds nothing in the YAML either, and finds what is wrong', async () => {
  const made = templateOf('everything');
  assert.deepEqual(await lintTemplate(templateText(made, 'yaml')), { installed: true, findings: [] });
  const wrong = templateText(made, 'json').replace('"WaitOnResourceSignals"', '"WaitForSignals"');
  const { findings } = await lintTemplate(wrong);
  assert.equal(findings.length, 1);
  assert.match(findings[0] ?? '', /^E\d{4} Resources\/Group\/UpdatePolicy\/.*WaitForSignals/);
});

test('the same options give the same bytes, in whatever order they come', () => {
  const words = COMBINATIONS['clients-of-all-kinds'] ?? [];
  const [flag = '', ...sources] = words;
  const tags = ['--tag', 'b=2', '--tag', 'a=1', '--setting', 'SYNC_LIMIT=10', '--setting', 'INIT_LIMIT=20'];
  const back = ['--setting', 'INIT_LIMIT=20', '--setting', 'SYNC_LIMIT=10', '--tag', 'a=1', '--tag', 'b=2'];
  const subnets = ['subnet-0ccccccccccccccc0', 'subnet-0aaaaaaaaaaaaaaa0', 'subnet-0bbbbbbbbbbbbbbb0'];
  const one = template(optionsOf(flag, ...sources, ...tags));
  const other = { ...optionsOf(flag, ...sources.toReversed(), ...back), subnets };
  for (const format of ['json', 'yaml'] as const) {
    assert.equal(templateText(one, format), templateText(template(other), format));
    assert.equal(templateText(one, format), templateText(template(optionsOf(flag, ...sources, ...tags)), format));
  }
});

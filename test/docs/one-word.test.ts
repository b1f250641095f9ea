// SPDX-License-Identifier: Apache-2.0
/** One word means one thing: no two files export different types of one name. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDERS = '{bake,bench,build,cf,cloud,deploy,lab,src,tools}';
const DECLARATION = /^export (?:declare )?(?:abstract )?(?:interface|class|type|enum) (\w+)/gm;

/** AWS's own terms, which both sides of the wire need; and why there are two. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  AutoScaling: 'the service of AWS: the agent asks it through a port, cloud imitates it',
  ChangeSet: 'CloudFormation’s term: cloud keeps all of it, deploy what it shows to a person',
  Ec2: 'the service of AWS: the agent asks it through a port, cloud imitates it',
  Statement: 'IAM’s term: cf writes statements, cloud reads them',
  Template: 'CloudFormation’s term: cf writes the template, cloud reads any',
};

function exportedTypes(): ReadonlyMap<string, readonly string[]> {
  const files = globSync(`${FOLDERS}/**/*.ts`, { cwd: ROOT }).sort();
  const found = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(DECLARATION)].map(([, name = '']) => ({ name, file })),
  );
  return new Map([...Map.groupBy(found, ({ name }) => name)].map(([name, all]) => [name, all.map(({ file }) => file)]));
}

test('no two files export types of one name', () => {
  const types = exportedTypes();
  assert.ok(types.size > 400, 'A search that finds nothing would prove nothing.');
  const twice = [...types].filter(([name, files]) => files.length > 1 && !Object.hasOwn(EXCEPTIONS, name));
  assert.deepEqual(Object.fromEntries(twice), {});
});

test('every exception is still one', () => {
  const types = exportedTypes();
  assert.deepEqual(
    Object.keys(EXCEPTIONS).filter((name) => (types.get(name)?.length ?? 0) < 2),
    [],
  );
});

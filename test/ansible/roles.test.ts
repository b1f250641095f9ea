// SPDX-License-Identifier: Apache-2.0
/** The playbook and its roles as a whole: lint, syntax, arguments, packages, and what a bake refuses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { ANSIBLE, ansible, argumentsOf, ROLES, variablesOf } from './playbook.ts';

/** Installing Ansible is part of the first one. */
const LIMIT = { timeout: 230_000 };

test('ansible-lint finds nothing, in its strictest profile and with no rule left out', LIMIT, async () => {
  await using directory = await temporaryDirectory();
  const args = ['--offline', '--profile', 'production', '--strict', 'playbook.yml', 'roles'];
  const { code, output } = await ansible('lint', args, directory.path);
  assert.equal(code, 0, output);
  assert.match(output, /Profile 'production' was required, and it passed/);
  for (const file of ['.ansible-lint', '.ansible-lint.yml', '.config/ansible-lint.yml', '.ansible-lint-ignore']) {
    assert.throws(() => readFileSync(join(ANSIBLE, file)), { code: 'ENOENT' });
  }
});

test('the playbook’s syntax is right', LIMIT, async () => {
  await using directory = await temporaryDirectory();
  const { code, output } = await ansible('playbook', ['--syntax-check', '-i', 'host,', 'playbook.yml'], directory.path);
  assert.equal(code, 0, output);
});

for (const role of ROLES) {
  test(`${role}: every argument is described, with the default that it has, and nothing else is one`, () => {
    const options = argumentsOf(role);
    const defaults = variablesOf(role, 'defaults');
    assert.deepEqual(Object.keys(options).sort(), Object.keys(defaults).sort());
    for (const [name, option] of Object.entries(options)) {
      assert.ok(name.startsWith(`${role}_`), name);
      // A required argument has a default only so that its name stands there; it is refused when it is empty.
      if ('default' in option) assert.equal(option.default, defaults[name], name);
      else assert.equal(defaults[name], '', name);
    }
  });
}

test('the packages that machines without a way out have at hand are those that the roles install', () => {
  const listed = JSON.parse(readFileSync(resolve(ANSIBLE, '../lab/container/role-packages.json'), 'utf8')) as Readonly<
    Record<string, readonly string[]>
  >;
  const { base_packages: common, base_packages_of_release: ofRelease } = variablesOf('base', 'vars');
  assert.deepEqual(listed, { common, ...(ofRelease as object) });
});

test('a bake upgrades what the source image brought, between the new lists and the first package', () => {
  const text = readFileSync(join(ANSIBLE, 'roles/base/tasks/packages.yml'), 'utf8');
  const [lists, upgrade, install] = [/update_cache: true/, /upgrade: dist/, /state: present/].map((one) =>
    text.search(one),
  );
  assert.ok(lists !== undefined && upgrade !== undefined && install !== undefined);
  assert.ok(0 < lists && lists < upgrade && upgrade < install, `${lists} ${upgrade} ${install}`);
});

/** Runs the zookeeper role's tasks about the archive here; none of these cases gets as far as writing anything. */
async function unpack(archive: string, sha512: string): Promise<{ readonly code: number; readonly output: string }> {
  await using directory = await temporaryDirectory();
  const play = {
    hosts: 'localhost',
    connection: 'local',
    gather_facts: false,
    tasks: [{ 'ansible.builtin.include_role': { name: 'zookeeper', tasks_from: 'archive.yml' } }],
  };
  const playbook = join(directory.path, 'unpack.yml');
  await writeFile(playbook, JSON.stringify([play]));
  const given = JSON.stringify({ zookeeper_archive: archive, zookeeper_archive_sha512: sha512 });
  const elsewhere = JSON.stringify({ zookeeper_directory: join(directory.path, 'nothing') });
  // The role's argument specification belongs to its main tasks, so it is not looked at here.
  return await ansible('playbook', ['-e', given, '-e', elsewhere, playbook], join(directory.path, 'home'));
}

test(
  'an archive with another checksum, none at all, or a checksum that is none is refused in words',
  LIMIT,
  async () => {
    const file = join(ANSIBLE, 'playbook.yml');
    const wrong = await unpack(file, 'a'.repeat(128));
    assert.equal(wrong.code, 2, wrong.output);
    assert.match(wrong.output, /playbook\.yml has the SHA-512 [0-9a-f]{128} instead of a{128}\. Fetch it again\./);
    const missing = await unpack('/nowhere/archive.tar.gz', 'a'.repeat(128));
    assert.equal(missing.code, 2, missing.output);
    assert.match(missing.output, /\/nowhere\/archive\.tar\.gz does not exist\. Fetch it again\./);
    const short = await unpack(file, 'abc');
    assert.equal(short.code, 2, short.output);
    assert.match(short.output, /zookeeper_archive_sha512 is "abc"\. Give the 128 hex digits/);
  },
);

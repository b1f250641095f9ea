// SPDX-License-Identifier: Apache-2.0
/** What the playbook puts on a machine, its counterpart takes away or the page names as what stays. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ANSIBLE_VERSION } from '../../bake/ansible.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { ANSIBLE, ansible, variablesOf } from './playbook.ts';

const LIMIT = { timeout: 230_000 };
const PAGE = readFileSync(resolve(ANSIBLE, '../docs/own-machine.md'), 'utf8');
const UNITS = '/etc/systemd/system/';
/** Taken away by a task of its own, before the others. */
const TICKS = '/etc/cron.d/zk-recovery';
/** Files of Debian's packages, which the roles write over. */
const DEBIANS = ['/etc/apt/apt.conf.d/20auto-upgrades', '/etc/chrony/chrony.conf'];

interface Removal {
  readonly vars: { readonly remove_units: readonly string[]; readonly remove_files: readonly string[] };
}

const [{ vars }] = parse(readFileSync(join(ANSIBLE, 'remove.yml'), 'utf8')) as [Removal];
const removed = new Set([TICKS, ...vars.remove_files, ...vars.remove_units.map((unit) => `${UNITS}${unit}`)]);

/** Every file that a role has a template of, and what it unpacks, copies or links. */
function whatIsPut(): readonly string[] {
  const templates = globSync('roles/*/templates/**/*.j2', { cwd: ANSIBLE }).map((path) =>
    path.replace(/^roles\/\w+\/templates/, '').replace(/\.j2$/, ''),
  );
  const { zookeeper_directory, zookeeper_version, zookeeper_class_data_directory } = variablesOf('zookeeper', 'vars');
  const directory = String(zookeeper_directory).replace('{{ zookeeper_version }}', String(zookeeper_version));
  const links = variablesOf('agent', 'vars').agent_links as readonly string[];
  return [
    ...templates,
    ...['zk-agent', ...links].map((name) => `/usr/local/bin/${name}`),
    ...[directory, '/opt/zookeeper', String(zookeeper_class_data_directory), '/var/cache/zookeeper-on-aws'],
  ];
}

/** The path itself, or a directory above it that goes as a whole. */
function goes(path: string): boolean {
  return [...removed].some((one) => path === one || path.startsWith(`${one}/`));
}

test('everything that the roles put there goes away, but for what is Debian’s own', () => {
  const put = whatIsPut();
  assert.ok(put.length > 25, 'A search that finds nothing would prove nothing.');
  assert.deepEqual(put.filter((path) => !goes(path)).toSorted(), DEBIANS);
  assert.deepEqual(
    [...removed].filter((one) => !put.some((path) => path === one || path.startsWith(`${one}/`))),
    [],
  );
});

test('nothing goes that the server or the agent has written', () => {
  const { zookeeper_data_directory: data, zookeeper_conf_directory: conf } = variablesOf('zookeeper', 'vars');
  const { agent_settings_file: settings, agent_recovery_log: log } = variablesOf('agent', 'vars');
  for (const path of [data, conf, settings, log, '/var/log/zookeeper']) {
    assert.ok(!goes(String(path)), String(path));
    assert.ok(![...removed].some((one) => one === '/' || String(path).startsWith(`${one}/`)), String(path));
  }
});

test('the page names each path, with the commands as they are', () => {
  const missing = [...removed, ...DEBIANS].filter((path) => {
    const name = path.replace(/^\/usr\/local\/bin\/|^\/etc\/systemd\/system\/(?=[\w-]+\.service$)/, '');
    return !PAGE.includes(`\`${name}\``) && !PAGE.includes(`\`${path}\``);
  });
  assert.deepEqual(missing, []);
  const program = `../.cache/ansible-${ANSIBLE_VERSION}/bin/ansible-playbook -i 10.0.1.9, -u admin`;
  assert.ok(PAGE.includes(`\n${program} -e @../dist/ansible-variables.json playbook.yml\n`));
  assert.ok(PAGE.includes(`\n${program} remove.yml\n`));
});

test('its syntax is right, and ansible-lint finds nothing', LIMIT, async () => {
  await using directory = await temporaryDirectory();
  const syntax = await ansible('playbook', ['--syntax-check', '-i', 'host,', 'remove.yml'], directory.path);
  assert.equal(syntax.code, 0, syntax.output);
  const lint = await ansible(
    'lint',
    ['--offline', '--profile', 'production', '--strict', 'remove.yml'],
    directory.path,
  );
  assert.equal(lint.code, 0, lint.output);
});

// SPDX-License-Identifier: Apache-2.0
/** What the scripts say on a machine that lacks something: one sentence, and the one command that fits the system. */
import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { outcomeOf, type ProgramOutcome } from '../../tools/program.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** What the scripts themselves call. */
const TOOLS = ['cat', 'cksum', 'cmp', 'cp', 'dirname', 'flock', 'grep', 'head', 'locale', 'mkdir', 'sed', 'tail', 'sh'];

class Machine implements AsyncDisposable {
  readonly #directory: Awaited<ReturnType<typeof temporaryDirectory>>;

  constructor(directory: Awaited<ReturnType<typeof temporaryDirectory>>) {
    this.#directory = directory;
  }

  static async make(): Promise<Machine> {
    const machine = new Machine(await temporaryDirectory());
    await mkdir(machine.path('bin'));
    for (const tool of TOOLS) {
      const { stdout } = await outcomeOf('sh', ['-c', `command -v ${tool}`]);
      if (stdout.trim() !== '') await symlink(stdout.trim(), machine.path(`bin/${tool}`));
    }
    return machine;
  }

  path(name: string): string {
    return join(this.#directory.path, name);
  }

  /** A program that only prints. */
  async has(name: string, prints: string, folder = 'bin'): Promise<void> {
    await mkdir(this.path(folder), { recursive: true });
    await writeFile(this.path(`${folder}/${name}`), `#!/bin/sh\necho '${prints}'\n`);
    await chmod(this.path(`${folder}/${name}`), 0o755);
  }

  /** Runs lines of shell behind the set-up of the lab, with nothing in PATH but these folders. */
  async run(lines: string, environment: Record<string, string> = {}, folders = ['bin']): Promise<ProgramOutcome> {
    const { stdout: bash } = await outcomeOf('sh', ['-c', 'command -v bash']);
    const PATH = folders.map((folder) => this.path(folder)).join(':');
    return outcomeOf(bash.trim(), ['--norc', '-c', `set -euo pipefail; . "${ROOT}/lab/setup.sh"; ${lines}`], {
      environment: { PATH, ...environment },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
  }
}

const COMMANDS = [
  [
    'apt-get',
    /apt-get update && (sudo )?apt-get install -y nodejs npm default-jre-headless maven python3 python3-venv$/,
  ],
  ['dnf', /dnf install -y nodejs npm java-21-openjdk-headless maven python3$/],
  ['zypper', /zypper install -y nodejs22 npm22 java-21-openjdk-headless maven python311$/],
  ['pacman', /pacman -S --needed --noconfirm nodejs npm jre21-openjdk-headless maven python$/],
  ['apk', /apk add nodejs npm openjdk21-jre-headless maven python3$/],
] as const;

for (const [manager, command] of COMMANDS) {
  test(`${manager}: the command has the names of that system`, async () => {
    await using machine = await Machine.make();
    await machine.has(manager, '');
    const { stdout } = await machine.run('install_command node java maven python');
    assert.match(stdout.trim(), command);
  });
}

test('a system whose packages nobody knows: no command is made up', async () => {
  await using machine = await Machine.make();
  const { code, stderr } = await machine.run(`prepare_packages "${machine.path('checkout')}"`);
  assert.equal(code, 1);
  assert.equal(stderr, 'Missing: Node 20 or later with npm. Install it, then try again.\n');
});

test('an old Node alone in PATH is named, with the command', async () => {
  await using machine = await Machine.make();
  await machine.has('dnf', '');
  await machine.has('node', 'v16.20.2');
  await machine.has('npm', '8');
  const { code, stderr } = await machine.run(`prepare_packages "${machine.path('checkout')}"`);
  assert.equal(code, 1);
  assert.match(stderr, /^Missing: Node 20 or later with npm \(the first in PATH is v16\.20\.2\)\. Run this/);
  assert.match(stderr, /\n {2}(sudo )?dnf install -y nodejs npm\n$/);
});

test('an old Node first in PATH is passed over when a newer one follows', async () => {
  await using machine = await Machine.make();
  for (const [folder, version] of [
    ['old', '16'],
    ['new', '22'],
  ] as const) {
    await machine.has('node', version, folder);
    await machine.has('npm', '10', folder);
  }
  const { stdout, stderr } = await machine.run('prefer_new_node; command -v node', {}, ['old', 'new', 'bin']);
  assert.equal(stdout.trim(), machine.path('new/node'), stderr);
});

test('a ZOOKEEPER_HOME that is not there is said, with the command', async () => {
  await using machine = await Machine.make();
  const { code, stderr } = await machine.run('check_system', { ZOOKEEPER_HOME: '/nowhere/zookeeper' });
  assert.equal(code, 1);
  assert.match(stderr, /^ZOOKEEPER_HOME is \/nowhere\/zookeeper, and no unpacked .*\n {2}unset ZOOKEEPER_HOME\n$/);
});

test('a checkout whose path no server can read is refused before anything is started', async () => {
  await using machine = await Machine.make();
  for (const LC_ALL of ['C', 'C.UTF-8']) {
    const { code, stderr } = await machine.run(`prepare '/tmp/prüfung/zookeeper'`, { LC_ALL, HOME: '/home/me' });
    assert.equal(code, 1);
    assert.match(stderr, /this checkout is at \/tmp\/prüfung\/zookeeper\. Run this, then try again there:\n/);
    assert.match(stderr, /\n {2}mv '\/tmp\/prüfung\/zookeeper' '\/home\/me\/zookeeper-on-aws'\n$/);
  }
  const plain = await machine.run(`check_path '/tmp/a plain path'; echo passed`);
  assert.equal(plain.stdout, 'passed\n');
});

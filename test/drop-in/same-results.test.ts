// SPDX-License-Identifier: Apache-2.0
/**
 * Old programs run twice: with node-zookeeper-client from the registry, and with the package of the drop-in under
 * `overrides`. What they print is the same. Two of them drive packages from the registry that use the old client,
 * through every function that these export.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeDropInPackage } from '../../build/drop-in-package.ts';
import { runProgram } from '../../tools/program.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROGRAMS = join(import.meta.dirname, 'programs');
const NAME = 'zookeeper-on-aws-node-zookeeper-client';
const INSTALL_LIMIT_MS = 300_000;
const RUN_LIMIT_MS = 120_000;
const LIMIT = { timeout: 300_000 };
const QUIET = ['--no-audit', '--no-fund', '--ignore-scripts'];

let folder: TemporaryDirectory;
let ensemble: RealEnsemble;
/** Folders with the programs and what they need. */
let withOld: string;
let withDropIn: string;

before(
  async () => {
    folder = await temporaryDirectory();
    withOld = join(folder.path, 'old');
    withDropIn = join(folder.path, 'drop-in');
    ensemble = await realEnsemble(1);
    for (const directory of [withOld, withDropIn]) await cp(PROGRAMS, directory, { recursive: true });
    await npm(withOld, ['ci', '--prefer-offline', ...QUIET]);
    // With it, npm would keep a place for each of the old versions.
    await rm(join(withDropIn, 'package-lock.json'));
    await override(withDropIn, { 'node-zookeeper-client': `file:${await packed()}` });
    await npm(withDropIn, ['install', '--prefer-offline', ...QUIET]);
  },
  { timeout: 2 * INSTALL_LIMIT_MS },
);
after(async () => {
  await ensemble?.[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** From the registry. Without it this fails, and says so, unless an earlier run has filled the cache. */
async function npm(directory: string, args: readonly string[]): Promise<string> {
  const environment = {
    ...process.env,
    // The runner gives each run an empty home. So the packages stay in the checkout, and a person's registry is used.
    npm_config_cache: join(ROOT, '.cache/npm'),
    npm_config_userconfig: join(userInfo().homedir, '.npmrc'),
  };
  return await runProgram('npm', args, { directory, environment, limitMs: INSTALL_LIMIT_MS });
}

async function packed(): Promise<string> {
  const made = await makeDropInPackage({ outdir: join(folder.path, 'package') });
  const out = await npm(folder.path, ['pack', made, '--json', '--pack-destination', folder.path]);
  const [{ filename }] = JSON.parse(out) as [{ filename: string }];
  return join(folder.path, filename);
}

/** The one line that an old program needs. */
async function override(directory: string, overrides: Readonly<Record<string, string>>): Promise<void> {
  const path = join(directory, 'package.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...manifest, overrides }, undefined, 2));
}

async function manifestIn(
  directory: string,
  name: string,
): Promise<{ readonly name: string; readonly version: string }> {
  return JSON.parse(await readFile(join(directory, 'node_modules', name, 'package.json'), 'utf8'));
}

/** The lines that the program recorded; others are logs with the time in them. */
async function linesOf(directory: string, program: string): Promise<readonly string[]> {
  const server = `${ensemble.server(1).address}:2181`;
  // Of equal length, so that nothing else differs.
  const root = `/${program}/${directory === withOld ? 'one' : 'two'}`;
  const options = { directory, limitMs: RUN_LIMIT_MS };
  const out = await runProgram(process.execPath, [`${program}.cjs`, server, root], options);
  return out.split('\n').filter((line) => line.startsWith('['));
}

test('each folder has its own client, and the packages that use it are those of the registry', LIMIT, async () => {
  assert.equal((await manifestIn(withOld, 'node-zookeeper-client')).name, 'node-zookeeper-client');
  assert.equal((await manifestIn(withOld, 'node-zookeeper-client')).version, '1.1.3');
  assert.equal((await manifestIn(withDropIn, 'node-zookeeper-client')).name, NAME);
  const consumers = { 'zookeeper-cluster-client': '3.1.1', 'zookeeper-watcher': '1.0.2' };
  for (const [consumer, version] of Object.entries(consumers)) {
    for (const directory of [withOld, withDropIn]) {
      assert.equal((await manifestIn(directory, consumer)).version, version);
    }
    const own = join(withDropIn, 'node_modules', consumer, 'node_modules/node-zookeeper-client');
    assert.equal(existsSync(own), false, 'it would have the old client');
  }
  for (const unneeded of ['async', 'underscore']) {
    assert.equal(existsSync(join(withDropIn, 'node_modules', unneeded)), false, unneeded);
  }
});

/** The least number of lines, so that two programs that say nothing are not equal. */
const PROGRAM_LINES = { direct: 150, 'cluster-client': 35, watcher: 30 };

for (const [program, least] of Object.entries(PROGRAM_LINES)) {
  test(`${program}: every function has the same results with the drop-in as with the old client`, LIMIT, async () => {
    const old = await linesOf(withOld, program);
    assert.ok(old.length >= least, `${old.length} lines`);
    assert.deepEqual(await linesOf(withDropIn, program), old);
  });
}

// SPDX-License-Identifier: Apache-2.0
/** The executable of this machine's architecture: made twice, and run without Node, PATH or any variable. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { packageAgent } from '../../build/package.ts';
import type { NodeArchitecture } from '../../build/target.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { followerMonitor, nodeByHand } from '../commands/node-by-hand.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const architecture: NodeArchitecture = process.arch === 'arm64' ? 'arm64' : 'x64';
const COMMIT = '0123456789ab';
let folder: TemporaryDirectory;
let executable: string;

before(async () => {
  folder = await temporaryDirectory();
  executable = await packageAgent({ architecture, outdir: join(folder.path, 'one'), commit: COMMIT });
});
after(async () => {
  await folder[Symbol.asyncDispose]();
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

type RunOptions = Readonly<{ env?: Readonly<Record<string, string>>; cwd?: string; argv0?: string }>;

/** With this environment alone: none when left out. */
async function run(program: string, words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(program, words, { env: {}, cwd: '/', ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const [[code], out, err] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code: code as number | null, out, err };
}

async function sha512(file: string): Promise<string> {
  return createHash('sha512')
    .update(await readFile(file))
    .digest('hex');
}

test('the same inputs give the same bytes in another folder; a second call makes nothing', async () => {
  const lines: string[] = [];
  const options = { architecture, outdir: join(folder.path, 'another', 'folder'), commit: COMMIT };
  const other = await packageAgent({ ...options, progress: (line) => lines.push(line) });
  assert.ok(lines.length > 0);
  assert.equal(await sha512(other), await sha512(executable));
  for (const ending of ['.licenses.txt', '.cdx.json']) {
    assert.equal(await sha512(`${other}${ending}`), await sha512(`${executable}${ending}`), ending);
  }
  const { mtimeMs } = await stat(other);
  lines.length = 0;
  await packageAgent({ ...options, progress: (line) => lines.push(line) });
  assert.deepEqual(lines, []);
  assert.equal((await stat(other)).mtimeMs, mtimeMs);
  await writeFile(other, 'damaged');
  await packageAgent(options);
  assert.equal(await sha512(other), await sha512(executable));
});

test('the licenses and the bill of materials name what it carries, and nothing else', async () => {
  const licenses = await readFile(`${executable}.licenses.txt`, 'utf8');
  const bom = JSON.parse(await readFile(`${executable}.cdx.json`, 'utf8')) as {
    readonly bomFormat: string;
    readonly components: readonly { readonly name: string; readonly version: string }[];
  };
  assert.equal(bom.bomFormat, 'CycloneDX');
  const names = bom.components.map(({ name }) => name);
  for (const name of ['yargs', 'y18n', 'handlebars', '@aws-sdk/client-ec2', `node-linux-${architecture}`]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ['esbuild', 'typescript', 'fast-xml-parser']) assert.ok(!names.includes(name), name);
  for (const { name, version } of bom.components) assert.ok(licenses.includes(`\n${name} ${version} (`), name);
  assert.equal(licenses.match(/^={80}$/gm)?.length, bom.components.length + 1);
  assert.match(licenses, /Apache License[\s\S]*Copyright Node\.js contributors/);
});

test('without Node, PATH and environment it tells version, commit and Node', async () => {
  const { code, out, err } = await run(executable, ['--version']);
  const { version } = packageJson;
  assert.deepEqual({ code, err }, { code: 0, err: '' });
  assert.equal(out, `zk-agent ${version}, commit ${COMMIT}, Node ${process.versions.node}, linux-${process.arch}\n`);
});

const ACCEPTED = {
  'zk-agent.cjs': 'accepted',
  'commands.cjs': 'accepted',
  'arguments.cjs': 'accepted',
  'aws-sdk.cjs': 'accepted',
};

async function codeCache(env: Readonly<Record<string, string>>): Promise<unknown> {
  return JSON.parse((await run(executable, ['--version', '--json'], { env })).out).codeCache;
}

test('V8 takes the code of all three bundles; where it does not, the agent says so and works', async () => {
  assert.deepEqual(await codeCache({}), ACCEPTED);
  // A flag of V8 that its cache has to be made with.
  const env = { NODE_OPTIONS: '--interpreted-frames-native-stack' };
  const rejected = Object.fromEntries(Object.keys(ACCEPTED).map((part) => [part, 'rejected']));
  assert.deepEqual(await codeCache(env), rejected);
  assert.match((await run(executable, ['status', '--help'], { env })).out, /what this node sees/);
});

test('a symbolic link tells the command, found by its path or through PATH', async () => {
  const links = join(folder.path, 'links');
  await mkdir(links);
  const commands = { 'zk-bootstrap': '--rejoin', 'zk-recovery': '--dry-run', 'zk-remove-terminated': '--dry-run' };
  for (const [name, flag] of Object.entries(commands)) {
    await symlink(executable, join(links, name));
    const command = `zk-agent ${name.replace('zk-', '')}`;
    const ways = {
      path: await run(join(links, name), ['--help']),
      relative: await run(`./${name}`, ['--help'], { cwd: links }),
      PATH: await run('/bin/sh', ['-c', `exec ${name} --help`], { env: { PATH: links } }),
    };
    for (const [way, { code, out }] of Object.entries(ways)) {
      assert.equal(code, 0, way);
      assert.ok(out.includes(command) && out.includes(flag), `${way}: ${out}`);
    }
  }
  const { out } = await run(executable, ['--help']);
  assert.match(out, /zk-agent status/);
});

test('what a person did wrong is told without a stack, with its code', async () => {
  const settings = await run(executable, ['recovery']);
  assert.equal(settings.code, 1);
  assert.equal(JSON.parse(settings.err).code, 'BAD_SETTINGS');
  assert.ok(!settings.err.includes('    at '));
  assert.equal((await run(executable, ['dance'])).code, 2);
});

/** A program that is loaded before the agent and spoils something. */
async function spoiled(name: string, spoil: string): Promise<Readonly<Record<string, string>>> {
  const hook = join(folder.path, `${name}.cjs`);
  await writeFile(hook, spoil);
  return { NODE_OPTIONS: `--require=${hook}` };
}

test('a fault of the agent has a stack that names the source', async () => {
  const env = await spoiled('output', `process.stdout.write = () => { throw new TypeError('spoiled'); };`);
  const { code, err } = await run(executable, ['--version'], { env });
  assert.equal(code, 1);
  const { code: known, stack } = JSON.parse(err.split('\n')[0] ?? '');
  assert.equal(known, 'INTERNAL');
  assert.match(stack, /^TypeError: spoiled\n(?: {4}at .*\n)*?.*at printVersion \(src\/commands\/cli\.ts:\d+:\d+\)/);
});

test('a fault that nobody catches names the source, too, and ends the process', async () => {
  const spoil = `const { once } = process;
    process.once = function (name, ...rest) {
      if (name === 'SIGINT') throw new TypeError('spoiled');
      return once.call(this, name, ...rest);
    };`;
  const { code, err } = await run(executable, ['status'], { env: await spoiled('once', spoil) });
  assert.equal(code, 1);
  assert.match(err, /^TypeError: spoiled\n(?: {4}at .*\n)*?.*src\/commands\/cli\.ts:\d+:\d+/);
});

test('a healthy tick says so without a call; with something to do it asks AWS', async () => {
  await using node = await nodeByHand();
  node.words = { mntr: followerMonitor() };
  // Writes the settings file, too.
  assert.ok((await node.run(['recovery'])).out.includes('"healthy"'));
  const env = {
    ZK_AGENT_ENV_FILE: join(node.directory, 'agent.env'),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: node.metadata.url,
    AWS_ENDPOINT_URL: node.awsUrl,
  };
  const healthy = await run(executable, ['recovery'], { env });
  assert.match(healthy.out, /"event":"healthy"/);
  assert.equal(node.awsCalls, 0);
  node.words = {};
  const busy = await run(executable, ['recovery'], { env });
  assert.equal(busy.code, 1, busy.out + busy.err);
  assert.ok(node.awsCalls > 0);
});

test('it needs no library that Debian’s smallest system lacks', async () => {
  const { stdout } = await promisify(execFile)('ldd', [executable]);
  const libraries = [...stdout.matchAll(/^\s+(lib[a-z_+]+)[^ ]* =>/gm)].map(([, name = '']) => name);
  assert.ok(libraries.includes('libc'), stdout);
  const usual = ['libdl', 'libstdc++', 'libm', 'libgcc_s', 'libpthread', 'libc', 'libatomic'];
  assert.deepEqual(
    libraries.filter((name) => !usual.includes(name)),
    [],
  );
});

// SPDX-License-Identifier: Apache-2.0
/** The client as a package: packed, installed into an empty folder, and used from there as people do. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeClientPackage } from '../../build/client-package.ts';
import * as client from '../../src/client/index.ts';
import { runProgram } from '../../tools/program.ts';
import { type RealEnsemble, realEnsemble } from '../support/real-server.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const README = join(ROOT, 'src/client/README.md');
/** The pages that say how to get the package. */
const HOW_TO_GET = [README, join(ROOT, 'docs/client-guide.md')];
const NAME = 'zookeeper-on-aws-client';
const MOST_BYTES = 150_000;
const LIMIT = { timeout: 300_000 };

let folder: TemporaryDirectory;
let ensemble: RealEnsemble;
let tarball: string;
/** A program's folder, outside of the checkout, in which the package is installed. */
let program: string;

before(async () => {
  folder = await temporaryDirectory();
  const made = await makeClientPackage({ outdir: join(folder.path, 'package') });
  const packed = await runProgram('npm', ['pack', made, '--json', '--pack-destination', folder.path], inFolder());
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  tarball = join(folder.path, filename);
  program = join(folder.path, 'program');
  await mkdir(program);
  await writeFile(join(program, 'package.json'), '{"name": "program", "private": true}\n');
  await runProgram('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], inFolder(program));
  ensemble = await realEnsemble(1);
});
after(async () => {
  await ensemble?.[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** With a cache and settings of its own, so that nothing is left in the home of who runs this. */
function inFolder(directory = folder.path) {
  const environment = {
    ...process.env,
    npm_config_cache: join(folder.path, 'npm'),
    npm_config_userconfig: '/dev/null',
  };
  return { directory, environment };
}

async function runFile(name: string, text: string): Promise<string> {
  await writeFile(join(program, name), text);
  return await runProgram(process.execPath, [name], { directory: program, limitMs: 60_000 });
}

test('one small package: no dependency, no install script, and only the files that are needed', LIMIT, async () => {
  assert.ok((await stat(tarball)).size <= MOST_BYTES, `${(await stat(tarball)).size} bytes`);
  const installed = await readdir(join(program, 'node_modules'));
  assert.deepEqual(
    installed.filter((name) => !name.startsWith('.')),
    [NAME],
  );
  const own = join(program, 'node_modules', NAME);
  const manifest = JSON.parse(await readFile(join(own, 'package.json'), 'utf8')) as Record<string, unknown>;
  for (const key of ['dependencies', 'optionalDependencies', 'peerDependencies', 'scripts', 'private']) {
    assert.equal(manifest[key], undefined, key);
  }
  assert.deepEqual((await readdir(own)).sort(), [
    'LICENSE',
    'NOTICE',
    'README.md',
    'index.d.mts',
    'index.js',
    'index.mjs',
    'package.json',
    'types',
  ]);
});

test('the pages say how to get the package: the file that npm makes here is the one that they install', async () => {
  for (const page of HOW_TO_GET) {
    const text = await readFile(page, 'utf8');
    const lines = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.split('\n'));
    assert.ok(lines.includes('npm run client-package'), page);
    assert.ok(lines.includes('npm pack ./dist/client-package --pack-destination dist'), page);
    const installs = lines.filter((line) => line.startsWith('npm install '));
    assert.deepEqual(installs, ['npm install ../zookeeper-on-aws/dist/zookeeper-on-aws-client-*.tgz'], page);
  }
  assert.match(basename(tarball), /^zookeeper-on-aws-client-.+\.tgz$/);
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  assert.match(scripts['client-package'] ?? '', /build\/client-package\.ts$/);
});

test('an ES module and CommonJS get the same client, with all that the source exports', LIMIT, async () => {
  const names = Object.keys(client).sort();
  const out = await runFile(
    'both.mjs',
    `import * as all from '${NAME}';
    import { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('${NAME}');
    const names = Object.keys(all).sort();
    console.log(JSON.stringify({ names, same: names.every((name) => all[name] === required[name]) }));`,
  );
  assert.deepEqual(JSON.parse(out), { names, same: true });
});

test('a program in CommonJS works on a real server', LIMIT, async () => {
  const out = await runFile(
    'old.cjs',
    `const { connect, ZookeeperError } = require('${NAME}');
    (async () => {
      const client = await connect({ servers: '${ensemble.server(1).address}:2181' });
      console.log(await client.create('/cjs', { data: Buffer.from('x') }));
      const failed = await client.create('/cjs').catch((error) => error);
      console.log(failed instanceof ZookeeperError, failed.code);
      await client.close();
    })();`,
  );
  assert.equal(out, '/cjs\ntrue NODE_EXISTS\n');
});

test('TypeScript finds the types from both kinds of module, without skipLibCheck', LIMIT, async () => {
  const text = `import { type ClientOptions, connect, ZookeeperClient, type Stat } from '${NAME}';
    export async function version(options: ClientOptions): Promise<number> {
      const client: ZookeeperClient = await connect(options);
      const stat: Stat | undefined = await client.exists('/a');
      const [path, changed] = await client.multi([{ kind: 'create', path: '/a' }, { kind: 'set', path: '/a', data: Buffer.alloc(0) }]);
      const isText: string = path;
      // @ts-expect-error: a stat is no number.
      const wrong: number = changed;
      return isText.length + (stat?.version ?? 0) + wrong;
    }\n`;
  for (const name of ['esm.mts', 'cjs.cts']) await writeFile(join(program, name), text);
  const compilerOptions = {
    ...{ target: 'es2022', lib: ['es2024', 'esnext.disposable'], module: 'nodenext', strict: true, noEmit: true },
    typeRoots: [join(ROOT, 'node_modules/@types')],
    types: ['node'],
  };
  const settings = { compilerOptions, files: ['esm.mts', 'cjs.cts'] };
  await writeFile(join(program, 'tsconfig.json'), JSON.stringify(settings));
  await runProgram(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.'], { directory: program });
});

test('each example of its README runs', LIMIT, async () => {
  const readme = await readFile(README, 'utf8');
  const examples = [...readme.matchAll(/^```ts example\n(.*?)^```$/gms)].map(([, code]) => code ?? '');
  assert.ok(examples.length >= 5);
  for (const [index, code] of examples.entries()) {
    assert.ok(code.includes('127.0.0.1:2181'));
    // As TypeScript, so that `await using` is understood by every Node that runs the tests.
    const out = await runFile(
      `example-${index}.mts`,
      code.replaceAll('127.0.0.1:2181', `${ensemble.server(1).address}:2181`),
    );
    assert.equal(/error/i.test(out), false, out);
  }
});

// SPDX-License-Identifier: Apache-2.0
/** The drop-in as a package: what is in it, and how old programs load and compile with it. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeDropInPackage } from '../../build/drop-in-package.ts';
import { runProgram } from '../../tools/program.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');
const MOST_CODE_BYTES = 250_000;
const LIMIT = { timeout: 300_000 };
const EXPORTS = ['ACL', 'CreateMode', 'Event', 'Exception', 'Id', 'Permission', 'State', 'createClient'];

let folder: TemporaryDirectory;
/** The package, under the name of the old one in a program's folder. */
let own: string;

before(async () => {
  folder = await temporaryDirectory();
  await mkdir(join(folder.path, 'node_modules'));
  own = await makeDropInPackage({ outdir: join(folder.path, 'node_modules/node-zookeeper-client') });
});
after(() => folder[Symbol.asyncDispose]());

async function runFile(name: string, text: string): Promise<string> {
  await writeFile(join(folder.path, name), text);
  return await runProgram(process.execPath, [name], { directory: folder.path, limitMs: 60_000 });
}

test(
  'one small package of version 1: no dependency, no install script, and none of the client’s types',
  LIMIT,
  async () => {
    const manifest = JSON.parse(await readFile(join(own, 'package.json'), 'utf8')) as Record<string, unknown>;
    assert.match(String(manifest.version), /^1\.1\.\d+$/);
    for (const key of ['dependencies', 'optionalDependencies', 'peerDependencies', 'scripts', 'private']) {
      assert.equal(manifest[key], undefined, key);
    }
    assert.ok((await stat(join(own, 'client.js'))).size <= MOST_CODE_BYTES);
    assert.deepEqual((await readdir(own)).sort(), [
      'LICENSE',
      'NOTICE',
      'README.md',
      'client.js',
      'index.js',
      'package.json',
      'types',
    ]);
    for (const file of await readdir(join(own, 'types'))) {
      assert.doesNotMatch(await readFile(join(own, 'types', file), 'utf8'), /\.\.\//, file);
    }
  },
);

test('CommonJS, a default import and named imports all get the eight exports, with their names', LIMIT, async () => {
  const out = await runFile(
    'all.mjs',
    `import zookeeper, { ${EXPORTS.join(', ')} } from 'node-zookeeper-client';
    import { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('node-zookeeper-client');
    const named = { ${EXPORTS.join(', ')} };
    const same = Object.keys(named).every((name) => named[name] === required[name] && zookeeper === required);
    const names = [ACL, Id, Event, Exception, createClient('a:1').constructor].map(({ name }) => name);
    console.log(JSON.stringify([Object.keys(required).sort(), same, names, '__esModule' in required]));`,
  );
  const names = ['ACL', 'Id', 'Event', 'Exception', 'Client'];
  assert.deepEqual(JSON.parse(out), [EXPORTS, true, names, false]);
});

test('an old program in TypeScript compiles, without skipLibCheck', LIMIT, async () => {
  const text = `import * as zookeeper from 'node-zookeeper-client';
    import { ACL, Client, CreateMode, Event, Exception, Id, Option, Permission, Stat, State, Transaction } from 'node-zookeeper-client';
    const options: Partial<Option> = { sessionTimeout: 1000, spinDelay: 1, retries: 1 };
    const client: Client = zookeeper.createClient('a:1', options);
    client.once('connected', () => {});
    client.on('state', (state: State) => console.log(state === State.SYNC_CONNECTED, state.name, state.code));
    client.create('/a', (error, path) => console.log(error, path.length));
    client.create('/a', Buffer.from('a'), (error: Error | Exception | null, path: string) => console.log(error, path));
    client.create('/a', CreateMode.EPHEMERAL, Buffer.from('a'), (error, path) => console.log(error, path.length));
    client.mkdirp('/a', Buffer.from('a'), ACL.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, (error) => console.log(error));
    client.remove('/a', (error) => console.log(error));
    client.remove('/a', 1, (error) => console.log(error));
    client.exists('/a', (error, stat) => console.log(error, stat.version));
    client.exists('/a', (event) => console.log(event.getPath().length), (error, stat: Stat) => console.log(error, stat));
    client.getChildren('/a', (error, children) => console.log(error, children.length));
    client.getChildren('/a', (event: Event) => console.log(event.type), (error, children, stat) => console.log(stat.czxid));
    client.getData('/a', (error, data, stat) => console.log(error, data.toString(), stat.numChildren));
    client.getData('/a', (event) => console.log(event.name), (error, data) => console.log(error, data.length));
    client.setData('/a', null, 1, (error, stat) => console.log(error, stat.mzxid.length));
    client.getACL('/a', (error, acls) => console.log(error, acls.map((acl) => acl.perms + acl.id.scheme.length)));
    client.setACL('/a', [new ACL(Permission.READ, new Id('ip', '127.0.0.1'))], (error) => console.log(error));
    const transaction: Transaction = client.transaction().create('/b').setData('/b', null).check('/b', 1).remove('/b');
    transaction.commit((error, results) => console.log(error, results.length));
    client.addAuthInfo('digest', Buffer.from('a'));
    const code = (error: Exception): number => error.getCode() + error.getName().length + error.getPath().length;
    console.log(code, Exception.NO_NODE, client.getSessionId().length + client.getSessionTimeout());
    client.close();\n`;
  await writeFile(join(folder.path, 'old.ts'), text);
  const compilerOptions = {
    ...{
      target: 'es2022',
      lib: ['es2022'],
      module: 'commonjs',
      moduleResolution: 'bundler',
      strict: true,
      noEmit: true,
    },
    typeRoots: [join(ROOT, 'node_modules/@types')],
    types: ['node'],
  };
  await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['old.ts'] }));
  await runProgram(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.'], { directory: folder.path });
});

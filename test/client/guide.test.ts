// SPDX-License-Identifier: Apache-2.0
/** docs/client-guide.md is run from its beginning to its end: its server, and each of its programs on that server. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/client/index.ts';
import { CLIENT_PORT } from '../../src/model/member.ts';
import { runProgram } from '../../tools/program.ts';
import { emptyEnsemble, type RealEnsemble } from '../support/real-server.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { LossyProxy } from './lossy-proxy.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PACKAGE = "'zookeeper-on-aws-client'";
const SERVERS = '127.0.0.1:2181';
const LIMIT = { timeout: 120_000 };
/** Under this heading the session ends, which nothing in the program does. */
const LOSS = 'When the session is lost';

interface GuideProgram {
  readonly heading: string;
  readonly code: string;
  readonly output: string;
}

let page: string;
let programs: readonly GuideProgram[];
let ensemble: RealEnsemble;
let address: string;
let folder: TemporaryDirectory;

before(async () => {
  page = await readFile(join(ROOT, 'docs/client-guide.md'), 'utf8');
  programs = [...page.matchAll(/^## ([^\n]+)\n((?:(?!^## ).*\n)*)/gm)].flatMap(([, heading = '', section = '']) =>
    [...section.matchAll(/^```ts\n(.*?)^```\n\n```text\n(.*?)^```/gms)].map(([, code = '', output = '']) => ({
      heading,
      code,
      output,
    })),
  );
  folder = await temporaryDirectory();
  ensemble = await emptyEnsemble(1);
  address = `${ensemble.block.address(1)}:${CLIENT_PORT}`;
  await startServerOfThePage();
}, LIMIT);

after(async () => {
  await ensemble?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
}, LIMIT);

/**
 * With the config that the page shows, on an address and in a folder of its own. A shorter tick ends sessions sooner.
 */
async function startServerOfThePage(): Promise<void> {
  const [, config = ''] = /^```properties\n(.*?)^```/ms.exec(page) ?? [];
  const directory = join(ensemble.directory, '1');
  const dataDir = join(directory, 'data');
  const here = config
    .replace('dataDir=/tmp/zookeeper-guide', `dataDir=${dataDir}`)
    .replace('clientPortAddress=127.0.0.1', `clientPortAddress=${ensemble.block.address(1)}`)
    .replace('tickTime=2000', 'tickTime=500');
  for (const line of [dataDir, ensemble.block.address(1), 'tickTime=500']) assert.ok(here.includes(line), line);
  await mkdir(join(directory, 'conf'), { recursive: true });
  await mkdir(dataDir, { recursive: true });
  await writeFile(join(directory, 'conf/zoo.cfg'), here);
  await writeFile(join(dataDir, 'initialize'), '');
  await (await ensemble.start(1)).untilServing();
}

/** Runs the program in this process. Each line that it prints is put behind the others as soon as it is there. */
async function runHere({ heading, code }: GuideProgram, servers: string, lines: string[]): Promise<void> {
  const capture = [
    "import { format } from 'node:util';",
    "import { channel } from 'node:diagnostics_channel';",
    `const console = { log: (...words: unknown[]) => channel(${JSON.stringify(heading)}).publish(format(...words)) };`,
  ].join('\n');
  const source = join(ROOT, 'src/client/index.ts');
  const here = code.replace(PACKAGE, JSON.stringify(source)).replaceAll(SERVERS, servers);
  assert.equal([...here.matchAll(/^import /gm)].length, 1, 'it imports the package, and nothing else');
  const file = join(folder.path, `${heading.toLowerCase().replaceAll(' ', '-')}.ts`);
  await writeFile(file, `${capture}\n${here}`);
  const onLine = (line: unknown) => void lines.push(String(line));
  subscribe(heading, onLine);
  try {
    await import(file);
  } finally {
    unsubscribe(heading, onLine);
  }
}

test('every example of the page has its output', () => {
  const blocks = [...page.matchAll(/^```ts$/gm)];
  assert.ok(programs.length >= 7, 'A search that finds nothing would prove nothing.');
  assert.equal(blocks.length, programs.length);
  const headings = programs.map(({ heading }) => heading);
  assert.equal(new Set(headings).size, headings.length);
  assert.equal(headings.at(-1), LOSS);
});

test('every example prints what the page says', LIMIT, async () => {
  for (const program of programs.filter(({ heading }) => heading !== LOSS)) {
    const lines: string[] = [];
    await runHere(program, address, lines);
    assert.equal(`${lines.join('\n')}\n`, program.output.replaceAll(SERVERS, address), program.heading);
  }
});

test('the last example makes its znode again in a new session', LIMIT, async () => {
  const program = programs.find(({ heading }) => heading === LOSS);
  assert.ok(program);
  await using proxy = await LossyProxy.start(ensemble.block.address(1), CLIENT_PORT);
  await using client = await connect({ servers: address });
  const code = program.code.replace('sessionTimeoutMs: 10_000', 'sessionTimeoutMs: 4_000');
  assert.notEqual(code, program.code);
  const lines: string[] = [];
  const run = runHere({ ...program, code }, proxy.address, lines);
  // A program that fails ends every wait for it.
  const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
    while (!(await isSo())) await Promise.race([sleep(50), run.then(() => assert.fail('The program has ended.'))]);
  };
  await until(() => lines.at(-1) === 'registered');
  proxy.setOpen(false);
  await until(async () => (await client.exists('/hosts/a')) === undefined);
  proxy.setOpen(true);
  await until(() => lines.includes('lost') && lines.at(-1) === 'registered');
  await client.create('/stop');
  await run;
  // On a machine that stands still for seconds, another session may have ended as well.
  const text = `${lines.join('\n')}\n`.replaceAll(/(?:registered\nlost\n)+/g, 'registered\nlost\n');
  assert.equal(text, program.output);
});

test('every example is right for the compiler', LIMIT, async () => {
  const files = programs.map((_, index) => `typed-${index}.ts`);
  const source = join(ROOT, 'src/client/index.ts');
  await Promise.all(
    programs.map(({ code }, index) =>
      writeFile(
        join(folder.path, `typed-${index}.ts`),
        `${code.replace(PACKAGE, JSON.stringify(source))}\nexport {};\n`,
      ),
    ),
  );
  const compilerOptions = { typeRoots: [join(ROOT, 'node_modules/@types')] };
  const settings = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files };
  await writeFile(join(folder.path, 'package.json'), '{"type": "module"}\n');
  await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify(settings));
  await runProgram(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder.path], { directory: folder.path });
});

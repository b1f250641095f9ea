// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startGateway } from '../../cloud/gateway.ts';
import { FORKS_VARIABLE } from '../../cloud/moto/forks.ts';
import { motoDirectory, startMoto } from '../../cloud/moto/moto.ts';
import { pythonEnvironment } from '../../tools/python-environment.ts';
import { waitFor } from './local-aws.ts';

const ADDRESS = '127.254.251.1';
// Here moto starts by itself; forks have a file of their own.
delete process.env[FORKS_VARIABLE];

const folder = await mkdtemp(join(tmpdir(), 'moto-test-'));
after(() => rm(folder, { recursive: true, force: true }));

function lives(pid: number): boolean {
  // A zombie is gone as far as we care, but stays in /proc until it is reaped; nobody here leaves one.
  return existsSync(`/proc/${pid}`);
}

test('moto starts, answers, and is gone when it is closed', async () => {
  const moto = await startMoto({ address: ADDRESS });
  assert.ok(lives(moto.pid));
  assert.equal((await fetch(`${moto.url}/moto-api/`)).status, 200);
  await moto.close();
  assert.equal(lives(moto.pid), false);
  await moto.close();
});

test('a port that is taken is said to be', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  try {
    await assert.rejects(startMoto({ address: ADDRESS, port }), /did not start[\s\S]*in use/);
  } finally {
    server.close();
  }
});

test('a start that is given up leaves no process', async () => {
  const why = new Error('no longer wanted');
  const mark = `LAB_TEST_MARK=${randomUUID()}`;
  const [name = '', value = ''] = mark.split('=');
  const wanted = new AbortController();
  const start = startMoto({ address: ADDRESS, signal: wanted.signal, environment: { [name]: value } });
  const givenUp = assert.rejects(start, (error) => error === why);
  await waitFor('moto is loading', async () => (await marked(mark)).length === 1);
  wanted.abort(why);
  await givenUp;
  assert.deepEqual(await marked(mark), []);
  await assert.rejects(startMoto({ address: ADDRESS, signal: wanted.signal }), (error) => error === why);
});

/** The processes with this in their environment. */
async function marked(mark: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const environments = pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''));
  const texts = await Promise.all(environments);
  return pids.filter((_, at) => texts[at]?.split('\0').includes(mark));
}

test('neither moto nor the gateway listens on anything but loopback addresses', async () => {
  await assert.rejects(startMoto({ address: '0.0.0.0' }), /on loopback or a lab.s own network only/);
  const moto = { url: 'http://127.0.0.1:1' };
  await assert.rejects(
    startGateway({ address: '::', moto, environment: motoDirectory() }),
    /on loopback or a lab.s own network only/,
  );
});

test('moto dies with the process that started it', async () => {
  const script = join(folder, 'starter.mts');
  const motoFile = new URL('../../cloud/moto/moto.ts', import.meta.url).href;
  await writeFile(
    script,
    `import { startMoto } from '${motoFile}';
     const moto = await startMoto({ address: '${ADDRESS}' });
     console.log(moto.pid);
     setInterval(() => {}, 1000);`,
  );
  const starter = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) => {
    starter.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
  });
  assert.ok(lives(pid));
  starter.kill('SIGKILL');
  await waitFor('moto is gone', async () => !lives(pid));
});

test('an environment is made once, whole, and anew when its requirements change', async () => {
  const directory = join(folder, 'environment');
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, '# nothing\n');
  const steps: string[] = [];
  const make = () => pythonEnvironment({ directory, requirements, progress: (sentence) => steps.push(sentence) });
  const inodeOnceMade = async (): Promise<number> => {
    await make();
    return (await stat(directory)).ino;
  };
  const [made, madeBeside] = await Promise.all([inodeOnceMade(), inodeOnceMade()]);
  assert.equal(madeBeside, made, 'What the first has made, and uses already, is not replaced by the second.');
  steps.length = 0;
  await make();
  assert.deepEqual([steps, (await stat(directory)).ino], [[], made]);
  await writeFile(requirements, '# nothing else\n');
  await make();
  assert.notEqual((await stat(directory)).ino, made);
  await writeFile(requirements, './there-is-no-such-package\n');
  await assert.rejects(make(), /ended with 1/);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('environment')),
    ['environment', 'environment.lock'],
  );
});

// SPDX-License-Identifier: Apache-2.0
/** The local AWS without the rest: what cloud/README.md shows is tried as it is written. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { runProgram } from '../../tools/program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(ROOT, 'cloud/README.md'), 'utf8');

test('the program of the README starts it and asks it', async () => {
  const [, program] = /```ts\n(.*?)```/s.exec(README) ?? [];
  assert.ok(program !== undefined);
  const words = ['--input-type=module-typescript', '--eval', program];
  const printed = await runProgram(process.execPath, words, { directory: ROOT, limitMs: 180_000 });
  assert.match(printed, /^instances: 0$/m);
});

test('npm run cloud serves until Ctrl-C, and prints the environment of its clients', async () => {
  assert.match(README, /^npm run cloud -- --port 4566$/m);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { cloud: string } };
  assert.equal(scripts.cloud, 'tools/with-packages.sh node cloud/serve.ts');
  const child = spawn(process.execPath, ['cloud/serve.ts'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const environment = await environmentOf(child, 4);
    const client = new S3Client({
      endpoint: environment.AWS_ENDPOINT_URL ?? '',
      region: environment.AWS_REGION ?? '',
      credentials: {
        accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
        secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
      },
    });
    await client.send(new CreateBucketCommand({ Bucket: 'alone' }));
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    assert.deepEqual(
      Buckets?.map(({ Name }) => Name),
      ['alone'],
    );
    client.destroy();
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
  }
});

/** The first lines that it prints, `export NAME=value` each. */
async function environmentOf(child: ChildProcess, lines: number): Promise<Readonly<Record<string, string>>> {
  assert.ok(child.stdout);
  const environment: Record<string, string> = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name = '', value = ''] = /^export (\w+)=(.*)$/.exec(line) ?? assert.fail(line);
    environment[name] = value;
    if (Object.keys(environment).length === lines) break;
  }
  return environment;
}

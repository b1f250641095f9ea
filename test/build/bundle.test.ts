// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../build/bundle.ts';
import { runProgram } from '../../tools/program.ts';
import { ec2Error, fakeAws, jsonError, queryError, s3Error } from '../aws/support/fake-aws.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
after(() => rm(folder, { recursive: true }));

/** Nothing that is run here may look for AWS, or for credentials, outside of this machine. */
const NOWHERE = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9',
  AWS_ACCESS_KEY_ID: 'A',
  AWS_SECRET_ACCESS_KEY: 's',
};

function run(program: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return runProgram(process.execPath, [program, ...words], {
    environment: { ...NOWHERE, ...environment },
    limitMs: 60_000,
    stopWith: 'SIGKILL',
  });
}

const MAIN = `
  if (process.argv[2] === 'recovery') console.log('healthy');
  else import('./commands/cli.ts').then(({ run }) => run(process.argv.slice(2)));
`;
const COMMANDS = `
  import yargs from ${JSON.stringify(join(ROOT, 'node_modules/yargs/index.mjs'))};
  import { awsPorts } from ${JSON.stringify(join(ROOT, 'src/aws/ports.ts'))};
  export async function run(words: string[]) {
    const parsed = await yargs(words).option('count', { type: 'number' }).help(false).parse();
    console.log('count', parsed.count);
    if (parsed._[0] !== 'ask') return;
    const ports = await awsPorts({
      cluster: 'c', bucket: 'bucket', logGroup: 'g', region: 'eu-central-1',
      timings: { awsTimeoutMs: 30_000, metadataTimeoutMs: 1_000 },
    });
    const { signal } = new AbortController();
    console.log(await ports.ec2.isForgotten('i-1', signal));
    console.log(await ports.claimStreams.create('1.1', signal));
    console.log(await ports.objects.createOnce('a', 'b', signal));
    await ports.autoScaling.describe('g', signal).catch((error) => console.log(error.code));
  }
`;

async function agentSource(name: string, main = MAIN): Promise<{ main: string; outdir: string; commands: string }> {
  const source = join(folder, name, 'src');
  await mkdir(join(source, 'commands'), { recursive: true });
  await writeFile(join(source, 'main.ts'), main);
  await writeFile(join(source, 'commands/cli.ts'), COMMANDS);
  const outdir = join(folder, name, 'dist');
  return { main: join(source, 'main.ts'), outdir, commands: join(source, 'commands/cli.ts') };
}

test('the tick needs its own small file alone; the commands need no SDK until they ask AWS', async () => {
  const { main, outdir } = await agentSource('apart');
  const { agent } = await bundle({ main, outdir });
  assert.ok((await stat(agent)).size < 5_000);
  await rm(join(outdir, 'aws-sdk.cjs'));
  assert.equal(await run(agent, ['x', '--count', '7']), 'count 7\n');
  await rm(join(outdir, 'commands.cjs'));
  assert.equal(await run(agent, ['recovery']), 'healthy\n');
  await assert.rejects(run(agent, ['x']), /commands\.cjs/);
});

test('the four clients work from the bundle, and the process ends by itself', async () => {
  const { main, outdir } = await agentSource('clients');
  const { agent } = await bundle({ main, outdir });
  await using aws = await fakeAws();
  aws.answer(({ action }) => {
    if (action === 'DescribeInstances') return ec2Error('InvalidInstanceID.NotFound');
    if (action === 'CreateLogStream') return jsonError('ResourceAlreadyExistsException');
    if (action === 'PUT /bucket/c/a') return s3Error('PreconditionFailed', 412);
    return queryError('AccessDenied', 403);
  });
  // The host may have booted within the last five minutes, in which the denied call goes on for its whole limit.
  const stdout = await run(agent, ['ask'], { AWS_ENDPOINT_URL: aws.url });
  assert.equal(stdout, 'count undefined\ntrue\nexists\nexists\nAWS_DENIED\n');
});

test('of the SDK only what is used is left', async () => {
  const { main, outdir } = await agentSource('shaken');
  await bundle({ main, outdir });
  const text = await readFile(join(outdir, 'aws-sdk.cjs'), 'utf8');
  assert.ok(text.length < 1_000_000, `${text.length} characters`);
  assert.ok(text.includes('DescribeInstances'));
  for (const unused of ['RunInstancesRequest', 'CreateVolumeRequest', 'PutScalingPolicy']) {
    assert.ok(!text.includes(unused), unused);
  }
});

test('a second call builds nothing, unless a source or an output was changed', async () => {
  const { main, outdir, commands } = await agentSource('again');
  const lines: string[] = [];
  const build = async () => {
    lines.length = 0;
    await bundle({ main, outdir, progress: (line) => lines.push(line) });
    return lines.length;
  };
  assert.equal(await build(), 4);
  assert.equal(await build(), 0);
  await writeFile(commands, `${COMMANDS}\n// changed`);
  assert.equal(await build(), 1);
  assert.equal(await build(), 0);
  await writeFile(join(outdir, 'zk-agent.cjs'), 'damaged');
  assert.equal(await build(), 1);
  await rm(join(outdir, 'aws-sdk.cjs.map'));
  assert.equal(await build(), 1);
  assert.equal(await build(), 0);
});

test('several builds at once make one whole bundle', async () => {
  const { main, outdir } = await agentSource('at-once');
  const built = await Promise.all(Array.from({ length: 2 }, () => bundle({ main, outdir })));
  for (const { agent } of built) assert.equal(await run(agent, ['recovery']), 'healthy\n');
  assert.equal(await run(built[0]?.agent ?? '', ['x', '--count=1']), 'count 1\n');
});

test('a main file that would load the commands on every tick is refused', async () => {
  const { main, outdir } = await agentSource('static', `import { run } from './commands/cli.ts';\nrun([]);`);
  await assert.rejects(bundle({ main, outdir }), /imported statically/);
});

test('the agent itself: bundled without a warning, and it shows its commands', async () => {
  const { agent } = await bundle({ outdir: join(folder, 'agent') });
  const stdout = await run(agent, ['--help']);
  for (const command of ['bootstrap', 'recovery', 'status']) assert.ok(stdout.includes(command), stdout);
});

test('a fault of the agent has a stack that names the source, by the map beside the bundle', async () => {
  const { agent } = await bundle({ outdir: join(folder, 'fault') });
  const hook = join(folder, 'spoil.cjs');
  await writeFile(hook, `process.stdout.write = () => { throw new TypeError('spoiled'); };`);
  const fault = /at printVersion \([^ ]*src\/commands\/cli\.ts:\d+:\d+\)/;
  await assert.rejects(run(agent, ['--version'], { NODE_OPTIONS: `--require=${hook}` }), fault);
  await rm(join(folder, 'fault', 'commands.cjs.map'));
  await assert.rejects(run(agent, ['--version'], { NODE_OPTIONS: `--require=${hook}` }), /commands\.cjs:\d+:\d+/);
});

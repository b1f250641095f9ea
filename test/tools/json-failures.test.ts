// SPDX-License-Identifier: Apache-2.0
/** With `--json` a failure is one JSON object on standard output too, as `jq` wants it. The exit code is as ever. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { outcomeOf } from '../../tools/program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NOWHERE = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_MAX_ATTEMPTS: '1', AWS_EC2_METADATA_DISABLED: 'true' };
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIA0', AWS_SECRET_ACCESS_KEY: 'x', AWS_REGION: 'us-east-1' };

const CASES: readonly (readonly [code: string, exitCode: number, ...words: string[]])[] = [
  ['BAD_INPUT', 2, 'deploy/main.ts', '--', '--json', '--stakname', 'orders'],
  ['BAD_INPUT', 2, 'bake/main.ts', '--', '--json'],
  ['BAD_ARGUMENT', 2, 'lab/lab.ts', 'status', '--json', '--name', 'no-such-lab'],
  ['BAD_ARGUMENT', 2, 'lab/lab.ts', 'scale', '0x5', '--json'],
  ['BAD_ARGUMENT', 2, 'src/main.ts', 'status', '--jsonn', '--json'],
  ['BAD_SETTINGS', 1, 'src/main.ts', 'status', '--json'],
  ['BAD_SETTINGS', 1, 'src/main.ts', 'connection-string', '--json'],
  ['BAD_ARGUMENT', 2, 'src/main.ts', 'zk', 'get', '--json'],
  ['NO_SERVER', 1, 'src/main.ts', 'zk', 'ls', '/', '--servers', '127.0.0.1:9', '--timeout-ms', '300', '--json'],
];

for (const [code, exitCode, ...words] of CASES) {
  test(`${words.join(' ')}: ${code}`, { timeout: 120_000 }, async () => {
    const environment = { PATH: process.env.PATH ?? '', ZK_AGENT_ENV_FILE: '/dev/null', ...NOWHERE, ...KEYS };
    const outcome = await outcomeOf(process.execPath, words, { directory: ROOT, environment });
    const { error } = JSON.parse(outcome.stdout) as { error: { code: string; message: string; next: string } };
    assert.equal(error.code, code, outcome.stdout);
    assert.notEqual(error.message, '');
    assert.notEqual(error.next, '');
    assert.equal(outcome.code, exitCode, outcome.stderr);
  });
}

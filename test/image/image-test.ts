// SPDX-License-Identifier: Apache-2.0
/**
 * The life of an ensemble on an image of either Debian release: `npm run image-test [-- --debian 12|13]` (default 12,
 * which ./test.sh runs too). Ends as ./test.sh does; 2 for wrong usage.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RELEASE_VARIABLE } from './release.ts';

const RUNNER = join(import.meta.dirname, '../run.ts');
const STORY = join(import.meta.dirname, 'story.test.ts');

const USAGE = `Usage: npm run image-test [-- --debian 12|13]

The life of an ensemble on an image of this release of Debian (default 12). Needs root.

Example:
  npm run image-test -- --debian 13
`;

/** Undefined when only help was asked for. */
function readRelease(): string | undefined {
  const { values } = parseArgs({
    options: { debian: { type: 'string', default: '12' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return undefined;
  }
  if (!['12', '13'].includes(values.debian)) throw new Error(`--debian is 12 or 13: ${values.debian}`);
  return values.debian;
}

let release: string | undefined;
try {
  release = readRelease();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 2;
}
if (release !== undefined) {
  const words = ['--import', 'tsx', RUNNER, STORY];
  const env = { ...process.env, [RELEASE_VARIABLE]: release };
  // A person's Ctrl-C reaches both, and the runner cleans up.
  process.on('SIGINT', () => {});
  const [code] = await once(spawn(process.execPath, words, { stdio: 'inherit', env }), 'close');
  process.exitCode = typeof code === 'number' ? code : 1;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * The life of an ensemble on an image of either Debian release: `npm run image-test [-- --debian 12|13]` (default 12,
 * which ./test.sh runs too). Ends as ./test.sh does; 2 for wrong usage.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { scriptWords } from '../../tools/script-words.ts';
import { RELEASE_VARIABLE } from './release.ts';

const RUNNER = join(import.meta.dirname, '../run.ts');
const STORY = join(import.meta.dirname, 'story.test.ts');

const { debian: release } = await scriptWords(
  'image-test',
  '$0 [--debian 12|13]\n\nThe life of an ensemble on an image of this release of Debian. Needs root.',
  (parser) =>
    parser
      .option('debian', { choices: ['12', '13'] as const, default: '12' as const, describe: 'the release' })
      .example('$0 --debian 13', 'on the newer one'),
);

const words = ['--import', 'tsx', RUNNER, STORY];
const env = { ...process.env, [RELEASE_VARIABLE]: release };
// A person's Ctrl-C reaches both, and the runner cleans up.
process.on('SIGINT', () => {});
const [code] = await once(spawn(process.execPath, words, { stdio: 'inherit', env }), 'close');
process.exitCode = typeof code === 'number' ? code : 1;

// SPDX-License-Identifier: Apache-2.0
/**
 * Run in a process of its own, since pkg changes the working directory: puts the start program and the assets into a
 * copy of a Node binary. Nothing is downloaded: the binary is given, and this process makes the blob, so it has to run
 * on the very same version of Node.
 *
 * Usage: TMPDIR=FOLDER node seal.ts NODE ARCHITECTURE OUTPUT ASSET…
 * FOLDER holds start.cjs and the assets; TMPDIR has to be it, since names in the blob are relative to pkg's own
 * temporary folder: then the same inputs give the same bytes, wherever they lie.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sea from '@yao-pkg/pkg/lib-es5/sea.js';

const [nodePath = '', arch = '', output = '', ...assets] = process.argv.slice(2);
const seaConfig = {
  main: '../start.cjs',
  assets: Object.fromEntries(assets.map((name) => [name, `../${name}`])),
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  // Node's own cache would hold the start program alone, and none of its functions; the assets have whole ones.
  useCodeCache: false,
  // A run that has something to do makes more objects than V8's first megabyte holds, and would collect them eight times.
  execArgv: ['--min-semi-space-size=16'],
};
const nodeRange = `node${process.versions.node}`;
await sea.default(join(tmpdir(), 'start.cjs'), {
  targets: [{ nodeRange, platform: 'linux', arch, output }],
  nodePath,
  useLocalNode: true,
  seaConfig,
});

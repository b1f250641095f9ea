// SPDX-License-Identifier: Apache-2.0
/**
 * Puts the start program and the assets into a copy of a Node binary. It runs in its own process, because pkg changes
 * the working directory. It downloads nothing: the binary is given. This process makes the blob, so it must run on
 * exactly the same version of Node.
 *
 * Usage: TMPDIR=FOLDER node seal.ts NODE ARCHITECTURE OUTPUT ASSET…
 * FOLDER has start.cjs and the assets. TMPDIR must be this folder, since names in the blob are relative to pkg's own
 * temporary folder. Then the same inputs give the same bytes in every folder.
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
  // Node's own cache would have only the start program, without its functions. The caches in the assets have every
  // function.
  useCodeCache: false,
  // A run with work to do makes more objects than V8's first megabyte holds. V8 would then collect garbage eight times.
  execArgv: ['--min-semi-space-size=16'],
};
const nodeRange = `node${process.versions.node}`;
await sea.default(join(tmpdir(), 'start.cjs'), {
  targets: [{ nodeRange, platform: 'linux', arch, output }],
  nodePath,
  useLocalNode: true,
  seaConfig,
});

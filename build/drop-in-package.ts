// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run drop-in-package`: makes the package that stands in for node-zookeeper-client,
 * `zookeeper-on-aws-node-zookeeper-client`, in `dist/drop-in-package`. The client is inside; it has no dependency and
 * no install script, and it publishes nothing.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import rootPackage from '../package.json' with { type: 'json' };
import { scriptWords } from '../tools/script-words.ts';
import { makeLibraryPackage, OLDEST_NODE, TYPES } from './library-package.ts';

const NAME = 'zookeeper-on-aws-node-zookeeper-client';
/** The API that it has. */
const API_VERSION = '1.1';
const CODE_FILE = 'client.js';

interface DropInPackageOptions {
  /** The folder of the package; `dist/drop-in-package` of the checkout when left out. */
  readonly outdir?: string;
}

/** Returns the path of the folder, which appears whole and replaces an older one. */
export function makeDropInPackage({ outdir }: DropInPackageOptions = {}): Promise<string> {
  const library = {
    manifest: manifest(),
    entry: 'src/drop-in/index.ts',
    readme: 'src/drop-in/README.md',
    codeFile: CODE_FILE,
    keepsNames: true,
    writeMore: (folder: string, names: readonly string[]) => writeFile(join(folder, 'index.js'), entryText(names)),
  };
  return makeLibraryPackage(library, outdir ?? 'dist/drop-in-package');
}

/**
 * The bundle marks itself as a translated ES module, and a program with a default import would then get nothing from
 * it. So the entry is plain CommonJS, whose names an ES module can import, too.
 */
function entryText(names: readonly string[]): string {
  const lines = names.map((name) => `exports.${name} = client.${name};\n`);
  return `// SPDX-License-Identifier: Apache-2.0\n'use strict';\n\nconst client = require('./${CODE_FILE}');\n\n${lines.join('')}`;
}

/** 1.1, and then a number that grows with the version of the project: 0.2.3 makes 1.1.203. */
function version(): string {
  const [major = 0, minor = 0, patch = 0] = rootPackage.version.split('.').map(Number);
  return `${API_VERSION}.${major * 10_000 + minor * 100 + patch}`;
}

function manifest(): object {
  return {
    name: NAME,
    version: version(),
    description: 'The API of node-zookeeper-client on top of a client without its session faults.',
    keywords: ['zookeeper', 'client', 'node-zookeeper-client'],
    license: rootPackage.license,
    engines: { node: `>=${OLDEST_NODE}` },
    main: './index.js',
    types: `./${TYPES}/index.d.ts`,
    files: ['index.js', CODE_FILE, TYPES, 'NOTICE'],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await scriptWords(
    'drop-in-package',
    '$0\n\nMakes the npm package that stands in for node-zookeeper-client. It publishes nothing.',
    (parser) =>
      parser.example('npm run drop-in-package && npm pack ./dist/drop-in-package', 'makes the file that npm installs'),
  );
  process.stdout.write(`${await makeDropInPackage()}\n`);
}

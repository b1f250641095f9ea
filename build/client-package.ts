// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run client-package`: makes the ZooKeeper client as an npm package of its own, `zookeeper-on-aws-client`, in
 * `dist/client-package`. It has no dependency and no install script, and it publishes nothing.
 *
 * The code is one CommonJS file. The ES module beside it only names what that file exports, so a program that uses both
 * kinds of import has one client and one class of each error.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import rootPackage from '../package.json' with { type: 'json' };
import { scriptWords } from '../tools/script-words.ts';
import { makeLibraryPackage, OLDEST_NODE, TYPES } from './library-package.ts';

const NAME = 'zookeeper-on-aws-client';

interface ClientPackageOptions {
  /** The folder of the package; `dist/client-package` of the checkout when left out. */
  readonly outdir?: string;
}

/** Returns the path of the folder, which appears whole and replaces an older one. */
export function makeClientPackage({ outdir }: ClientPackageOptions = {}): Promise<string> {
  const library = {
    manifest: manifest(),
    entry: 'src/client/index.ts',
    readme: 'src/client/README.md',
    codeFile: 'index.js',
    writeMore: async (folder: string, names: readonly string[]) => {
      await writeFile(join(folder, 'index.mjs'), moduleText(names));
      await writeFile(join(folder, 'index.d.mts'), `export * from './${TYPES}/index.js';\n`);
    },
  };
  return makeLibraryPackage(library, outdir ?? 'dist/client-package');
}

function moduleText(names: readonly string[]): string {
  const list = names.join(', ');
  return `// SPDX-License-Identifier: Apache-2.0\nimport client from './index.js';\n\nexport const { ${list} } = client;\n`;
}

function manifest(): object {
  return {
    name: NAME,
    version: rootPackage.version,
    description: 'A ZooKeeper client for Node: types, promises, watches as async iterators, TLS, SASL, reconfig.',
    keywords: ['zookeeper', 'client', 'coordination', 'kazoo', 'curator'],
    license: rootPackage.license,
    engines: { node: `>=${OLDEST_NODE}` },
    main: './index.js',
    module: './index.mjs',
    types: `./${TYPES}/index.d.ts`,
    exports: {
      '.': {
        import: { types: './index.d.mts', default: './index.mjs' },
        require: { types: `./${TYPES}/index.d.ts`, default: './index.js' },
      },
      './package.json': './package.json',
    },
    files: ['index.js', 'index.mjs', 'index.d.mts', TYPES, 'NOTICE'],
    sideEffects: false,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await scriptWords(
    'client-package',
    '$0\n\nMakes the npm package of the ZooKeeper client in dist/client-package. It publishes nothing.',
    (parser) =>
      parser.example('npm run client-package && npm pack ./dist/client-package', 'makes the file that npm installs'),
  );
  process.stdout.write(`${await makeClientPackage()}\n`);
}

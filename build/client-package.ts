// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run client-package`: makes the ZooKeeper client as an npm package of its own, `zookeeper-on-aws-client`, in
 * `dist/client-package`. It has no dependency and no install script, and it publishes nothing.
 *
 * The code is one CommonJS file. The ES module beside it only names what that file exports, so a program that uses both
 * kinds of import has one client and one class of each error.
 */
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import yargs from 'yargs';
import rootPackage from '../package.json' with { type: 'json' };
import { runProgram } from '../tools/program.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLIENT = join(ROOT, 'src/client');
const ENTRY = join(CLIENT, 'index.ts');
const NAME = 'zookeeper-on-aws-client';
const OLDEST_NODE = '20';
const TYPES = 'types';
/** `from './stat.ts'` or `import('./stat.ts')` in a declaration. */
const IMPORTED = /((?:from |import\()'\.{1,2}\/[^']+)\.ts'/g;

interface ClientPackageOptions {
  /** The folder of the package; `dist/client-package` of the checkout when left out. */
  readonly outdir?: string;
}

/** Returns the path of the folder, which appears whole and replaces an older one. */
export async function makeClientPackage({ outdir }: ClientPackageOptions = {}): Promise<string> {
  const folder = resolve(outdir ?? join(ROOT, 'dist/client-package'));
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    // First, as it says of what kind the code is.
    await writeFile(join(work, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);
    const names = await writeCode(work);
    await writeTypes(work);
    await writeFile(join(work, 'index.mjs'), moduleText(names));
    await writeFile(join(work, 'index.d.mts'), `export * from './${TYPES}/index.js';\n`);
    await copyFile(join(CLIENT, 'README.md'), join(work, 'README.md'));
    for (const file of ['LICENSE', 'NOTICE']) await copyFile(join(ROOT, file), join(work, file));
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Returns the names that the code exports. */
async function writeCode(folder: string): Promise<readonly string[]> {
  const outfile = join(folder, 'index.js');
  await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    outfile,
    bundle: true,
    platform: 'node',
    target: `node${OLDEST_NODE}`,
    format: 'cjs',
    // Names stay, so that a stack trace of a user can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: '// SPDX-License-Identifier: Apache-2.0' },
    logLevel: 'silent',
  });
  const exported: unknown = createRequire(import.meta.url)(outfile);
  return Object.keys(exported as object).sort();
}

function moduleText(names: readonly string[]): string {
  const list = names.join(', ');
  return `// SPDX-License-Identifier: Apache-2.0\nimport client from './index.js';\n\nexport const { ${list} } = client;\n`;
}

/** The declarations that can be reached from the entry, with imports that need no option of the compiler. */
async function writeTypes(folder: string): Promise<void> {
  const all = join(folder, '.declarations');
  const project = join(folder, '.tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rewriteRelativeImportExtensions: true,
    outDir: all,
    rootDir: CLIENT,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  const settings = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files: [ENTRY] };
  await writeFile(project, JSON.stringify(settings));
  await runProgram(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project]);
  const due = [join(all, 'index.d.ts')];
  const done = new Set<string>();
  for (let file = due.pop(); file !== undefined; file = due.pop()) {
    if (done.has(file)) continue;
    done.add(file);
    const text = await readFile(file, 'utf8');
    for (const [, path] of text.matchAll(/'(\.{1,2}\/[^']+)\.ts'/g)) due.push(join(dirname(file), `${path}.d.ts`));
    const output = join(folder, TYPES, relative(all, file));
    await mkdir(dirname(output), { recursive: true });
    await writeFile(output, text.replace(IMPORTED, "$1.js'"));
  }
  await rm(all, { recursive: true });
  await rm(project);
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
  await yargs(process.argv.slice(2))
    .scriptName('npm run client-package --')
    .usage('$0\n\nMakes the npm package of the ZooKeeper client in dist/client-package. It publishes nothing.')
    .example('npm run client-package && npm pack ./dist/client-package', 'makes the file that npm installs')
    .strict()
    .version(false)
    .help()
    .parseAsync();
  process.stdout.write(`${await makeClientPackage()}\n`);
}

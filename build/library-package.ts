// SPDX-License-Identifier: Apache-2.0
/** What the npm packages have in common: the code as one CommonJS file, the declarations, and the legal texts. */
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { runProgram } from '../tools/program.ts';

export const OLDEST_NODE = '20';
/** The folder of the declarations in a package. */
export const TYPES = 'types';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** `from './stat.ts'` or `import('./stat.ts')` in a declaration. */
const IMPORTED = /((?:from |import\()'\.{1,2}\/[^']+)\.ts'/g;

/** Paths from the root of the checkout. */
interface LibraryPackage {
  /** What its package.json says. */
  readonly manifest: object;
  /** What it exports. The declarations of the entry's folder are in the package. */
  readonly entry: string;
  readonly readme: string;
  /** The name of the file with the code. */
  readonly codeFile: string;
  /** Class names stay what they are in the source, for programs that ask for them. */
  readonly keepsNames?: boolean;
  /** Writes what else belongs into the folder; `names` are those that the code exports. */
  readonly writeMore: (folder: string, names: readonly string[]) => Promise<void>;
}

/** Makes a package in the folder, which appears whole and replaces an older one. Returns its path. */
export async function makeLibraryPackage(library: LibraryPackage, outdir: string): Promise<string> {
  const folder = resolve(ROOT, outdir);
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    // First, as it says of what kind the code is.
    await writeFile(join(work, 'package.json'), `${JSON.stringify(library.manifest, undefined, 2)}\n`);
    const names = await writeCode(work, library);
    await writeTypes(work, join(ROOT, library.entry));
    await library.writeMore(work, names);
    await copyFile(join(ROOT, library.readme), join(work, 'README.md'));
    for (const file of ['LICENSE', 'NOTICE']) await copyFile(join(ROOT, file), join(work, file));
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Returns the names that the code exports. */
async function writeCode(folder: string, library: LibraryPackage): Promise<readonly string[]> {
  const outfile = join(folder, library.codeFile);
  const options: BuildOptions = {
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, library.entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: `node${OLDEST_NODE}`,
    format: 'cjs',
    // Names stay, so that a stack trace of a user can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: library.keepsNames ?? false,
    legalComments: 'none',
    banner: { js: '// SPDX-License-Identifier: Apache-2.0' },
    logLevel: 'silent',
  };
  await build(options);
  const exported: unknown = createRequire(import.meta.url)(outfile);
  return Object.keys(exported as object).sort();
}

/** The declarations that can be reached from the entry, with imports that need no option of the compiler. */
async function writeTypes(folder: string, entry: string): Promise<void> {
  const all = join(folder, '.declarations');
  const project = join(folder, '.tsconfig.json');
  const source = join(ROOT, 'src');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rewriteRelativeImportExtensions: true,
    outDir: all,
    rootDir: source,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  const settings = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [], files: [entry] };
  await writeFile(project, JSON.stringify(settings));
  await runProgram(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project]);
  const entryFolder = join(all, relative(source, dirname(entry)));
  const due = [join(entryFolder, 'index.d.ts')];
  const done = new Set<string>();
  for (let file = due.pop(); file !== undefined; file = due.pop()) {
    if (done.has(file)) continue;
    done.add(file);
    const text = await readFile(file, 'utf8');
    for (const [, path] of text.matchAll(/'(\.{1,2}\/[^']+)\.ts'/g)) due.push(join(dirname(file), `${path}.d.ts`));
    const output = join(folder, TYPES, relative(entryFolder, file));
    await mkdir(dirname(output), { recursive: true });
    await writeFile(output, text.replace(IMPORTED, "$1.js'"));
  }
  await rm(all, { recursive: true });
  await rm(project);
}

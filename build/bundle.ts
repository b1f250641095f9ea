// SPDX-License-Identifier: Apache-2.0
/**
 * Bundles the agent into four files: `zk-agent.cjs`, which is the healthy tick and little more, `commands.cjs` with
 * the rest of the agent, `arguments.cjs`, which reads what a person types, and `aws-sdk.cjs`. Each is parsed only when
 * there is something to do for it.
 */
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { writeWhole } from '../tools/whole-file.ts';
import { isFresh, latestChangeMs, marksOf, stampFileOf, writeStamp } from './freshness.ts';
import { precompileTemplates } from './precompile-templates.ts';
import { shakeSdk } from './shake-sdk.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What else decides over the result: the versions of the packages, and how it is built. */
const BUILD_FILES = [
  'package-lock.json',
  'build/bundle.ts',
  'build/shake-sdk.ts',
  'build/precompile-templates.ts',
  'src/templates/templates.ts',
  'src/templates/zoo-cfg.ts',
  'src/templates/dynamic-config.ts',
].map((file) => join(ROOT, file));
/** What is imported only when it is needed, by the ends of the paths. */
const COMMANDS = /\/commands\/cli\.ts$/;
const ARGUMENTS = /^\.\/arguments\.ts$/;
const SDK = /^\.\/sdk\.ts$/;

interface BundleOptions {
  /** Where the bundle goes; `dist` of the checkout when left out. */
  readonly outdir?: string;
  /** The agent's main file, with `commands/cli.ts` beside it; `src/main.ts` when left out. */
  readonly main?: string;
  readonly progress?: ((line: string) => void) | undefined;
}

/** Quick when nothing has changed. Two at once are safe: each output appears whole. */
export async function bundle(options: BundleOptions = {}): Promise<{ readonly agent: string }> {
  const outdir = resolve(options.outdir ?? join(ROOT, 'dist'));
  const main = resolve(options.main ?? join(ROOT, 'src/main.ts'));
  const programs = [
    { entry: join(ROOT, 'src/aws/sdk.ts'), file: 'aws-sdk.cjs', plugins: [shakeSdk] },
    { entry: join(ROOT, 'src/commands/arguments.ts'), file: 'arguments.cjs', plugins: [] },
    {
      entry: join(dirname(main), 'commands/cli.ts'),
      file: 'commands.cjs',
      plugins: [apart(ARGUMENTS, './arguments.cjs'), apart(SDK, './aws-sdk.cjs'), precompileTemplates],
    },
    { entry: main, file: 'zk-agent.cjs', plugins: [apart(COMMANDS, './commands.cjs')] },
  ];
  // In this order: whoever finds a new file finds what it loads, too.
  for (const { entry, file, plugins } of programs) {
    await bundleProgram({ entry, outfile: join(outdir, file), plugins, progress: options.progress });
  }
  return { agent: join(outdir, 'zk-agent.cjs') };
}

interface BundledProgram {
  readonly entry: string;
  readonly outfile: string;
  readonly progress?: ((line: string) => void) | undefined;
  readonly plugins?: readonly Plugin[];
}

/** Bundles one program into one CommonJS file with a source map beside it. */
export async function bundleProgram({ entry, outfile, progress, plugins = [] }: BundledProgram): Promise<void> {
  const stampFile = stampFileOf(outfile);
  const options = optionsFor(entry, outfile);
  const request = JSON.stringify([options, plugins.map(({ name }) => name)]);
  if (await isFresh(stampFile, request)) return;

  progress?.(`Bundling ${relative(ROOT, entry)}`);
  const { build, formatMessages } = await import('esbuild');
  const before = Date.now();
  const { metafile, outputFiles, warnings } = await build({ ...options, plugins: [...plugins] });
  if (warnings.length > 0) {
    const lines = await formatMessages(warnings, { kind: 'warning' });
    throw new Error(`esbuild warns about ${relative(ROOT, entry)}:\n${lines.join('\n')}`);
  }
  const files = Object.keys(metafile.inputs).filter((file) => !madeUp(file));
  const inputs = [...files.map((file) => resolve(ROOT, file)), ...BUILD_FILES];
  const marks = await marksOf(inputs);
  // The program last: whoever sees it sees its map.
  for (const { path, contents } of outputFiles.toSorted((a) => (a.path === outfile ? 1 : -1))) {
    await writeWhole(path, contents);
  }
  const outputs = await marksOf(outputFiles.map(({ path }) => path));
  // A file that was saved while esbuild read it may have gone in as it was before: then the next call builds again.
  const changedMeanwhile = (await latestChangeMs(inputs)) >= before;
  if (!changedMeanwhile) await writeStamp(stampFile, request, new Map([...marks, ...outputs]));
}

function optionsFor(entry: string, outfile: string) {
  return {
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    sourcemap: 'linked',
    legalComments: 'none',
    // Less to read at each start. Names stay, and a stack in the log names the source, by the map.
    minifySyntax: true,
    minifyWhitespace: true,
    // The packages' ES modules can be shaken: of a client of the SDK only the commands in use stay.
    mainFields: ['module', 'main'],
    // require() of the commands is quicker than import(), and works from inside of an executable.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'importMeta.url', 'import.meta.dirname': '__dirname' },
    // Only when it is asked for: the healthy tick has no use for it.
    banner: { js: "const importMeta = { get url() { return require('node:url').pathToFileURL(__filename).href; } };" },
    metafile: true,
    write: false,
    logLevel: 'silent',
  } as const satisfies BuildOptions;
}

/** A name with a colon stands for what a plugin made up, and for no file. */
export function madeUp(name: string): boolean {
  return /^[a-z-]+:/.test(name);
}

/** Leaves a module out of the file: it is loaded from a file beside it. */
function apart(module: RegExp, file: string): Plugin {
  return {
    name: `apart ${file}`,
    setup(build) {
      build.onResolve({ filter: module }, ({ kind, path }) =>
        kind === 'dynamic-import'
          ? { path: file, external: true }
          : { errors: [{ text: `${path} is imported statically, so it would be loaded when nobody needs it` }] },
      );
    },
  };
}

if (import.meta.main) {
  const { agent } = await bundle({ progress: console.log });
  console.log(`The agent is ${relative(process.cwd(), agent)}.`);
}

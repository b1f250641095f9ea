// SPDX-License-Identifier: Apache-2.0
/**
 * Bundles the agent into four files. Node parses each file only when it is needed.
 * - `zk-agent.cjs`: the healthy tick and little more.
 * - `commands.cjs`: the rest of the agent.
 * - `arguments.cjs`: reads what a person types.
 * - `aws-sdk.cjs`: the AWS SDK.
 */
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { scriptWords } from '../tools/script-words.ts';
import { writeWhole } from '../tools/whole-file.ts';
import { isFresh, latestChangeMs, marksOf, stampFileOf, writeStamp } from './freshness.ts';
import { precompileTemplates } from './precompile-templates.ts';
import { shakeSdk } from './shake-sdk.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Other inputs of the result: the versions of the packages, and the build itself. */
const BUILD_FILES = [
  'package-lock.json',
  'build/bundle.ts',
  'build/shake-sdk.ts',
  'build/precompile-templates.ts',
  'src/templates/templates.ts',
  'src/templates/zoo-cfg.ts',
  'src/templates/dynamic-config.ts',
].map((file) => join(ROOT, file));
/** The modules that are imported only when needed, by the ends of their paths. */
const COMMANDS = /\/commands\/cli\.ts$/;
const ARGUMENTS = /^\.\/arguments\.ts$/;
const SDK = /^\.\/sdk\.ts$/;

interface BundleOptions {
  /** The directory of the bundles; `dist` of the checkout when left out. */
  readonly outdir?: string;
  /** The agent's main file, with `commands/cli.ts` beside it; `src/main.ts` when left out. */
  readonly main?: string;
  readonly progress?: ((line: string) => void) | undefined;
}

/** Quick when nothing has changed. Two builds at once are safe, since each output appears whole. */
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
  // The order matters: when a new file is there, the files that it loads must be there too.
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
  // The program comes last, so that its map is always there before it.
  for (const { path, contents } of outputFiles.toSorted((a) => (a.path === outfile ? 1 : -1))) {
    await writeWhole(path, contents);
  }
  const outputs = await marksOf(outputFiles.map(({ path }) => path));
  // A file that was saved while esbuild read it may be bundled in its old form. Then no stamp is written, and the next
  // call builds again.
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
    // Less to read at each start. Names stay, and the map lets a stack in the log name the source.
    minifySyntax: true,
    minifyWhitespace: true,
    // Tree shaking works on the packages' ES modules: of an SDK client only the used commands stay.
    mainFields: ['module', 'main'],
    // require() of the commands is faster than import(), and it works inside an executable.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'importMeta.url', 'import.meta.dirname': '__dirname' },
    // A getter, so it runs only on demand: the healthy tick does not need it.
    banner: { js: "const importMeta = { get url() { return require('node:url').pathToFileURL(__filename).href; } };" },
    metafile: true,
    write: false,
    logLevel: 'silent',
  } as const satisfies BuildOptions;
}

/** A name with a colon is a module made by a plugin, not a file. */
export function madeUp(name: string): boolean {
  return /^[a-z-]+:/.test(name);
}

/** Leaves a module out of the bundle and loads it from a file beside it. */
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
  await scriptWords('build', '$0\n\nBundles the agent into the four files of dist/.', (parser) =>
    parser.example('$0', 'quick when nothing has changed'),
  );
  const { agent } = await bundle({ progress: console.log });
  console.log(`The agent is ${relative(process.cwd(), agent)}.`);
}

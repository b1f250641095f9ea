// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run package [-- --arch x64|arm64|all]`: makes the agent as one file that runs without Node,
 * `dist/zk-agent-linux-x64` and `dist/zk-agent-linux-arm64`. It is a Node binary with the bundles inside, each with its
 * V8 code cache, made by exactly this Node. The same inputs give the same bytes.
 */
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { mapAsset, PARTS, type Part } from '../src/executable/parts.ts';
import { COMMIT_ASSET } from '../src/version.ts';
import { runProgram } from '../tools/program.ts';
import { scriptWords } from '../tools/script-words.ts';
import { writeWhole } from '../tools/whole-file.ts';
import { bundle, bundleProgram, madeUp } from './bundle.ts';
import { accompanyingFiles, carriedPackages, nodePackageOf } from './carried.ts';
import { isFresh, marksOf, stampFileOf, writeStamp } from './freshness.ts';
import { licenseText } from './licenses.ts';
import { type NodeBinary, nodeBinary } from './node-binary.ts';
import { sourceRevision } from './revision.ts';
import { bomText } from './sbom.ts';
import { ARCHITECTURES, type BuildProgress, type NodeArchitecture, runnerFor } from './target.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPILE = join(ROOT, 'build/compile-part.cjs');
const SEAL = join(ROOT, 'build/seal.ts');
const START = join(ROOT, 'src/executable/start.ts');
const INPUTS = [
  ...['build/package.ts', 'build/carried.ts', 'build/licenses.ts', 'build/sbom.ts'],
  ...['package-lock.json', 'LICENSE', 'NOTICE'],
].map((file) => join(ROOT, file));
const STEP_LIMIT_MS = 300_000;

interface PackageOptions {
  readonly architecture: NodeArchitecture;
  /** The directory of the executable and the bundles; `dist` of the checkout when left out. */
  readonly outdir?: string;
  /** Another start program than the agent's, to measure the cost of an executable itself. It is then not tested. */
  readonly start?: string;
  /** The commit that `--version` prints; the checkout's own when left out. */
  readonly commit?: string;
  readonly progress?: BuildProgress;
}

/** Returns the path of the executable. Quick when nothing has changed; the file appears whole. */
export async function packageAgent({ architecture, progress, ...options }: PackageOptions): Promise<string> {
  const outdir = resolve(options.outdir ?? join(ROOT, 'dist'));
  const output = join(outdir, `zk-agent-linux-${architecture}`);
  const commit = options.commit ?? (await sourceRevision(ROOT));
  const binary = await nodeBinary(ROOT, architecture, progress);
  await bundle({ outdir, progress });
  const start = join(outdir, 'start.cjs');
  await bundleProgram({ entry: options.start ?? START, outfile: start, progress });

  const stampFile = stampFileOf(output);
  const request = JSON.stringify({ architecture, commit, node: binary.version, start: options.start });
  if (await isFresh(stampFile, request)) return output;
  const inputs = await marksOf([
    ...[COMPILE, SEAL, start, binary.path, ...INPUTS],
    ...PARTS.flatMap((part) => [join(outdir, part), join(outdir, `${part}.map`)]),
  ]);
  progress?.(`Packaging ${relative(ROOT, output)}`);
  const runner = await runnerFor(architecture, progress);
  const stage = await mkdtemp(join(outdir, '.package-'));
  try {
    await copyFile(start, join(stage, 'start.cjs'));
    await writeFile(join(stage, COMMIT_ASSET), commit);
    for (const part of PARTS) await stagePart({ part, outdir, stage, node: [...runner, binary.path] });
    const sealed = await seal(stage, architecture, binary);
    if (options.start === undefined) await answersFor(commit, [...runner, sealed]);
    // The executable comes last, so that the files distributed with it are always there before it.
    if (options.start === undefined) await writeAccompanying(output, outdir, binary);
    await rename(sealed, output);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  const outputs = options.start === undefined ? Object.values(accompanyingFiles(output)) : [];
  await writeStamp(stampFile, request, new Map([...inputs, ...(await marksOf([output, ...outputs]))]));
  return output;
}

/** Writes the licenses and the bill of materials of the executable. */
async function writeAccompanying(executable: string, outdir: string, binary: NodeBinary): Promise<void> {
  const packages = await carriedPackages(outdir, nodePackageOf(binary.path));
  const { licenses, sbom } = accompanyingFiles(executable);
  const own = await Promise.all(['NOTICE', 'LICENSE'].map((file) => readFile(join(ROOT, file), 'utf8')));
  await writeWhole(licenses, await licenseText(own.join('\n'), packages));
  await writeWhole(sbom, await bomText(ROOT, packages));
}

interface Staging {
  readonly part: Part;
  readonly outdir: string;
  readonly stage: string;
  /** The words that start the target's Node. */
  readonly node: readonly string[];
}

async function stagePart({ part, outdir, stage, node }: Staging): Promise<void> {
  const text = inAscii(part, await readFile(join(outdir, part), 'utf8'));
  const source = join(stage, part);
  await writeFile(source, `(function (exports, require, module, __filename, __dirname) {${text}\n})`);
  await writeFile(join(stage, mapAsset(part)), gzipSync(await slimMap(join(outdir, `${part}.map`)), { level: 9 }));
  const [program = '', ...words] = [...node, '--hash-seed=1', COMPILE, source, `${source}.cache`];
  await runProgram(program, words, { environment: {}, limitMs: STEP_LIMIT_MS });
}

/**
 * esbuild escapes characters outside ASCII, except in the comments that it keeps. V8 needs half the memory for ASCII.
 */
function inAscii(part: Part, text: string): string {
  const ascii = text.replace(/^ *(?:\/\/|\/?\*).*$/gm, (comment) => comment.replace(/[^\t -~]/g, '?'));
  const other = /[^\n\t -~]/.exec(ascii);
  if (other) throw new Error(`${part} holds ${JSON.stringify(other[0])}, which is not ASCII, outside of a comment.`);
  return ascii;
}

/** The source map without the sources themselves, and with their paths from the root of the checkout. */
async function slimMap(file: string): Promise<string> {
  const map = JSON.parse(await readFile(file, 'utf8')) as { readonly sources: readonly string[] };
  const sources = map.sources.map((source) =>
    madeUp(source) ? source : relative(ROOT, resolve(dirname(file), source)),
  );
  return JSON.stringify({ ...map, sources, sourcesContent: undefined });
}

async function seal(stage: string, architecture: NodeArchitecture, binary: NodeBinary): Promise<string> {
  const own = process.arch === 'x64' || process.arch === 'arm64' ? process.arch : undefined;
  if (!own) throw new Error(`Executables are made on x64 and arm64, not on ${process.arch}.`);
  const maker = await nodeBinary(ROOT, own);
  const sealed = join(stage, 'sealed');
  const assets = [COMMIT_ASSET, ...PARTS.flatMap((part) => [part, `${part}.cache`, mapAsset(part)])];
  const words = [SEAL, binary.path, architecture, sealed, ...assets];
  const environment = { PATH: process.env.PATH, TMPDIR: stage };
  await runProgram(maker.path, words, { environment, limitMs: STEP_LIMIT_MS });
  return sealed;
}

/** The build fails unless the executable starts and V8 takes its code caches. Without them it would start slowly. */
async function answersFor(commit: string, command: readonly string[]): Promise<void> {
  const [program = '', ...words] = [...command, '--version', '--json'];
  const answer = await runProgram(program, words, { environment: {}, limitMs: STEP_LIMIT_MS });
  const version = JSON.parse(answer) as { commit: string; codeCache: Readonly<Record<string, string>> };
  const taken = Object.values(version.codeCache);
  if (version.commit !== commit || taken.length !== PARTS.length || taken.some((verdict) => verdict !== 'accepted')) {
    throw new Error(`The executable does not answer as it should: ${answer.trim()}`);
  }
}

if (import.meta.main) {
  const { arch } = await scriptWords('package', '$0\n\nMakes the agent one file that runs without Node.', (parser) =>
    parser
      .option('arch', {
        choices: [...ARCHITECTURES, 'all'] as const,
        default: 'all' as const,
        describe: 'architecture',
      })
      .example('$0 --arch x64', 'dist/zk-agent-linux-x64 alone'),
  );
  await mkdir(join(ROOT, 'dist'), { recursive: true });
  for (const architecture of ARCHITECTURES.filter((name) => arch === 'all' || arch === name)) {
    const output = await packageAgent({ architecture, progress: console.log });
    console.log(`The executable is ${relative(process.cwd(), output)}.`);
  }
}

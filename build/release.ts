// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run release -- v1.2.3`: makes the files of a release from a tag, in `dist/release/v1.2.3`. It publishes nothing.
 * The same tag gives the same bytes.
 */
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256Of } from '../tools/digest.ts';
import { runProgram } from '../tools/program.ts';
import { scriptWords } from '../tools/script-words.ts';
import { writeWhole } from '../tools/whole-file.ts';
import { accompanyingFiles } from './carried.ts';
import { changesOf } from './changes.ts';
import { ARCHITECTURES, type BuildProgress, type NodeArchitecture } from './target.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TAG = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)$/;
const STEP_LIMIT_MS = 900_000;
/** Example values for the parameters of the stack that a person sets; the template needs some defaults. */
const EXAMPLE = [
  ...['--stackname', 'zookeeper', '--vpcid', 'vpc-0000000a', '--ami', 'ami-0000000a'],
  ...['--subnets', 'subnet-0000000a', 'subnet-0000000b', 'subnet-0000000c'],
];

interface ReleaseOptions {
  /** The checkout that has the tag, with its packages installed. */
  readonly root: string;
  /** Such as `v1.2.3`; its package.json must have the same version. */
  readonly tag: string;
  readonly architectures: readonly NodeArchitecture[];
  /** The folder of the tag is made in this directory. */
  readonly outdir: string;
  readonly progress?: BuildProgress;
}

/**
 * Returns the path of the folder, which appears whole and replaces an older one of the tag. Rejects when the tag does
 * not match its version.
 */
export async function makeRelease({ root, tag, architectures, outdir, progress }: ReleaseOptions): Promise<string> {
  const version = TAG.exec(tag)?.[1];
  if (version === undefined) throw new Error(`"${tag}" is no tag of a release. Give one such as v1.2.3.`);
  await mkdir(outdir, { recursive: true });
  const work = await mkdtemp(join(outdir, '.release-'));
  try {
    const sources = join(work, 'sources');
    const folder = join(work, 'release');
    await mkdir(folder);
    await checkOut(root, tag, sources);
    await writeWhole(join(folder, 'CHANGES.md'), await changesIn(sources, version));
    await takePackages(root, tag, sources);
    for (const architecture of architectures) {
      progress?.(`Making the executable for ${architecture}`);
      await makeExecutable(sources, architecture, folder);
    }
    progress?.('Making the template');
    await makeTemplates(sources, folder);
    for (const file of ['LICENSE', 'NOTICE']) await copyFile(join(sources, file), join(folder, file));
    await writeChecksums(folder);
    const place = join(outdir, tag);
    await rm(place, { recursive: true, force: true });
    await rename(folder, place);
    return place;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Makes a separate checkout, because uncommitted changes are not part of a release. */
async function checkOut(root: string, tag: string, sources: string): Promise<void> {
  await runProgram('git', ['-C', root, 'rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`]).catch(
    (cause) => {
      throw new Error(`There is no tag ${tag} here. Make it with "git tag ${tag}", or fetch it.`, { cause });
    },
  );
  await runProgram('git', ['clone', '--quiet', '--shared', '--branch', tag, root, sources]);
}

async function changesIn(sources: string, version: string): Promise<string> {
  const { version: named } = JSON.parse(await readFile(join(sources, 'package.json'), 'utf8'));
  if (named !== version) {
    throw new Error(`The tag is v${version}, and its package.json has the version ${named}. Set one to the other.`);
  }
  return changesOf(await readFile(join(sources, 'CHANGELOG.md'), 'utf8'), version);
}

/** Links the installed packages. They must be those of the tag's lock file, otherwise this rejects. */
async function takePackages(root: string, tag: string, sources: string): Promise<void> {
  const [here, there] = await Promise.all(
    [root, sources].map((path) => readFile(join(path, 'package-lock.json'), 'utf8')),
  );
  if (here !== there) {
    throw new Error(
      `The lock file of ${tag} is another one than here. Run "git checkout ${tag} && npm ci", then this.`,
    );
  }
  const installed = await realpath(join(root, 'node_modules'));
  const target = join(sources, 'node_modules');
  await runProgram('cp', ['--archive', '--link', installed, target]).catch(async () => {
    // Hard links do not work across file systems, so the packages are copied.
    await rm(target, { recursive: true, force: true });
    await runProgram('cp', ['--archive', installed, target]);
  });
}

async function makeExecutable(sources: string, architecture: NodeArchitecture, folder: string): Promise<void> {
  await runProgram('npm', ['run', '--silent', '--logs-max=0', 'package', '--', '--arch', architecture], {
    directory: sources,
    limitMs: STEP_LIMIT_MS,
  });
  const executable = `zk-agent-linux-${architecture}`;
  for (const file of [executable, ...Object.values(accompanyingFiles(executable))]) {
    await rename(join(sources, 'dist', file), join(folder, file));
  }
}

async function makeTemplates(sources: string, folder: string): Promise<void> {
  const print = (...words: readonly string[]): Promise<string> =>
    runProgram('npm', ['run', '--silent', '--logs-max=0', 'template', '--', ...words], { directory: sources });
  await writeWhole(join(folder, 'template.json'), await print(...EXAMPLE));
  await writeWhole(join(folder, 'template.yaml'), await print(...EXAMPLE, '--yaml'));
  await writeWhole(join(folder, 'deployer-policy.json'), await print('--deployer-policy'));
}

/** In the format of `sha256sum --check SHA256SUMS`. */
async function writeChecksums(folder: string): Promise<void> {
  const files = (await readdir(folder)).sort();
  const lines = await Promise.all(files.map(async (file) => `${await sha256Of(join(folder, file))}  ${file}\n`));
  await writeWhole(join(folder, 'SHA256SUMS'), lines.join(''));
}

if (import.meta.main) {
  const { tag, arch } = await scriptWords(
    'release',
    '$0 <tag>\n\nMakes what a release consists of from a tag. It publishes nothing.',
    (parser) =>
      parser
        .command('$0 <tag>', false, (command) =>
          command.positional('tag', { type: 'string', demandOption: true, describe: 'such as v1.2.3' }),
        )
        .option('arch', {
          choices: [...ARCHITECTURES, 'all'] as const,
          default: 'all' as const,
          describe: 'architecture',
        })
        .example('$0 v1.2.3', 'of both architectures'),
  );
  const architectures = ARCHITECTURES.filter((name) => arch === 'all' || arch === name);
  const outdir = resolve(ROOT, 'dist/release');
  try {
    const folder = await makeRelease({ root: ROOT, tag: String(tag), architectures, outdir, progress: console.log });
    console.log(`The release is in ${relative(process.cwd(), folder)}. Nothing was published.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

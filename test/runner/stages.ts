// SPDX-License-Identifier: Apache-2.0
/** What the runner runs: the stages in their order, their files, and their limits. */
import { existsSync, globSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noTests: Counts = { passed: 0, failed: 0, skipped: 0 };

export function sum(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

export interface Stage {
  readonly name: string;
  /** Program and arguments that check everything at once and count as one test; absent where there are test files. */
  readonly program?: readonly string[];
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Files at a time. */
  readonly concurrency: number;
  readonly fileLimitMs: number;
  readonly limitMs: number;
  /**
   * Ends a file's process with its tests. Torn-down connections sometimes keep Node's own cleaning up from ever ending;
   * but events that were not written yet are lost, so this is for files with little to say.
   */
  readonly forceExit?: boolean;
}

const MINUTE_MS = 60_000;
/** The folders of test/ that a stage of another name has; `unit` has what is in none of these or the others. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  build: ['build', 'ansible', 'bake'],
  client: ['client', 'drop-in'],
};
const OWN_STAGE = ['zookeeper', 'client', 'build', 'cf', 'cloud', 'deploy', 'simulation', 'lab', 'image', 'release'];
const STAGE_NAMES = [
  'lint',
  'types',
  'unit',
  'zookeeper',
  'client',
  'build',
  'cf',
  'cloud',
  'deploy',
  'simulation',
  'lab',
  'stack',
  'image',
  'release',
];
/**
 * These take longest, most of them because they wait: for the image's cron, for a lab, or for the local AWS. They begin
 * first, so that the others of their stage work meanwhile, and none of them is left to run alone at its end.
 */
const LONGEST_TESTS = [
  'cloud/cloudformation-groups.test.ts',
  'simulation/reached.test.ts',
  'zookeeper/snapshots.test.ts',
  'zookeeper/unreadable.test.ts',
  'zookeeper/left-alone.test.ts',
  'zookeeper/data-directory.test.ts',
  'simulation/directed.test.ts',
  'simulation/mutations.test.ts',
  'lab/aws-faults.test.ts',
  'lab/damaged-and-terminated.test.ts',
  'lab/crash.test.ts',
  'lab/damaged-files.test.ts',
  'lab/recover.test.ts',
  'lab/tried-owner.test.ts',
  'lab/tried-ids.test.ts',
  'image/story.test.ts',
  'lab/stack-update.test.ts',
];
/**
 * When everything runs, each of these runs as one stage, so many files at a time: the tests of one wait for servers,
 * for limits or for a cron, and those of another compute meanwhile.
 */
const RUN_TOGETHER: readonly { readonly names: readonly string[]; readonly concurrency: number }[] = [
  { names: ['zookeeper', 'simulation'], concurrency: 3 },
  { names: ['cf', 'cloud', 'deploy'], concurrency: 3 },
  { names: ['stack', 'image'], concurrency: 3 },
];
const STACK_TESTS = 'lab/stack-*.test.ts';

export const usage = `Usage: ./test.sh [STAGE…] [FILE…]

Runs everything, or only the stages named, or only the test files named.

  lint        Biome: style and common mistakes
  types       the TypeScript compiler
  unit        everything under test/ but the following: the quick part
  zookeeper   what the agent reads and writes on disks, and real servers on what it wrote
  client      the ZooKeeper client and the drop-in, against real and misbehaving servers
  build       the executable, the roles of the image, and build.sh, up to the launch of an instance
  cf          the template, its options and policies, cfn-lint
  cloud       the local AWS
  deploy      deploy.sh against the local AWS
  simulation  simulated histories, directed cases, mutations
  lab         the whole product against the local AWS and real servers
  stack       deployed stacks that scale, are updated and deleted, watched closely
  image       the image: baked, booted with systemd in containers, and healed (needs root, else it is skipped)
  release     what a release consists of, made twice from a tag

Examples:
  ./test.sh
  ./test.sh lint types unit
  ./test.sh test/loop.test.ts
`;

function testFiles(root: string, pattern: string): string[] {
  return globSync(pattern, { cwd: join(root, 'test') })
    .map((file) => join(root, 'test', file))
    .sort();
}

/** The longest first. */
function inOrder(root: string, files: readonly string[]): string[] {
  const longest = LONGEST_TESTS.map((file) => join(root, 'test', file)).filter((file) => files.includes(file));
  return [...longest, ...files.filter((file) => !longest.includes(file))];
}

function foldersOf(stage: string): readonly string[] {
  return FOLDERS[stage] ?? [stage];
}

function stageOf(root: string, name: string): Stage {
  const checks = { files: [], concurrency: 1, fileLimitMs: 0, limitMs: 5 * MINUTE_MS };
  if (name === 'lint') {
    const biome = `node_modules/@biomejs/cli-linux-${process.arch}/biome`;
    return { name, ...checks, program: [biome, 'check', '--max-diagnostics=50', '.'] };
  }
  if (name === 'types') return { name, ...checks, program: ['node_modules/.bin/tsc', '--noEmit', '--pretty', 'false'] };
  if (name === 'unit') {
    const others = OWN_STAGE.flatMap(foldersOf).map((folder) => join(root, 'test', folder));
    const files = testFiles(root, '**/*.test.ts').filter(
      (file) => !others.some((other) => file.startsWith(`${other}/`)),
    );
    return { name, files, concurrency: 2, fileLimitMs: 8 * MINUTE_MS, limitMs: 20 * MINUTE_MS };
  }
  const stackFiles = testFiles(root, STACK_TESTS);
  const inLab = { fileLimitMs: 15 * MINUTE_MS, limitMs: 75 * MINUTE_MS };
  if (name === 'image') {
    const files = inOrder(root, testFiles(root, 'image/**/*.test.ts'));
    return { name, files, concurrency: 2, ...inLab, fileLimitMs: 45 * MINUTE_MS };
  }
  if (name === 'stack') return { name, files: stackFiles, concurrency: 1, ...inLab, fileLimitMs: 30 * MINUTE_MS };
  const files = foldersOf(name)
    .flatMap((folder) => testFiles(root, `${folder}/**/*.test.ts`))
    .filter((file) => !stackFiles.includes(file));
  // A lab waits for a third of its time: three at a time keep two cores at work.
  if (name === 'lab') return { name, files: inOrder(root, files), concurrency: 3, ...inLab };
  const forceExit = name === 'client';
  return {
    name,
    files: inOrder(root, files),
    // The client's tests wait for limits and lost connections more than they work.
    concurrency: name === 'client' ? 3 : 2,
    fileLimitMs: 15 * MINUTE_MS,
    limitMs: 25 * MINUTE_MS,
    forceExit,
  };
}

/** Every test of these stages, under the loosest of their limits. */
function together(root: string, { names, concurrency }: (typeof RUN_TOGETHER)[number]): Stage {
  const stages = names.map((name) => stageOf(root, name));
  return {
    name: names.join(' and '),
    files: inOrder(
      root,
      stages.flatMap(({ files }) => files),
    ),
    concurrency,
    fileLimitMs: Math.max(...stages.map(({ fileLimitMs }) => fileLimitMs)),
    limitMs: Math.max(...stages.map(({ limitMs }) => limitMs)),
  };
}

function everything(root: string): readonly Stage[] {
  return STAGE_NAMES.flatMap((name) => {
    const group = RUN_TOGETHER.find(({ names }) => names.includes(name));
    if (group === undefined) return stageOf(root, name);
    return name === group.names[0] ? together(root, group) : [];
  });
}

/** The stages that these arguments ask for; a sentence when they make no sense. */
export function stagesFor(root: string, words: readonly string[]): readonly Stage[] | string {
  if (words.length === 0) return everything(root);
  const stages: Stage[] = [];
  const files: string[] = [];
  for (const word of words) {
    if (STAGE_NAMES.includes(word)) stages.push(stageOf(root, word));
    else if (word.endsWith('.test.ts') && existsSync(word)) files.push(resolve(word));
    else return `"${word}" is neither a stage nor a test file.`;
  }
  if (files.length > 0) {
    const name = files.map((file) => relative(root, file)).join(' ');
    stages.push({ name, files, concurrency: 1, fileLimitMs: 15 * MINUTE_MS, limitMs: 40 * MINUTE_MS });
  }
  return stages;
}

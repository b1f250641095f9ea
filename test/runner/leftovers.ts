// SPDX-License-Identifier: Apache-2.0
/**
 * What a test run leaves behind: processes, and files outside of the checkout. Every process of the run inherits a
 * variable that no other process has; the temporary and the home folder of the run are its own and must end empty.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endLab } from '../../lab/commands/lab-client.ts';
import { sweepContainers } from '../../lab/container/container-record.ts';
import { labsWithNetwork, removeNetwork } from '../../lab/container/network.ts';
import { LAB_VARIABLE, labNames } from '../../lab/daemon/state-directory.ts';
import { labPrefix, RUN_VARIABLE } from '../support/lab-name.ts';

/** The home folder itself, where Biome and tsx keep what they made, and the empty folder that npm always makes. */
const EXPECTED = /^(home(\/\.cache(\/biome(\/.*)?)?|\/\.rustup(\/.*)?|\/\.npm)?|tsx-\d+(\/.*)?)$/;

export interface Run {
  readonly root: string;
  readonly mark: string;
  readonly folder: string;
  /** Ids of the processes that were there before. */
  readonly before: ReadonlySet<number>;
}

export interface Left {
  readonly processes: readonly number[];
  readonly sentences: readonly string[];
}

/** Gives this process, and so all that it starts, the run's variable and folders. */
export async function openRun(root: string): Promise<Run> {
  // Short, since the path of a Unix socket has room for 107 characters.
  const folder = mkdtempSync(join(tmpdir(), 'zk-'));
  await mkdir(join(folder, 'home'));
  const mark = randomBytes(8).toString('hex');
  process.env[RUN_VARIABLE] = mark;
  process.env.TMPDIR = folder;
  // Without the plugins that a current Packer has, it would go and fetch them.
  const plugins = join(homedir(), '.config/packer/plugins');
  if (existsSync(plugins)) process.env.PACKER_PLUGIN_PATH ??= plugins;
  process.env.HOME = join(folder, 'home');
  return { root, mark, folder, before: new Set(processIds()) };
}

function processIds(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return '';
  }
}

/** A process of this run: it has the variable, or was started from the checkout without any and lost its parent. */
function isOurs(run: Run, pid: number): boolean {
  if (pid === process.pid || run.before.has(pid)) return false;
  const environment = procFile(pid, 'environ').split('\0');
  if (environment.includes(`${RUN_VARIABLE}=${run.mark}`)) return true;
  const stranger = environment.some((entry) => entry.startsWith(`${LAB_VARIABLE}=`) || entry.startsWith(RUN_VARIABLE));
  const orphan = /^\d+ \(.*\) \S 1 /s.test(procFile(pid, 'stat'));
  return orphan && !stranger && procFile(pid, 'cmdline').includes(`${run.root}.cache/`);
}

/** Waits for the last processes to end, at most this long. */
export async function whatIsLeft(run: Run, farewellMs: number): Promise<Left> {
  const endMs = performance.now() + farewellMs;
  let processes = processIds().filter((pid) => isOurs(run, pid));
  while (processes.length > 0 && performance.now() < endMs) {
    await sleep(100);
    processes = processIds().filter((pid) => isOurs(run, pid));
  }
  const files = await readdir(run.folder, { recursive: true });
  return {
    processes,
    sentences: [
      ...labsOf(run).map((lab) => `the lab, or its network, ${lab}`),
      ...processes.map((pid) => `process ${pid}: ${procFile(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 300)}`),
      ...files.filter((file) => !EXPECTED.test(file)).map((file) => `file ${join(run.folder, file)}`),
    ],
  };
}

/** Those with a state directory, and those with a network. */
function labsOf({ mark }: Run): readonly string[] {
  const labs = new Set([...labNames(), ...labsWithNetwork()]);
  return [...labs].filter((lab) => lab.startsWith(labPrefix(mark)));
}

/** Ends what is left, by id, and removes the run's folder: the next run must not stumble over it. */
export async function endLeftovers(run: Run, left: Left): Promise<void> {
  for (const pid of left.processes) {
    try {
      if (isOurs(run, pid)) process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  const labs = labsOf(run);
  for (const lab of labs) await endLab(lab);
  // Machines that a test made itself are at most two directories below one of its own.
  const own = readdirSync(run.folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of own) await sweepContainers(join(run.folder, name));
  for (const lab of labs) await removeNetwork(lab);
  rmSync(run.folder, { recursive: true, force: true, maxRetries: 5 });
}

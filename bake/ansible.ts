// SPDX-License-Identifier: Apache-2.0
/**
 * Ansible and ansible-lint of this project: pinned, in a private Python environment, independent of the system's
 * packages.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../tools/program.ts';
import { type Progress, pythonEnvironment } from '../tools/python-environment.ts';
import { writeWhole } from '../tools/whole-file.ts';

export const ANSIBLE_VERSION = '2.19.14';

const CACHE = fileURLToPath(new URL('../.cache', import.meta.url));
const DIRECTORY = join(CACHE, `ansible-${ANSIBLE_VERSION}`);
const REQUIREMENTS = fileURLToPath(new URL('../ansible/requirements.txt', import.meta.url));

/** ansible-core 2.19 needs this version on this machine. The machines that it sets up may have an older Python. */
const LEAST_PYTHON = 311;

export interface AnsiblePrograms {
  /** Absolute path of a program that is `ansible-playbook`. */
  readonly playbook: string;
  /** The same for `ansible-lint`. */
  readonly lint: string;
}

/**
 * Makes the environment, or finds it made. Our own start scripts replace those of pip, which contain the directory
 * where the environment was made. ansible-lint also starts the other programs of its own environment. Rejects with a
 * sentence for people when this machine's Python is too old.
 */
export async function ansiblePrograms(progress?: Progress, signal?: AbortSignal): Promise<AnsiblePrograms> {
  const obstacle = await pythonObstacle(signal);
  if (obstacle !== undefined) throw new Error(obstacle);
  const python = await pythonEnvironment({
    directory: DIRECTORY,
    requirements: REQUIREMENTS,
    ...(progress === undefined ? {} : { progress }),
    ...(signal === undefined ? {} : { signal }),
  });
  const programs = join(DIRECTORY, 'bin');
  const program = (name: string, moduleWords: string) => startScript(programs, name, python, moduleWords);
  await program('ansible', 'ansible adhoc');
  for (const word of ['config', 'doc', 'galaxy', 'inventory']) await program(`ansible-${word}`, `ansible ${word}`);
  return {
    playbook: await program('ansible-playbook', 'ansible playbook'),
    lint: await program('ansible-lint', 'ansiblelint'),
  };
}

/** Why this machine's Python can't be used, as a sentence; undefined when it can. */
export async function pythonObstacle(signal?: AbortSignal): Promise<string | undefined> {
  const words = ['-c', 'import sys; print(sys.version_info[0] * 100 + sys.version_info[1], sys.version.split()[0])'];
  const answer = await runProgram('python3', words, signal === undefined ? {} : { signal });
  const [found, version] = answer.trim().split(' ');
  if (Number(found) >= LEAST_PYTHON) return undefined;
  return `Ansible ${ANSIBLE_VERSION} needs Python 3.11 or later, and python3 is ${version}. Put a newer one first on the PATH, then try again.`;
}

/** Writes the script only when it differs, and always complete: another process may be starting it. */
async function startScript(directory: string, name: string, python: string, moduleWords: string): Promise<string> {
  const path = join(directory, name);
  const script = `#!/bin/sh
PATH=${quoted(directory)}:$PATH
# Ansible keeps control sockets, temporary files and collections in its home.
ANSIBLE_HOME=\${ANSIBLE_HOME:-${quoted(join(CACHE, 'ansible-home'))}}
export PATH ANSIBLE_HOME
exec ${quoted(python)} -m ${moduleWords} "$@"
`;
  if ((await readFile(path, 'utf8').catch(() => undefined)) === script) return path;
  await writeWhole(path, script, 0o755);
  return path;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

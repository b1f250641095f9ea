// SPDX-License-Identifier: Apache-2.0
/**
 * `build.sh --prepare`: everything of a bake that is made on this machine, for people who call Packer themselves. What
 * was found goes into files that Packer reads by itself, beside the two templates. Nothing of AWS is asked.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Terminal } from '../tools/terminal.ts';
import { writeWhole } from '../tools/whole-file.ts';
import { ansiblePrograms } from './ansible.ts';
import { compileAgent } from './executable.ts';
import { ansiblePlaybook, checkSshClient } from './local-tools.ts';
import type { BakeOptions } from './options.ts';
import { ansibleVariables } from './plan.ts';
import { projectVersion } from './project-version.ts';
import { checkedArchive, mustBeFile } from './zookeeper-archive.ts';

/** Packer reads files with this ending unasked; whatever is given on its command line wins over them. */
const FOUND_FILE = 'prepared.auto.pkrvars.json';
const EDITIONS = ['current', 'packer-1.6'] as const;
const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));

interface PrepareContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** The directory that has `ami/` and `dist/`; the checkout when left out. */
  readonly root?: string;
  readonly tools?: { readonly compileAgent: typeof compileAgent; readonly ansiblePrograms: typeof ansiblePrograms };
}

/** Returns the directory in which Packer is called. Rejects with BakeError. */
export async function prepare(options: BakeOptions, context: PrepareContext): Promise<string> {
  const { terminal, signal, root = CHECKOUT, tools = { compileAgent, ansiblePrograms } } = context;
  const { architecture, debian, cloudWatchAgent } = options;
  await checkSshClient(signal);
  terminal.progress('Looking at the archive');
  const archive = await checkedArchive(options.archive, options.archiveDigest, signal);
  if (cloudWatchAgent !== undefined) await mustBeFile(cloudWatchAgent, '--cloudwatch-agent');
  terminal.progress();
  const playbook = await ansiblePlaybook(tools.ansiblePrograms, terminal, signal);
  const agent = await tools.compileAgent(architecture, terminal, signal);
  const ansibleVariablesFile = join(root, 'dist', 'ansible-variables.json');
  await mkdir(join(root, 'dist'), { recursive: true });
  const logs = cloudWatchAgent === undefined ? {} : { cloudWatchAgent: resolve(cloudWatchAgent) };
  const parts = ansibleVariables({ executable: agent.executable, archive, ...logs });
  await writeFile(ansibleVariablesFile, JSON.stringify(parts));
  const found = {
    architecture,
    debian,
    version: options.version ?? (await projectVersion()),
    agent_version: agent.version,
    agent_answer: agent.answer,
    commit: agent.commit,
    ansible_playbook: playbook,
    ansible_variables_file: ansibleVariablesFile,
  };
  for (const edition of EDITIONS) {
    await writeWhole(join(root, 'ami', edition, FOUND_FILE), `${JSON.stringify(found, undefined, 2)}\n`);
  }
  return join(root, 'ami');
}

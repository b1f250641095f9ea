// SPDX-License-Identifier: Apache-2.0
/** What a bake needs on this machine besides Packer. */
import { runProgram } from '../tools/program.ts';
import type { Terminal } from '../tools/terminal.ts';
import type { ansiblePrograms } from './ansible.ts';
import { BakeError } from './errors.ts';

/** Ansible logs in with ssh. */
export async function checkSshClient(signal: AbortSignal): Promise<void> {
  try {
    await runProgram('ssh', ['-V'], { signal });
  } catch (error) {
    signal.throwIfAborted();
    const next = 'Install OpenSSH’s client (Debian: apt-get install -y openssh-client), then try again.';
    throw new BakeError('MISSING_TOOL', 'The SSH client, ssh, is missing.', next, error);
  }
}

/** The path of `ansible-playbook`. */
export async function ansiblePlaybook(
  programs: typeof ansiblePrograms,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<string> {
  try {
    return (await programs((sentence) => terminal.progress(sentence), signal)).playbook;
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    const next = 'Correct what it names; it takes Python 3.11 or later with venv, and the way to the package index.';
    throw new BakeError('MISSING_TOOL', `Ansible could not be installed: ${why}`, next, error);
  } finally {
    terminal.progress();
  }
}

// SPDX-License-Identifier: Apache-2.0
/** A script that a person runs on a node of a lab of machines: by ssh, as root. */
import { callLab, entering } from '../../lab/commands/lab-client.ts';
import { runProgram } from '../../tools/program.ts';

const QUIET = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'ConnectTimeout=5'];

/** The beginning of a command line; what follows is run as root. `key` is the file of the lab's private key. */
export function asRoot(key: string, address: string): readonly string[] {
  return ['ssh', '-F', 'none', '-i', key, ...QUIET.flatMap((option) => ['-o', option]), `admin@${address}`, 'sudo'];
}

/** The network namespace of the lab's machines. */
export async function networkOf(lab: string): Promise<string> {
  const namespace = await callLab(lab, 'namespace', {});
  if (namespace === null) throw new Error(`The machines of the lab ${lab} are no containers.`);
  return namespace;
}

/** A script may wait for what the node does; no test waits for longer. */
const LIMIT_MS = 420_000;

/** Runs the script with bash. Resolves with what it printed, and rejects with it when the script fails. */
export async function runInNode(lab: string, key: string, address: string, script: string): Promise<string> {
  const words = [...asRoot(key, address), 'bash', '-euo', 'pipefail', '-s'];
  const [program = '', ...rest] = entering(await networkOf(lab), words);
  return runProgram(program, rest, { input: script, limitMs: LIMIT_MS });
}

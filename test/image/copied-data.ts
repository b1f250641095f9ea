// SPDX-License-Identifier: Apache-2.0
/** Data that somebody has copied from one node to another by hand, so that nobody can vouch for it. */
import { entering } from '../../lab/commands/lab-client.ts';
import { runProgram } from '../../tools/program.ts';
import { asRoot, networkOf } from './in-a-node.ts';

const DIRECTORY = '/var/lib/zookeeper';

/** By ssh, as a person does it; addresses are those of two nodes of this lab, `key` the file of its private key. */
export async function copyData(lab: string, key: string, from: string, to: string): Promise<void> {
  const ssh = (address: string): string =>
    asRoot(key, address)
      .map((word) => `'${word}'`)
      .join(' ');
  // A server writes to its log meanwhile, for which tar ends with 1 when all is packed.
  const pack = `${ssh(from)} "sh -c 'tar -C ${DIRECTORY} -c version-2 || test \\$? = 1'"`;
  const script = `${pack} | ${ssh(to)} tar -C ${DIRECTORY} -x`;
  const [program = '', ...words] = entering(await networkOf(lab), ['bash', '-o', 'pipefail', '-c', script]);
  await runProgram(program, words);
}

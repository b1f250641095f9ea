// SPDX-License-Identifier: Apache-2.0
/** Whether this process has the rights that machines in containers need. Root inside a container often lacks them. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runProgram } from '../../tools/program.ts';
import { makeControlGroups, removeControlGroups } from './control-groups.ts';

const CACHE = resolve(import.meta.dirname, '../../.cache/image');
const LIMIT_MS = 30_000;

/**
 * A namespace with a bridge and packet rules, and an overlay in a mount and process namespace. Nothing of it remains.
 */
const TRIAL = `set -e
ip netns add "$NAME"
trap 'ip netns delete "$NAME"' EXIT
ip -n "$NAME" link add br0 type bridge
ip -n "$NAME" link add one type veth peer name two
nsenter --net="/run/netns/$NAME" nft add table ip trial
mkdir lower upper work root
unshare --mount --propagation slave --pid --fork --mount-proc \\
  mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
`;

/** A sentence that says why it lacks the rights; undefined when it has them. */
export async function whyNotIsolated(): Promise<string | undefined> {
  const name = `zk-trial-${process.pid}`;
  await mkdir(CACHE, { recursive: true });
  const directory = await mkdtemp(join(CACHE, 'trial-'));
  try {
    await runProgram('sh', ['-c', `cd "$DIRECTORY"\n${TRIAL}`], {
      environment: { PATH: process.env.PATH ?? '', NAME: name, DIRECTORY: directory },
      limitMs: LIMIT_MS,
    });
    await removeControlGroups(makeControlGroups(name));
    return undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message.split('\n').at(-1) : String(error);
    return `This root may not make namespaces, overlays or control groups: ${said}`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

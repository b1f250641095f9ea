// SPDX-License-Identifier: Apache-2.0
/** Bakes the lab's image with build.sh, as a person with exactly the documented permissions. */
import { resolve } from 'node:path';
import { type Deployer, runScript } from './run-script.ts';

interface LabBake {
  readonly release: 12 | 13;
  readonly subnet: string;
  /** The official ZooKeeper archive. */
  readonly archive: { readonly file: string; readonly sha512: string };
  readonly builder: Deployer;
  readonly environment: Readonly<Record<string, string>>;
  readonly hear: (line: string) => void;
  readonly signal: AbortSignal;
}

const SCRIPT = resolve(import.meta.dirname, '../../build.sh');
/** The size of moto's images, which is the least size of a volume. */
const VOLUME_GIB = 15;
/** When Packer is interrupted, it terminates its instance and waits until that has ended. */
const GRACE_MS = 30_000;

/** Resolves with the image's id. */
export async function bakeImage(order: LabBake): Promise<string> {
  const { release, subnet, archive, builder, environment, hear, signal } = order;
  const words = [
    ...['--debian', String(release), '--subnet', subnet, '--ssh-interface', 'private_ip'],
    ...['--zookeeper-archive', archive.file, '--zookeeper-sha512', archive.sha512],
    ...['--volumesize', String(VOLUME_GIB), '--poll-seconds', '1'],
  ];
  const printed = await runScript(SCRIPT, words, { person: builder, environment, hear, signal, graceMs: GRACE_MS });
  const imageId = printed.trim().split('\n').at(-1) ?? '';
  if (!/^ami-[0-9a-f]+$/.test(imageId)) throw new Error(`build.sh printed "${imageId}" where an image's id was due.`);
  return imageId;
}

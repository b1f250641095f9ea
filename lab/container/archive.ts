// SPDX-License-Identifier: Apache-2.0
/**
 * A ZooKeeper archive for the image, in the layout of the official one, which Maven Central does not have. The jars
 * come from Maven Central. The scripts and documents are missing, since the image does not use them. `npx tsx
 * lab/container/archive.ts` makes it by hand.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { sha512Of } from '../../tools/digest.ts';
import { runProgram } from '../../tools/program.ts';
import type { Progress } from '../../tools/python-environment.ts';
import { zookeeperHome } from '../zookeeper/fetch.ts';

export interface ZookeeperArchive {
  /** The absolute path of the .tar.gz. */
  readonly file: string;
  /** The digest in hexadecimal digits. */
  readonly sha512: string;
}

const IMAGES = resolve(import.meta.dirname, '../../.cache/image');

/**
 * Makes the archive again each time, which takes a second. Its bytes are always the same: names, times and owners are
 * fixed.
 */
export async function zookeeperArchive(progress: Progress = () => {}): Promise<ZookeeperArchive> {
  const { version, jars } = await zookeeperHome(progress);
  const name = `apache-zookeeper-${version}-bin`;
  await mkdir(IMAGES, { recursive: true });
  const building = await mkdtemp(join(IMAGES, 'archive-'));
  const file = join(IMAGES, `${name}.tar.gz`);
  const half = join(IMAGES, `archive-${randomUUID()}.tar.gz`);
  try {
    for (const part of ['bin', 'conf', 'lib']) await mkdir(join(building, name, part), { recursive: true });
    for (const jar of jars) await copyFile(jar, join(building, name, 'lib', basename(jar)));
    await pack(building, name, half);
    await rename(half, file);
  } finally {
    await rm(building, { recursive: true, force: true });
    await rm(half, { force: true });
  }
  return { file, sha512: await sha512Of(file, 'hex') };
}

async function pack(directory: string, name: string, file: string): Promise<void> {
  const fixed = ['--sort=name', '--format=gnu', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const modes = ['--mode=u=rwX,go=rX'];
  // Jars are compressed already. Without a name and a time, gzip writes the same bytes each time.
  const compressor = ['--use-compress-program', 'gzip -n -1'];
  await runProgram('tar', ['--create', ...fixed, ...modes, ...compressor, '--file', file, '-C', directory, name]);
}

if (import.meta.main) {
  const { file, sha512 } = await zookeeperArchive((line) => console.error(line));
  console.log(`${sha512}  ${file}`);
}

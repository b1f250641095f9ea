// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memberAt } from '../../src/model/member.ts';
import { outcomeOf } from '../../tools/program.ts';
import { startByHand } from './by-hand.ts';
import type { ZookeeperDistribution } from './distribution.ts';
import { freeLoopbackBlock } from './loopback.ts';

const SERVERS = 2;
/** Of empty servers the one with the highest id leads. */
const FOLLOWER = 1;

/**
 * The application class-data archive (AppCDS) has the classes of one server run. `-XX:ArchiveClassesAtExit` writes it
 * for exactly this JVM and these jars. With it a server starts a quarter faster. Undefined when it can't be made.
 *
 * The run is that of a follower, as most servers are. A server without a quorum never loads what it takes to follow.
 */
export async function classDataArchive(
  distribution: ZookeeperDistribution,
  directory: string,
  progress: (line: string) => void,
): Promise<string | undefined> {
  const archive = join(directory, `${await cacheKey(distribution)}.jsa`);
  if (await isFile(archive)) {
    return archive;
  }
  progress('making the class-data archive for this JVM (once)');
  await mkdir(directory, { recursive: true });
  const half = `${archive}.${process.pid}.half`;
  try {
    await serveOnce(distribution, half);
    await rename(half, archive);
    return archive;
  } catch (error) {
    progress(`no class-data archive, servers start slower: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  } finally {
    await rm(half, { force: true });
  }
}

/**
 * The JVM refuses an archive of another JVM, or of jars with other times or sizes. So the key contains all of these.
 */
async function cacheKey(distribution: ZookeeperDistribution): Promise<string> {
  const hash = createHash('sha256').update(`follower of ${SERVERS}\n`);
  const { stderr } = await outcomeOf('java', ['-version']);
  hash.update(stderr);
  for (const jar of distribution.jars) {
    const { size, mtimeMs } = await stat(jar);
    hash.update(`${jar} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

async function serveOnce(distribution: ZookeeperDistribution, archive: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'zookeeper-class-data-'));
  try {
    await using block = await freeLoopbackBlock();
    const members = Array.from({ length: SERVERS }, (_, index) => {
      return memberAt(index + 1, block.address(index + 1), 'participant');
    });
    await using servers = new AsyncDisposableStack();
    const started = await Promise.all(
      members.map(async ({ id, address }) => {
        const options = { directory: join(directory, `${id}`), id, address, start: 'genesis', members } as const;
        const jvmOptions = id === FOLLOWER ? [`-XX:ArchiveClassesAtExit=${archive}`] : [];
        return servers.use(await startByHand({ ...options, distribution, jvmOptions }));
      }),
    );
    await Promise.all(started.map((server) => server.untilServing()));
    await started.find(({ id }) => id === FOLLOWER)?.kill('SIGTERM');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

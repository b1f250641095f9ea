// SPDX-License-Identifier: Apache-2.0
/**
 * The real ZooKeeper 3.9.5 server for lab, tests and benchmarks. Maven fetches it once into `.cache/`, or
 * ZOOKEEPER_HOME names an unpacked official distribution. `npx tsx lab/zookeeper/fetch.ts` does it by hand.
 */
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runProgram } from '../../tools/program.ts';
import { classDataArchive } from './class-data-archive.ts';
import { distributionOf, type ZookeeperDistribution } from './distribution.ts';

const VERSION = '3.9.5';
const HERE = import.meta.dirname;
const CACHE = resolve(HERE, '../../.cache');
const MAVEN_LIMIT_MS = 300_000;

let found: Promise<ZookeeperDistribution> | undefined;

/** Several processes may call this at once. `progress` is called with a line for each slow part. */
export function zookeeperHome(progress: (line: string) => void = () => {}): Promise<ZookeeperDistribution> {
  found ??= find(progress).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function find(progress: (line: string) => void): Promise<ZookeeperDistribution> {
  const home = process.env.ZOOKEEPER_HOME;
  const lib = home === undefined || home === '' ? await fetched(progress) : join(resolve(home), 'lib');
  const jars = await jarsOf(lib);
  const plain = distributionOf(VERSION, jars, undefined);
  const archive = await classDataArchive(plain, join(CACHE, 'class-data'), progress);
  return distributionOf(VERSION, jars, archive);
}

async function jarsOf(lib: string): Promise<readonly string[]> {
  // A directory that is not there holds none either.
  const jars = (await readdir(lib).catch(() => [])).filter((name) => name.endsWith('.jar')).sort();
  if (!jars.includes(`zookeeper-${VERSION}.jar`)) {
    throw new Error(`${lib} holds no ZooKeeper ${VERSION}. Name an unpacked distribution of it in ZOOKEEPER_HOME.`);
  }
  return jars.map((name) => join(lib, name));
}

/** The directory gets its name only when it is complete, so a crash or a second process does no harm. */
async function fetched(progress: (line: string) => void): Promise<string> {
  const lib = join(CACHE, `zookeeper-${VERSION}`, 'lib');
  if (await exists(lib)) {
    return lib;
  }
  progress(`fetching ZooKeeper ${VERSION} with Maven`);
  await mkdir(join(CACHE, `zookeeper-${VERSION}`), { recursive: true });
  const building = await mkdtemp(join(CACHE, 'zookeeper-fetch-'));
  try {
    await maven(building);
    await jarsOf(building);
    await rename(building, lib).catch(async (error: unknown) => {
      if (!(await exists(lib))) {
        throw error;
      }
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return lib;
}

async function maven(into: string): Promise<void> {
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
  const options = ['-B', '-q', '-f', join(HERE, 'pom.xml'), goal, `-DoutputDirectory=${into}`];
  try {
    await runProgram('mvn', options, { limitMs: MAVEN_LIMIT_MS });
  } catch (error) {
    throw new Error(
      `Maven could not fetch ZooKeeper ${VERSION}. Check that mvn works here, or unpack the official distribution and name it in ZOOKEEPER_HOME.`,
      { cause: error },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

if (import.meta.main) {
  const { jars, archive } = await zookeeperHome((line) => console.log(line));
  console.log(`ZooKeeper ${VERSION}: ${jars.length} jars, class-data archive ${archive ?? 'none'}`);
}

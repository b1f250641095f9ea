// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { EXTRA_SIZE_FLAG } from '../../src/zookeeper/java-flags.ts';

const MAIN_CLASS = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

/** `fast` gives up peak speed for a quick start (lab and tests); `production` is what the image uses. */
export type JvmKind = 'fast' | 'production';

export interface ZookeeperDistribution {
  readonly version: string;
  /** Absolute paths. */
  readonly jars: readonly string[];
  /** The jars joined by `:`; explicit, since a wildcard makes the class-data archive useless. */
  readonly classPath: string;
  readonly logback: string;
  /** The class-data archive for the JVM in use; undefined when it could not be made (only speed is lost). */
  readonly archive: string | undefined;
  /** Flags before the main class, class path included. */
  jvmFlags(kind: JvmKind): readonly string[];
  /** The whole command of a server but its last argument, the path of `zoo.cfg`; `extra` stands among the flags. */
  command(kind: JvmKind, extra?: readonly string[]): readonly string[];
}

export function distributionOf(
  version: string,
  jars: readonly string[],
  archive: string | undefined,
): ZookeeperDistribution {
  const classPath = jars.join(':');
  const logback = join(import.meta.dirname, 'logback.xml');
  const jvmFlags = (kind: JvmKind): readonly string[] => [
    ...(archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto', '-Xlog:cds=off']),
    ...(kind === 'fast' ? ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData', '-Xmx192m'] : []),
    `-Dlogback.configurationFile=${logback}`,
    '-Dzookeeper.db.autocreate=false',
    EXTRA_SIZE_FLAG,
    '-cp',
    classPath,
  ];
  return {
    version,
    jars,
    classPath,
    logback,
    archive,
    jvmFlags,
    command: (kind, extra = []) => ['java', ...extra, ...jvmFlags(kind), MAIN_CLASS],
  };
}

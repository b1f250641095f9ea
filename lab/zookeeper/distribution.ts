// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { EXTRA_SIZE_FLAG, KEEPALIVE_FLAG, NOTIFICATION_FLAG } from '../../src/zookeeper/java-flags.ts';

const MAIN_CLASS = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

/** `fast` gives up peak speed for a quick start (lab and tests); the image uses `production`. */
export type JvmKind = 'fast' | 'production';

/**
 * Most of a start is work that no server of the lab needs.
 * - The second compiler and the parallel collector pay only in a long run, and so does code that is compiled early.
 * - At its start ZooKeeper asks for the default TLS context. Without a trust store, Java does not read the certificates
 *   of all public authorities for it. No server here speaks TLS.
 */
const FAST_FLAGS = [
  '-XX:TieredStopAtLevel=1',
  '-XX:Tier3InvocationThreshold=1000',
  '-XX:Tier3MinInvocationThreshold=500',
  '-XX:Tier3CompileThreshold=3000',
  '-XX:+UseSerialGC',
  '-XX:-UsePerfData',
  '-Xmx192m',
  '-Djavax.net.ssl.trustStore=NONE',
];

export interface ZookeeperDistribution {
  readonly version: string;
  /** Absolute paths. */
  readonly jars: readonly string[];
  /** The jars joined by `:`. They are listed one by one, since the class-data archive does not work with a wildcard. */
  readonly classPath: string;
  readonly logback: string;
  /** The class-data archive for the present JVM. Undefined when it could not be made, which only costs speed. */
  readonly archive: string | undefined;
  /** Flags before the main class, class path included. */
  jvmFlags(kind: JvmKind): readonly string[];
  /** The command of a server without its last argument, the path of `zoo.cfg`. `extra` comes among the flags. */
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
    ...(kind === 'fast' ? FAST_FLAGS : []),
    `-Dlogback.configurationFile=${logback}`,
    '-Dzookeeper.db.autocreate=false',
    EXTRA_SIZE_FLAG,
    NOTIFICATION_FLAG,
    KEEPALIVE_FLAG,
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

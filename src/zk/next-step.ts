// SPDX-License-Identifier: Apache-2.0
/** What a person does next, by the code of an error of `zk-agent zk`. */

/** The command's own codes; docs/zk-command.md has the same table. */
export const OWN_NEXT = {
  BAD_OPTION: 'Correct the option that the message names.',
  BAD_EXPORT: 'The text is no export, or it is cut off: export again, and import the whole text.',
  EXISTS_ALREADY: 'Choose --existing, or another path with --to.',
  TOO_MANY: 'Give --depth, or a higher --most.',
  PROTECTED_PATH: 'Name another path: / and /zookeeper belong to the servers.',
  COUNTERS_BEHIND: 'Give a higher --counters-by, with --existing keep.',
} as const;

/** Codes of servers, of the connection and of the system. */
const OTHER_NEXT: Readonly<Record<string, string>> = {
  NO_NODE: 'Look at the path: zk-agent zk ls lists the names above it. create --parents makes the parents.',
  NODE_EXISTS: 'Use set to replace its data, or choose another path.',
  NOT_EMPTY: 'Delete with --recursive, or the children first.',
  BAD_VERSION: 'Read it again: stat shows its version now.',
  NO_AUTH: 'Log in as somebody who may: --auth, --sasl or a certificate. acl shows who may do what.',
  AUTH_FAILED: 'Check the user and the password of --auth or --sasl.',
  SESSION_CLOSED_REQUIRE_AUTH: 'The servers let nobody in without a login: give --auth, --sasl or a certificate.',
  TLS_FAILED: 'Check --ca, --cert, --key and --servername, and that this port speaks TLS.',
  NO_SERVER: 'Check --servers or ZK_SERVERS, and that one of these servers runs and can be reached.',
  CONNECTION_LOST: 'Run it again. If it stays so, look at the servers: zk-agent status, on a node.',
  CONNECTION_LOSS: 'Run it again. If it stays so, look at the servers: zk-agent status, on a node.',
  REQUEST_TIMEOUT: 'Run it again, with a higher --timeout-ms if the servers are only slow.',
  MAYBE_APPLIED: 'Read the znode to see whether the change is there, and run it again if it is not.',
  SESSION_EXPIRED: 'Run it again: it then has a new session.',
  NOT_READ_ONLY: 'The server has lost its quorum and answers reads alone. Write once it is back.',
  QUOTA_EXCEEDED: 'Raise the quota of the path, or delete something below it.',
  THROTTLED: 'The servers are busy: wait a little, and run it again.',
  INVALID_ACL: 'Correct the ACL: its scheme and id have to be known to the servers.',
  BAD_REQUEST: 'Correct what the message names; zk-agent zk --help shows the commands.',
  REQUEST_TOO_LARGE: 'Write less data: servers take about one megabyte (jute.maxbuffer).',
  ENOENT: 'Check the name of the file.',
  EACCES: 'Check who may read the file.',
};

const UNKNOWN_NEXT = 'Run it again. If it stays so, look at the log of the servers.';

export function nextStep(code: string): string {
  return (OWN_NEXT as Readonly<Record<string, string>>)[code] ?? OTHER_NEXT[code] ?? UNKNOWN_NEXT;
}

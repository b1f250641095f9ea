// SPDX-License-Identifier: Apache-2.0
import type { Zxid } from './zxid.ts';

export type MemberRole = 'participant' | 'observer';

/** A server in a ZooKeeper config. Addresses are bare: an IPv6 address has no brackets here. */
export interface Member {
  readonly id: number;
  readonly address: string;
  readonly quorumPort: number;
  readonly electionPort: number;
  readonly role: MemberRole;
  readonly clientAddress: string;
  readonly clientPort: number;
  /**
   * The whole text after the `=`, if the other fields do not hold all of it: several addresses, a secure client port.
   */
  readonly verbatim?: string;
}

/** A config with the version that ZooKeeper gave it. A config without a version (written by hand) has version zero. */
export interface EnsembleConfig {
  readonly version: Zxid;
  readonly members: readonly Member[];
  /**
   * Lines that can't be understood, as they stand; absent when there are none. Such a line may be a voter, or give
   * votes another weight. So while there is one, nothing is decided by counting voters, and no member is added or
   * removed.
   */
  readonly notUnderstood?: readonly string[];
}

export const QUORUM_PORT = 2888;
export const ELECTION_PORT = 3888;
export const CLIENT_PORT = 2181;
/** As the client's part of a member: its server listens on every address, and clients reach it at the member's. */
export const EVERY_ADDRESS = '0.0.0.0';

/** The member for a node of this product: standard ports, clients on its own address, never on a wildcard. */
export function memberAt(id: number, address: string, role: MemberRole): Member {
  return {
    id,
    address,
    quorumPort: QUORUM_PORT,
    electionPort: ELECTION_PORT,
    role,
    clientAddress: address,
    clientPort: CLIENT_PORT,
  };
}

export function votersOf(config: EnsembleConfig): readonly Member[] {
  return config.members.filter((member) => member.role === 'participant');
}

/** More than half: half of 2 or 4 is no majority. */
export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** The lines of this config that can't be understood. */
export function strangeLines(config: EnsembleConfig | undefined): readonly string[] {
  return config?.notUnderstood ?? [];
}

/** The id of the member that such a line is about. Undefined when it is about no member. */
export function idOfLine(line: string): number | undefined {
  const id = /^server\.(\d{1,15})\s*[=:]/.exec(line)?.[1];
  return id === undefined ? undefined : Number(id);
}

export function listed(
  config: EnsembleConfig | undefined,
  id: number | undefined,
  address: string,
): Member | undefined {
  return config?.members.find((member) => member.id === id && member.address === address);
}

// SPDX-License-Identifier: Apache-2.0
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** Bits of an ACL entry's permissions. */
export const PERMISSIONS = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const;

/** One identity, or one kind of identities, and what it may do. */
export interface AclEntry {
  /** The sum of bits of PERMISSIONS. */
  readonly permissions: number;
  /** How the identity is proven: `world`, `auth`, `digest`, `ip`, `sasl`, `x509`. */
  readonly scheme: string;
  /** Whose it is, in the form of the scheme: `anyone` for `world`. */
  readonly id: string;
}

/** Who may do what with a znode. Whoever is named by one of the entries may do what that entry says. */
export type Acl = readonly AclEntry[];

/** Everybody may do everything. */
export const OPEN_ACL: Acl = [{ permissions: PERMISSIONS.all, scheme: 'world', id: 'anyone' }];
/** Everybody may read. */
export const READ_ACL: Acl = [{ permissions: PERMISSIONS.read, scheme: 'world', id: 'anyone' }];
/** The identity with which the creating connection is authenticated may do everything. */
export const CREATOR_ACL: Acl = [{ permissions: PERMISSIONS.all, scheme: 'auth', id: '' }];

/** acl: vector of (perms int, scheme string, id string) */
export function writeAcl(writer: JuteWriter, acl: Acl): void {
  writer.int(acl.length);
  for (const entry of acl) {
    writer.int(entry.permissions);
    writer.string(entry.scheme);
    writer.string(entry.id);
  }
}

export function readAcl(reader: JuteReader): AclEntry[] {
  return reader.vector(12, () => ({ permissions: reader.int(), scheme: reader.string(), id: reader.string() }));
}

// SPDX-License-Identifier: Apache-2.0
export const Permission = { READ: 1, WRITE: 2, CREATE: 4, DELETE: 8, ADMIN: 16, ALL: 31 };

/** Who. Throws an Error for anything but two strings. */
export class Id {
  static readonly ANYONE_ID_UNSAFE: Id = new Id('world', 'anyone');
  /** Whoever the connection is authenticated as. */
  static readonly AUTH_IDS: Id = new Id('auth', '');

  scheme: string;
  id: string;

  constructor(scheme: string, id: string) {
    if (typeof scheme !== 'string' || scheme === '') throw new Error('scheme must be a string that is not empty');
    if (typeof id !== 'string') throw new Error('id must be a string');
    this.scheme = scheme;
    this.id = id;
  }
}

/** Who may do what. Throws an Error for a permission that is no sum of `Permission`, and for an id that is no Id. */
export class ACL {
  static readonly OPEN_ACL_UNSAFE: ACL[] = [new ACL(Permission.ALL, Id.ANYONE_ID_UNSAFE)];
  static readonly CREATOR_ALL_ACL: ACL[] = [new ACL(Permission.ALL, Id.AUTH_IDS)];
  static readonly READ_ACL_UNSAFE: ACL[] = [new ACL(Permission.READ, Id.ANYONE_ID_UNSAFE)];

  permission: number;
  id: Id;

  constructor(permission: number, id: Id) {
    const isSum = Number.isInteger(permission) && permission >= 1 && permission <= Permission.ALL;
    if (!isSum) throw new Error(`permission must be a whole number from 1 to ${Permission.ALL}`);
    if (!(id instanceof Id)) throw new Error('id must be an instance of Id');
    this.permission = permission;
    this.id = id;
  }

  /** The name that `@types/node-zookeeper-client` has for the permission. */
  get perms(): number {
    return this.permission;
  }
}

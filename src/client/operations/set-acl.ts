// SPDX-License-Identifier: Apache-2.0
import { type Acl, writeAcl } from '../acl.ts';
import type { Operation } from '../operation.ts';
import { readStat, type Stat } from '../stat.ts';

interface SetAclRequest {
  readonly path: string;
  readonly acl: Acl;
  /** Of the ACL, not of the data; −1 for any version. */
  readonly version: number;
}

/** setACL: path string, acl vector, version int → stat */
export const setAcl: Operation<SetAclRequest, Stat> = {
  name: 'setAcl',
  opcode: 7,
  isWrite: true,
  encode: (writer, request) => {
    writer.path(request.path);
    writeAcl(writer, request.acl);
    writer.int(request.version);
  },
  decode: readStat,
};

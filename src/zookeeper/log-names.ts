// SPDX-License-Identifier: Apache-2.0
/** Transaction logs by their names, `version-2/log.<hex zxid>`: the zxid of the first entry. */
import { toZxid, type Zxid } from '../model/zxid.ts';

/** The server takes every name that begins like this, even `log.1.bak`. */
const LOG_NAME = /^log\.([0-9a-f]{1,16})(?:\.|$)/i;

interface NamedLog {
  readonly name: string;
  readonly zxid: Zxid;
}

/** Oldest first. */
export function logsAmong(names: readonly string[]): readonly NamedLog[] {
  return names
    .flatMap((name) => {
      const hex = LOG_NAME.exec(name)?.[1];
      return hex === undefined ? [] : [{ name, zxid: toZxid(BigInt(`0x${hex}`)) }];
    })
    .sort((a, b) => (a.zxid < b.zxid ? -1 : 1));
}

// SPDX-License-Identifier: Apache-2.0
import type { Operation } from '../operation.ts';

/** An identity under which the server knows a connection. */
export interface ClientIdentity {
  /** Such as `ip`, `digest`, `sasl`, `x509`. */
  readonly scheme: string;
  /** Who it is by this scheme. */
  readonly user: string;
}

/** whoAmI: header alone → clientInfo vector of (authScheme string, user string) */
export const whoAmI: Operation<undefined, ClientIdentity[]> = {
  name: 'whoAmI',
  opcode: 107,
  isWrite: false,
  encode: () => {},
  decode: (reader) => reader.vector(8, () => ({ scheme: reader.string(), user: reader.string() })),
};

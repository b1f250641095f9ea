// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { type DigestInput, digestOf, directivesOf, quoted } from './digest-md5.ts';
import { AuthFailedError } from './errors.ts';

/** A user of the servers' JAAS configuration (`org.apache.zookeeper.server.auth.DigestLoginModule`). */
export interface SaslUser {
  /** As the servers' configuration has it. */
  readonly username: string;
  readonly password: string;
}

/** The service and the host name that every ZooKeeper server gives for DIGEST-MD5. Source: SaslServer of 3.9. */
const URI = 'zookeeper/zk-sasl-md5';

/**
 * One exchange of SASL DIGEST-MD5: the client begins with an empty token, the server sends a challenge, the client its
 * response, and the server proves that it knows the password, too.
 */
export class SaslLogin {
  readonly #user: SaslUser;
  readonly #cnonce: string;
  #input: DigestInput | undefined;

  constructor(user: SaslUser, cnonce = randomBytes(16).toString('base64')) {
    this.#user = user;
    this.#cnonce = cnonce;
  }

  /** The next token to send; undefined when both sides are sure of each other. Throws an AuthFailedError. */
  next(token: Buffer): Buffer | undefined {
    const directives = directivesOf(token.toString());
    if (this.#input !== undefined) {
      if (directives.get('rspauth') === digestOf(this.#input, '')) return undefined;
      throw new AuthFailedError('the server did not prove that it knows the password');
    }
    const nonce = directives.get('nonce');
    if (nonce === undefined) throw new AuthFailedError('the server offers no SASL with DIGEST-MD5');
    const realm = directives.get('realm') ?? '';
    this.#input = { ...this.#user, realm, nonce, cnonce: this.#cnonce, uri: URI };
    return Buffer.from(responseOf(this.#input));
  }
}

function responseOf(input: DigestInput): string {
  return [
    'charset=utf-8',
    `username=${quoted(input.username)}`,
    `realm=${quoted(input.realm)}`,
    `nonce=${quoted(input.nonce)}`,
    'nc=00000001',
    `cnonce=${quoted(input.cnonce)}`,
    `digest-uri=${quoted(input.uri)}`,
    'maxbuf=65536',
    `response=${digestOf(input, 'AUTHENTICATE')}`,
    'qop=auth',
  ].join(',');
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** What the parts of an exchange are computed from. */
export interface DigestInput {
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  readonly nonce: string;
  readonly cnonce: string;
  readonly uri: string;
}

/**
 * The values of SASL DIGEST-MD5 with qop=auth, without an authorization id. `AUTHENTICATE` gives the client's response,
 * an empty method what the server has to answer with. Source: RFC 2831, 2.1.2.1.
 */
export function digestOf(input: DigestInput, method: 'AUTHENTICATE' | ''): string {
  const { username, password, realm, nonce, cnonce, uri } = input;
  const secret = md5(joined([username, realm, password]));
  const a1 = md5(Buffer.concat([secret, Buffer.from(`:${nonce}:${cnonce}`)])).toString('hex');
  const a2 = md5(Buffer.from(`${method}:${uri}`)).toString('hex');
  return md5(Buffer.from(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`)).toString('hex');
}

/** Text that ISO 8859-1 can hold is hashed in it, other text in UTF-8. */
function joined(parts: readonly string[]): Buffer {
  const bytes = parts.map((part) => Buffer.from(part, [...part].every((char) => char <= 'ÿ') ? 'latin1' : 'utf8'));
  return Buffer.concat(bytes.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(':'), part])));
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}

/** `key=value,key="quoted value"`: later values of a key are left out. */
export function directivesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, key = '', quoted, plain] of text.matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^,"]*))/g)) {
    if (!found.has(key)) found.set(key, quoted?.replace(/\\(.)/g, '$1') ?? plain?.trim() ?? '');
  }
  return found;
}

export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

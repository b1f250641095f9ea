// SPDX-License-Identifier: Apache-2.0
const MODULUS = 65_521;
/** The most bytes for which the sums stay below 2^32. So the modulus is taken once per block. */
const BLOCK = 3_800;

/** Adler-32 of bytes that come in pieces (RFC 1950, section 9). Node's zlib does not offer it. */
export class Adler32 {
  #a = 1;
  #b = 0;

  update(bytes: Uint8Array): void {
    let a = this.#a;
    let b = this.#b;
    for (let start = 0; start < bytes.length; start += BLOCK) {
      const end = Math.min(start + BLOCK, bytes.length);
      for (let i = start; i < end; i++) {
        a += bytes[i] ?? 0;
        b += a;
      }
      a %= MODULUS;
      b %= MODULUS;
    }
    this.#a = a;
    this.#b = b;
  }

  /** An unsigned 32-bit number. */
  get value(): number {
    return this.#b * 65_536 + this.#a;
  }
}

const MODULUS = 65_521;
/** The most bytes for which the sums stay below 2^32, so that the modulus is taken once per block. */
const BLOCK = 3_800;

/** Adler-32 of the bytes (RFC 1950, section 9), an unsigned 32-bit number. Node's zlib does not give it away. */
export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let start = 0; start < bytes.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, bytes.length);
    for (let i = start; i < end; i++) {
      a += bytes[i] ?? 0;
      b += a;
    }
    a %= MODULUS;
    b %= MODULUS;
  }
  return b * 65_536 + a;
}

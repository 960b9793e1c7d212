/**
 * The checksum of a frame: 32 bits, in the manner of xxHash32 (Collet 2012) but with sixteen lanes, so that four SIMD
 * registers hold them. It finds damage, not malice: it is no cryptographic hash.
 *
 * All arithmetic is on u32, mod 2³²; rotl turns bits to the left. P1 … P5 are the primes of xxHash32.
 *
 *   lane_j = seed + (j + 1)·P3, j = 0 … 15
 *   for each stripe of 64 bytes, as little-endian words w_0 … w_15:  lane_j = rotl(lane_j + w_j·P2, 13)·P1
 *   h = seed + P5 + length
 *   for j = 0 … 15:                                                  h = rotl(h ^ lane_j, 15)·P1 + P4
 *   for each byte b behind the last stripe:                          h = rotl(h + b·P5, 11)·P1
 *   h ^= h >>> 15;  h = h·P2;  h ^= h >>> 13;  h = h·P3;  h ^= h >>> 16
 *
 * Every step is a bijection of the state for a given word, and of the word for a given state (the primes are odd). So two
 * messages of one length that differ in one word of one stripe, or in one byte of the tail, never share a checksum: a
 * single flipped bit is always found. Other damage is missed with probability 2⁻³².
 *
 * Test vectors stand in `checksum.test.ts`.
 */
const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

const STRIPE = 64;

const lanes = new Uint32Array(16);

export function checksum(bytes: Uint8Array, seed: number): number {
  for (let j = 0; j < 16; j++) lanes[j] = seed + Math.imul(j + 1, P3);
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = bytes.length - (bytes.length % STRIPE);
  for (let stripe = 0; stripe < end; stripe += STRIPE) {
    for (let j = 0; j < 16; j++) {
      const word = words.getUint32(stripe + 4 * j, true);
      lanes[j] = Math.imul(rotl((lanes[j]! + Math.imul(word, P2)) | 0, 13), P1);
    }
  }
  let h = (seed + P5 + bytes.length) | 0;
  for (let j = 0; j < 16; j++) h = (Math.imul(rotl(h ^ lanes[j]!, 15), P1) + P4) | 0;
  for (let i = end; i < bytes.length; i++) h = Math.imul(rotl((h + Math.imul(bytes[i]!, P5)) | 0, 11), P1);
  h = Math.imul(h ^ (h >>> 15), P2);
  h = Math.imul(h ^ (h >>> 13), P3);
  return (h ^ (h >>> 16)) >>> 0;
}

const rotl = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/**
 * Counter-based randomness: every number is a pure function of a key and a counter, so kernels, workers, browsers and
 * replays agree, and adding a peer or a log line never shifts another stream.
 *
 * Two parts. Keys of 64 bits are split from the job's seed by name with Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011,
 * "Parallel random numbers: as easy as 1, 2, 3"). The draw for coordinate i is a cheap mix of key and i, three 32-bit
 * multiplications that vectorise. Test vectors stand in `random.test.ts` and hold in Node and in browsers.
 */
import { cos, log } from "./maths.ts";

const encoder = new TextEncoder();
/** Names are encoded here: keys are split for every message. */
let text = new Uint8Array(1024);
/** The same memory; every engine that Thinwire runs in is little-endian. */
let words = new Int32Array(text.buffer);

/** Writes a name into `words`, with 0x80 behind it, so that no name is another one padded with zeros. @returns its blocks */
function encodeName(name: string): number {
  const most = 3 * name.length + 16;
  if (most > text.length) {
    text = new Uint8Array(16 * Math.ceil(most / 16));
    words = new Int32Array(text.buffer);
  }
  const { written } = encoder.encodeInto(name, text);
  const blocks = Math.floor(written / 16) + 1;
  text[written] = 0x80;
  text.fill(0, written + 1, 16 * blocks);
  return blocks;
}

export class Random {
  /** The key: two words of 32 bits. Kernels take them as they are. */
  readonly k0: number;
  readonly k1: number;

  private constructor(k0: number, k1: number) {
    this.k0 = k0 >>> 0;
    this.k1 = k1 >>> 0;
  }

  /** The root of a job's randomness. @param seed a whole number from 0 to 2⁵³ − 1 */
  static fromSeed(seed: number): Random {
    return new Random(seed % 2 ** 32, Math.floor(seed / 2 ** 32)).split("thinwire");
  }

  /** An independent generator named by a path such as `peer/3/compressor/round/17`. */
  split(name: string): Random {
    let k0 = this.k0;
    let k1 = this.k1;
    // Sixteen bytes of the name at a time are a counter under the key so far.
    const blocks = encodeName(name);
    for (let b = 0; b < blocks; b++) {
      mix(words[4 * b]!, words[4 * b + 1]!, words[4 * b + 2]!, words[4 * b + 3]!, k0, k1);
      k0 = mixed[0]!;
      k1 = mixed[1]!;
    }
    return new Random(k0, k1);
  }

  /** The draw for coordinate i: uniform on 0 … 2³² − 1. @param i a counter from 0 to 2³² − 1 */
  u32(i: number): number {
    return draw(this.k0, this.k1, i);
  }

  /** Uniform on [0, 1) in steps of 2⁻²⁴, so that it is exact in f32. */
  uniform(i: number): number {
    return (this.u32(i) >>> 8) * 2 ** -24;
  }

  /** Uniform on 0 … m − 1, m ≤ 2³²; the bias is below m/2⁵³. */
  below(i: number, m: number): number {
    const high = this.u32(2 * i) >>> 5;
    const low = this.u32(2 * i + 1) >>> 6;
    return Math.min(m - 1, Math.floor(((high * 2 ** 26 + low) / 2 ** 53) * m));
  }

  /** Standard normal (Box and Muller), from draws 2i and 2i + 1. */
  normal(i: number): number {
    const radius = Math.sqrt(-2 * log((this.u32(2 * i) + 1) * 2 ** -32));
    return radius * cos(2 * Math.PI * (this.u32(2 * i + 1) * 2 ** -32));
  }

  /** A random order of 0 … n − 1 (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      const j = this.below(i, i + 1);
      order[i] = order[j]!;
      order[j] = i;
    }
    return order;
  }
}

/**
 * The draw for coordinate i under key (k0, k1); `kernels` computes the same four lanes at a time.
 *
 * Wellons's triple32 with k1 added behind its first multiplication, where two more still spread it, and i fed forward, so
 * that a stream is a random function of i and not a permutation: 32-bit words repeat as often as they should.
 */
export function draw(k0: number, k1: number, i: number): number {
  let x = (i + k0) | 0;
  x ^= x >>> 17;
  x = (Math.imul(x, 0xed5ad4bb) + k1) | 0;
  x ^= x >>> 11;
  x = Math.imul(x, 0xac4c1b51);
  x ^= x >>> 15;
  x = Math.imul(x, 0x31848bab);
  x ^= x >>> 14;
  return (x ^ i) >>> 0;
}

/**
 * Two draws of 16 bits, in the halves of a word, for what rounds at random: Wellons's lowbias32 of a Weyl sequence, whose
 * multiplication a loop over i does by addition, so that two are left where `draw` has three. Under one key no word repeats.
 */
export function drawPair(k0: number, k1: number, i: number): number {
  let x = (Math.imul(i, 0x9e3779b9) + k0) ^ k1;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

type Four = readonly [number, number, number, number];

/** Philox4x32-10: ten rounds over a counter of four words under a key of two. Exported for its published vectors. */
export function philox4x32([c0, c1, c2, c3]: Four, [k0, k1]: readonly [number, number]): Four {
  mix(c0, c1, c2, c3, k0, k1);
  return [mixed[0]!, mixed[1]!, mixed[2]!, mixed[3]!];
}

/** What `mix` gives. */
const mixed = new Uint32Array(4);

function mix(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  mixed[0] = c0;
  mixed[1] = c1;
  mixed[2] = c2;
  mixed[3] = c3;
}

/** Upper 32 bits of the 64-bit product of two words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = aLow * bHigh + (middle % 65536);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}
